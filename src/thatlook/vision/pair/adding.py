"""A folder or a repository of the hub to a registered pair: found, read, tried, written down."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from thatlook.core.errors import ModelError, SettingsError
from thatlook.core.files import write_whole
from thatlook.vision.models.inputs import DEFAULT_BATCH
from thatlook.vision.models.registry import PAIR, ModelSpec
from thatlook.vision.models.session import Port, Session
from thatlook.vision.pair.checking import PLAIN, Probe, Trial, tried
from thatlook.vision.pair.hub import Downloaded, download, is_hub_id
from thatlook.vision.pair.layout import Layout, layout_of
from thatlook.vision.pair.reading import PairSettings
from thatlook.vision.pair.spec import PairSpec
from thatlook.vision.pair.text import opened_tokenizer

ENTRY: Final = "text-image.json"
IMAGE_OUTPUTS: Final = ("image_embeds", "image_features", "embedding", "pooler_output")
TEXT_OUTPUTS: Final = ("text_embeds", "text_features", "embedding", "pooler_output")
"""What exports call the vector of the shared space, the surest name first."""

MASK: Final = "attention_mask"
_TYPES: Final = {"tensor(int64)": "int64", "tensor(int32)": "int32", "tensor(float)": "float"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """What is to be registered: a folder or an id of the hub.

    `out` is where files of the hub go ("" for a folder of the repository's name here), `revision`
    a branch, tag or commit there. `variant` is the end of the networks' names ("quantized"), `name`
    and `license` go before what the files say. `parity` is a file as `checking.tried` takes it.
    """

    source: str
    out: str = ""
    revision: str = ""
    variant: str = ""
    name: str = ""
    license: str = ""
    parity: Path | None = None
    threads: int = 0


@dataclass(frozen=True, slots=True)
class Added:
    """The entry that was written, and what came of trying the pair."""

    entry: Path
    pair: PairSpec
    trial: Trial

    def to_dict(self) -> dict[str, Any]:
        """What the JSON of `thatlook models add` says beside the entry."""
        source = self.pair.image.details.get("source", {})
        return {"source": dict(source), "trial": asdict(self.trial)}

    def lines(self) -> list[str]:
        """What is told of it, a line each."""
        trial, image = self.trial, self.pair.image
        scaled = {True: "length 1", False: "scaled here"}
        lengths = f"texts {scaled[trial.unit_texts]}, pictures {scaled[trial.unit_images]}"
        told = [
            f"{image.id}: {trial.dim} numbers; {lengths}",
            f"of {len(PLAIN)} plain pictures {trial.colors_told:.0%} are told by their color",
        ]
        if trial.colors_told < 0.5:
            told.append("few: are these two networks of one pair, and pictures cut as in training?")
        if trial.min_parity is not None:
            told.append(f"like the vectors given: {trial.min_parity:.4f} at least")
        return [*told, f"use it: export THATLOOK_TEXT_IMAGE_MODEL={self.entry}"]


def add(addition: Addition) -> Added:
    """Registers a pair: its entry lies beside its files, and is there only if they passed.

    Raises ModelError, FetchError, MissingExtraError, SettingsError.
    """
    source = _pair_files(addition)
    folder = source.folder
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()]
    layout = layout_of(names, str(folder), addition.variant)
    told = _entry(addition, source, layout)
    draft = folder / f".{ENTRY}.new"
    try:
        write_whole(draft, _bytes(told))
        pair = PairSpec.of(ModelSpec.from_file(draft))
        probe = Probe(pair, addition.threads)
        trial = tried(probe, addition.parity)
        told |= {"metrics": trial.metrics(), "parity": probe.fixed()}
    finally:
        draft.unlink(missing_ok=True)
    write_whole(folder / ENTRY, _bytes(told))
    return Added(folder / ENTRY, PairSpec.named(str(folder / ENTRY)), trial)


def _pair_files(addition: Addition) -> Downloaded:
    """The folder with the pair's files. Raises as `add`."""
    folder = Path(addition.source)
    if folder.is_dir():
        if addition.revision or addition.out:
            raise SettingsError(f"{folder} is a folder here: --revision and --out are for the hub")
        return Downloaded(folder, "", "")
    if not is_hub_id(addition.source):
        raise SettingsError(
            f"{addition.source}: expected a folder, or an id of the hub such as "
            "Marqo/marqo-fashionSigLIP"
        )
    out = Path(addition.out or addition.source.rpartition("/")[2])
    return download(addition.source, out, addition.revision, addition.variant)


def _bytes(entry: Mapping[str, Any]) -> bytes:
    return (json.dumps(entry, ensure_ascii=False, indent=1) + "\n").encode()


def _entry(addition: Addition, source: Downloaded, layout: Layout) -> dict[str, Any]:
    """The registry entry of the pair. Raises ModelError where a part cannot be told."""
    settings = PairSettings(source.folder, layout.settings)
    license_name = addition.license or settings.license()
    if not license_name:
        raise ModelError(f"{source.folder}: no licence is named in README.md; tell it: --license")
    name = addition.name or source.repository.rpartition("/")[2] or source.folder.resolve().name
    halves = _Halves(source.folder, layout, re.sub(r"[^\w.-]+", "-", name))
    entry: dict[str, Any] = {"id": halves.name, "task": PAIR, "license": license_name}
    entry |= halves.image(settings) | {"text": halves.text(settings)}
    entry["tokenizer"] = _file(source.folder, layout.tokenizer)
    if source.repository:
        entry["source"] = {"hub": source.repository, "revision": source.revision}
    return entry


def _file(folder: Path, name: str) -> dict[str, str]:
    try:
        with (folder / name).open("rb") as opened:
            return {"file": name, "sha256": hashlib.file_digest(opened, "sha256").hexdigest()}
    except OSError as error:
        raise ModelError(f"{folder / name}: cannot be read: {error.strerror}") from error


class _Halves:
    """The two networks' parts of an entry, as their graphs tell them."""

    def __init__(self, folder: Path, layout: Layout, name: str) -> None:
        self.name = name
        self._folder = folder
        self._layout = layout

    def _opened(self, file: str) -> tuple[dict[str, str], Session]:
        where = _file(self._folder, file)
        spec = ModelSpec(
            self.name, PAIR, self._folder / file, where["sha256"], "", input={}, outputs={}
        )
        return where, Session(spec, 1)

    def image(self, settings: PairSettings) -> dict[str, Any]:
        """`file`, `sha256`, `input` and `outputs` of the image network."""
        where, session = self._opened(self._layout.image)
        ports = session.inputs()
        name = _only(where["file"], [n for n, p in ports.items() if len(p.shape) == 4], "picture")
        port = ports[name]
        read = settings.preprocessing()
        width, height = _fixed(where["file"], port, read.size)
        put = {"name": name, "width": width, "height": height, "fit": read.fit}
        put |= {"mean": list(read.mean), "std": list(read.std)}
        put |= {"batch": port.shape[0]} if port.shape[0] else {}
        put |= _fillers(where["file"], ports, {name}, settings.length())
        output, dim = self._vector(session, IMAGE_OUTPUTS, read.size)
        return where | {"input": put, "outputs": {output: {"dim": dim}}}

    def text(self, settings: PairSettings) -> dict[str, Any]:
        """The same of the text network."""
        where, session = self._opened(self._layout.text)
        ports = session.inputs()
        whole = [n for n, p in ports.items() if len(p.shape) == 2 and "int" in p.type]
        ids = _only(where["file"], [name for name in whole if name != MASK], "token ids")
        mask = MASK if MASK in whole else ""
        length = ports[ids].shape[1] or settings.length()
        put = {"ids": ids, "mask": mask, "type": _type(where["file"], ids, ports[ids])}
        batch = ports[ids].shape[0] or DEFAULT_BATCH
        put |= {"length": length, "batch": batch} | self._padding(settings)
        size = settings.preprocessing().size
        put |= _fillers(where["file"], ports, {ids, mask}, length, size)
        output, dim = self._vector(session, TEXT_OUTPUTS, size)
        return where | {"input": put, "outputs": {output: {"dim": dim}}}

    def _padding(self, settings: PairSettings) -> dict[str, Any]:
        """The token that fills texts up: the tokenizer's own choice, else the settings'."""
        file = self._folder / self._layout.tokenizer
        try:
            text = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ModelError(f"{file}: the tokenizer cannot be read: {error}") from error
        tokenizer = opened_tokenizer(text, self.name)
        if tokenizer.padding:
            own = tokenizer.padding
            return {"pad_id": own["pad_id"], "pad_token": own["pad_token"]}
        token = settings.pad_token()
        known = tokenizer.token_to_id(token) if token else 0
        if known is None:
            raise ModelError(f"{self.name}: the tokenizer does not know the padding {token!r}")
        return {"pad_id": known, "pad_token": token or tokenizer.id_to_token(0) or ""}

    def _vector(
        self, session: Session, names: tuple[str, ...], size: tuple[int, int]
    ) -> tuple[str, int]:
        """The output that is the vector, and its length, which one run tells where the graph does
        not.
        """
        ports = session.outputs()
        file = session.spec.path
        flat = [name for name, port in ports.items() if len(port.shape) in (0, 2)]
        named = [name for name in names if name in flat]
        output = named[0] if named else _only(str(file), flat, "vector")
        dim = ports[output].shape[1] if len(ports[output].shape) == 2 else None
        return output, dim or self._measured(session, output, size)

    def _measured(self, session: Session, output: str, size: tuple[int, int]) -> int:
        spec = session.spec
        told = ModelSpec(spec.id, PAIR, spec.path, spec.sha256, "", input={}, outputs={output: {}})
        inputs = {name: _blank(port, size) for name, port in session.inputs().items()}
        return int(Session(told, 1).run(inputs)[output].shape[-1])


def _blank(port: Port, size: tuple[int, int]) -> NDArray[Any]:
    """Ones in the shape of an input, its free lengths taken from `size` (width, height)."""
    free = (1, 3, size[1], size[0]) if len(port.shape) == 4 else (1, 8)
    shape = [length or free[axis] for axis, length in enumerate(port.shape)]
    return np.ones(shape, _TYPES.get(port.type, "float").replace("float", "float32"))


def _only(file: str, names: list[str], what: str) -> str:
    if len(names) != 1:
        found = ", ".join(names) or "none"
        raise ModelError(f"{file}: expected one input or output for the {what}, found {found}")
    return names[0]


def _type(file: str, name: str, port: Port) -> str:
    if port.type not in _TYPES:
        raise ModelError(f"{file}: {name} takes {port.type}; expected {', '.join(_TYPES)}")
    return _TYPES[port.type]


def _fixed(file: str, port: Port, told: tuple[int, int]) -> tuple[int, int]:
    """The pictures' (width, height): the graph's where it is fixed, which the settings must fit."""
    height, width = port.shape[2] or told[1], port.shape[3] or told[0]
    if (width, height) != told:
        raise ModelError(
            f"{file}: takes {width} x {height}, the settings say {told[0]} x {told[1]}"
        )
    return width, height


def _fillers(
    file: str,
    ports: Mapping[str, Port],
    own: set[str],
    length: int,
    size: tuple[int, int] = (1, 1),
) -> dict[str, Any]:
    """What else a network with both halves takes, as `spec.filled` makes it."""
    rest = {name: port for name, port in ports.items() if name not in own}
    free = {2: (1, length), 4: (1, 3, size[1], size[0])}
    made = {}
    for name, port in rest.items():
        if len(port.shape) not in free:
            raise ModelError(f"{file}: takes {name} of shape {port.shape}, which is not known here")
        shape = [n or free[len(port.shape)][i] for i, n in enumerate(port.shape)]
        made[name] = {"shape": shape, "type": _type(file, name, port)}
    return {"fillers": made} if made else {}
