"""A pair's registry entry: the image network's as any other's, its text network and tokenizer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from thatlook.core.errors import ModelError
from thatlook.vision.models.inputs import EmbeddingInput
from thatlook.vision.models.registry import PAIR, ModelSpec, is_whole, resolve
from thatlook.vision.models.session import Floats, Runs, Session
from thatlook.vision.stages.embedding import EmbeddingStage, vector_output

ID_TYPES: Final[Mapping[str, type[Any]]] = {"int64": np.int64, "int32": np.int32}
FILLER_TYPES: Final = {**ID_TYPES, "float": np.float32}


@dataclass(frozen=True, slots=True)
class TextInput:
    """How texts become the text network's input: `length` token ids, padded by `pad_id`.

    `mask` names the input that says which are no padding, "" for none. At most `batch` texts go in
    at once, one where the entry does not say.
    """

    ids: str
    mask: str
    type: str
    length: int
    pad_id: int
    pad_token: str
    batch: int

    @classmethod
    def of(cls, spec: ModelSpec) -> Self:
        """The record of a text network's entry. Raises ModelError."""
        given = {"batch": 1, **spec.input}
        for name in ("ids", "mask", "pad_token"):
            if not isinstance(given.get(name), str):
                raise spec.misfit(f"text.input.{name}", "a text", given.get(name))
        if given.get("type") not in ID_TYPES:
            raise spec.misfit("text.input.type", " or ".join(ID_TYPES), given.get("type"))
        for name in ("length", "batch"):
            if not is_whole(given.get(name)):
                raise spec.misfit(f"text.input.{name}", "a whole number", given.get(name))
        pad = given.get("pad_id")
        if not isinstance(pad, int) or isinstance(pad, bool) or pad < 0:
            raise spec.misfit("text.input.pad_id", "a whole number of 0 or more", pad)
        return cls(**{name: given[name] for name in cls.__slots__})


@dataclass(frozen=True, slots=True, eq=False)
class PairSpec:
    """A pair: `image` is the entry itself, `text` the text network's part of it; their vectors are
    compared. `tokenizer` is the file of the tokenizer.
    """

    image: ModelSpec
    text: ModelSpec
    tokenizer: Path
    tokenizer_sha256: str

    @classmethod
    def of(cls, spec: ModelSpec) -> Self:
        """The pair of an entry. Raises ModelError where a part is missing or dims differ."""
        found = cls(spec, _text_of(spec), *_tokenizer_of(spec))
        dims = (spec.dim_of(vector_output(spec)), found.text.dim_of(vector_output(found.text)))
        if dims[0] != dims[1]:
            raise ModelError(f"{spec.id}: pictures give {dims[0]} numbers, texts {dims[1]}")
        return found

    @classmethod
    def named(cls, entry: str) -> Self:
        """The pair of the entry in a file. Raises ModelError."""
        return cls.of(resolve(PAIR, entry))

    @property
    def dim(self) -> int:
        """The vectors' length."""
        return self.image.dim_of(vector_output(self.image))

    def read_tokenizer(self) -> str:
        """The tokenizer's file, verified. Raises ModelError."""
        try:
            data = self.tokenizer.read_bytes()
        except OSError as error:
            raise ModelError(f"{self.tokenizer}: cannot be read: {error.strerror}") from error
        if hashlib.sha256(data).hexdigest() != self.tokenizer_sha256:
            raise ModelError(
                f"{self.tokenizer}: the tokenizer of {self.image.id} was changed since it was "
                "registered; register the pair again (thatlook models add)"
            )
        return data.decode("utf-8")


def _text_of(spec: ModelSpec) -> ModelSpec:
    part = spec.details.get("text")
    needed = ("file", "sha256", "input", "outputs")
    if not isinstance(part, Mapping) or any(name not in part for name in needed):
        raise spec.misfit("text", f"an object with {', '.join(needed)}", part)
    return ModelSpec(
        id=spec.id,
        task=spec.task,
        path=_beside(spec, part["file"]),
        sha256=part["sha256"],
        license=spec.license,
        input=part["input"],
        outputs=part["outputs"],
    )


def _tokenizer_of(spec: ModelSpec) -> tuple[Path, str]:
    part = spec.details.get("tokenizer")
    if not isinstance(part, Mapping) or not {"file", "sha256"} <= set(part):
        raise spec.misfit("tokenizer", "an object with file and sha256", part)
    return _beside(spec, part["file"]), str(part["sha256"])


def _beside(spec: ModelSpec, file: object) -> Path:
    """A file that the entry names, from the entry's folder as the image network's is."""
    if not isinstance(file, str):
        raise spec.misfit("file", "a path", file)
    return spec.path.parents[len(Path(str(spec.details["file"])).parts) - 1] / file


class Filled:
    """A network that is given, besides what it is asked with, what it takes but does not need:
    one that holds both halves of a pair takes a text with every picture.
    """

    def __init__(self, session: Runs, fillers: Mapping[str, NDArray[Any]]) -> None:
        self._session = session
        self._fillers = fillers

    @property
    def spec(self) -> ModelSpec:
        """The network's registry entry."""
        return self._session.spec

    def run(self, inputs: Mapping[str, NDArray[Any]]) -> dict[str, Floats]:
        """The outputs by name. Raises ModelError."""
        return self._session.run({**self._fillers, **inputs})


def filled(spec: ModelSpec, threads: int = 0) -> Runs:
    """A half of a pair, ready to run, with the fillers that its entry names in `input.fillers`.

    Raises ModelError.
    """
    session, named = Session(spec, threads), spec.input.get("fillers", {})
    if not isinstance(named, Mapping):
        raise spec.misfit("input.fillers", "an object", named)
    made = {name: _filler(spec, name, about) for name, about in named.items()}
    return Filled(session, made) if made else session


def _filler(spec: ModelSpec, name: str, about: object) -> NDArray[Any]:
    sound = isinstance(about, Mapping) and about.get("type") in FILLER_TYPES
    shape = about.get("shape") if isinstance(about, Mapping) else None
    if not sound or not isinstance(shape, list) or not all(map(is_whole, shape)):
        expected = f"an object with a shape and one of the types {', '.join(FILLER_TYPES)}"
        raise spec.misfit(f"input.fillers.{name}", expected, about)
    kind = FILLER_TYPES[about["type"]] if isinstance(about, Mapping) else np.float32
    return np.ones(tuple(shape), kind)


def image_stage(spec: ModelSpec, threads: int = 0) -> EmbeddingStage:
    """What embeds crops by a pair's image network. Raises ModelError."""
    _ = EmbeddingInput.of(spec)
    return EmbeddingStage(filled(spec, threads))
