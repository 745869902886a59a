"""Which networks there are: a frozen ModelSpec per JSON entry beside its weights.

An entry of one's own, for another detector or encoder, is a file of the same form:
`THATLOOK_EMBEDDING_MODEL=my-encoder.json`.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from itertools import accumulate
from pathlib import Path
from typing import Any, Final, Self

from thatlook.core.errors import ModelError

IMAGE_TASKS: Final = ("article", "person", "embedding")
"""Networks that look at pictures."""

TASKS: Final = (*IMAGE_TASKS, "text", "compatibility")
"""Networks that ship."""

PAIR: Final = "text-image"
"""The task of a pair that maps texts and pictures into one space; none ships."""

_NEEDED: Final = ("id", "task", "file", "sha256", "license", "input", "outputs")

_KINDS: Final[Mapping[str, type]] = {
    **dict.fromkeys(("id", "task", "file", "sha256", "license"), str),
    **dict.fromkeys(("input", "outputs", "labels", "metrics", "calibration"), dict),
}
_WORDS: Final[Mapping[type, str]] = {str: "text", dict: "JSON object"}


@dataclass(frozen=True, slots=True, eq=False)
class ModelSpec:
    """One network: what it is, where its weights are, what goes in and what comes out."""

    id: str
    task: str
    path: Path
    sha256: str
    license: str
    input: Mapping[str, Any]
    outputs: Mapping[str, Any]
    labels: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_file(cls, path: str | Path) -> Self:
        """The spec in a JSON entry; weights are looked up beside it. Raises ModelError."""
        path = Path(path)
        try:
            entry: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ModelError(f"{path}: expected a registry entry in JSON: {error}") from error
        if not isinstance(entry, dict):
            raise ModelError(f"{path}: expected a registry entry (a JSON object)")
        missing = [name for name in _NEEDED if name not in entry]
        if missing:
            raise ModelError(f"{path}: the registry entry lacks {', '.join(missing)}")
        if entry["task"] not in (*TASKS, PAIR):
            tasks = ", ".join((*TASKS, PAIR))
            raise ModelError(f"{path}: task must be one of {tasks}, not {entry['task']!r}")
        for name, kind in _KINDS.items():
            if not isinstance(entry.get(name, kind()), kind):
                raise ModelError(f"{path}: {name} must be a {_WORDS[kind]}, not {entry[name]!r}")
        known = {name: entry[name] for name in _NEEDED if name != "file"}
        optional = {name: entry.get(name, {}) for name in ("labels", "metrics")}
        rest = {k: v for k, v in entry.items() if k not in known and k not in optional}
        spec = cls(path=path.parent / entry["file"], details=rest, **known, **optional)
        if spec.task in (*IMAGE_TASKS, PAIR):
            _ = spec.mean, spec.std  # all have them, and every stage reads its own rest
        return spec

    @property
    def mean(self) -> tuple[float, ...]:
        """Per RGB channel, subtracted from 0..1 values. Raises ModelError."""
        return self._per_channel("mean")

    @property
    def std(self) -> tuple[float, ...]:
        """Per RGB channel, divided by after the mean was subtracted. Raises ModelError."""
        found = self._per_channel("std")
        if min(found) <= 0:
            raise self.misfit("input.std", "three numbers above 0", self.input["std"])
        return found

    def _per_channel(self, name: str) -> tuple[float, ...]:
        given = self.input.get(name)
        if not isinstance(given, list | tuple) or len(given) != 3 or not all(map(is_number, given)):
            raise self.misfit(f"input.{name}", "three numbers, one per RGB channel", given)
        return tuple(map(float, given))

    def dim_of(self, output: str) -> int:
        """The vectors' length, `outputs.OUTPUT.dim`. Raises ModelError."""
        value = self.outputs[output]["dim"]
        if not is_whole(value):
            raise self.misfit(f"outputs.{output}.dim", "a whole number of 1 or more", value)
        return int(value)

    def parts_of(self, output: str) -> dict[str, slice]:
        """Which of the vectors' numbers speak of what, from `outputs.OUTPUT.parts`: names and
        lengths in order. Empty where the entry does not say. Raises ModelError.
        """
        value = self.outputs[output].get("parts", {})
        whole = self.dim_of(output)
        lengths = list(value.values()) if isinstance(value, dict) else []
        if value != {} and (
            not lengths or not all(map(is_whole, lengths)) or sum(lengths) != whole
        ):
            expected = f"names with whole numbers that add up to {whole}"
            raise self.misfit(f"outputs.{output}.parts", expected, value)
        ends = accumulate(lengths)
        return {
            name: slice(end - length, end)
            for name, length, end in zip(value, lengths, ends, strict=True)
        }

    def weights_of(self, output: str, name: str) -> dict[str, float]:
        """The numbers of `outputs.OUTPUT.NAME` by part of the vector; empty where there are none.

        Raises ModelError.
        """
        value = self.outputs[output].get(name, {})
        sound = isinstance(value, Mapping) and all(
            isinstance(weight, int | float) and math.isfinite(weight) for weight in value.values()
        )
        if not sound or not set(value) <= set(self.parts_of(output)):
            expected = "finite numbers by names that are among the parts"
            raise self.misfit(f"outputs.{output}.{name}", expected, value)
        return {part: float(weight) for part, weight in value.items()}

    def names(self, head: str) -> tuple[str, ...]:
        """The label names of a head, in the order of its output. Raises ModelError."""
        value = self.labels.get(head)
        if (
            not isinstance(value, list | tuple)
            or not value
            or not all(isinstance(name, str) for name in value)
            or len(set(value)) != len(value)
        ):
            raise self.misfit(f"labels.{head}", "a list of different label names", value)
        return tuple(value)

    def needs(self, *outputs: str) -> None:
        """Raises ModelError where the entry does not name each of these outputs."""
        for name in outputs:
            if name not in self.outputs:
                raise self.misfit(f"outputs.{name}", "there", None)

    def fixed(self, head: str, names: tuple[str, ...]) -> None:
        """Raises ModelError where the entry has labels for this head, and they are not these."""
        if head in self.labels and self.names(head) != names:
            raise self.misfit(f"labels.{head}", f"{list(names)}, in this order", self.labels[head])

    def misfit(self, field: str, expected: str, came: object) -> ModelError:
        """The error for a field of the entry that cannot be; `came` None says it is missing."""
        found = "missing" if came is None else repr(came)
        return ModelError(f"{self.id}: {field} must be {expected}, it is {found}; mend its entry")

    @property
    def key(self) -> str:
        """What vectors remember of the network that made them: id and sha256."""
        return f"{self.id}:{self.sha256}"

    def read(self) -> bytes:
        """The weights, verified. Raises ModelError when they are missing or were changed."""
        try:
            data = self.path.read_bytes()
        except OSError as error:
            raise ModelError(
                f"{self.path}: the weights of {self.id} cannot be read: {error}"
            ) from error
        found = hashlib.sha256(data).hexdigest()
        if found != self.sha256:
            raise ModelError(
                f"{self.path}: the weights of {self.id} are damaged or were exchanged: "
                f"expected sha256 {self.sha256}, found {found}; reinstall thatlook"
            )
        return data


def is_whole(value: object) -> bool:
    """Whether this is an integer of 1 or more."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def is_number(value: Any) -> bool:
    """Whether this is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def shipped(task: str) -> ModelSpec:
    """The spec of the network that ships for this task. Raises ModelError."""
    if task not in TASKS:
        raise ModelError(f"no network for {task!r}; tasks are {', '.join(TASKS)}")
    return ModelSpec.from_file(_weights() / f"{task}.json")


def _weights() -> Path:
    return Path(str(resources.files("thatlook.vision.models"))) / "weights"


def resolve(task: str, entry: str = "") -> ModelSpec:
    """The spec in the file `entry`, or the shipped one where `entry` is empty.

    Raises ModelError, also when the entry is for another task.
    """
    spec = ModelSpec.from_file(entry) if entry else shipped(task)
    if spec.task != task:
        raise ModelError(f"{entry}: expected a network for {task}, this one is for {spec.task}")
    return spec
