"""Blocks as files: a cache that says what it was made from, and is checked before it is used."""

from __future__ import annotations

import json
import mmap
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from thatlook.core.files import replacing, sync_folder
from thatlook.search.index.block import WORD_COLUMNS, Block
from thatlook.search.index.listed import ListScan
from thatlook.search.index.quantised import QuantisedScan
from thatlook.search.index.scan import FloatScan, Scan

FORMAT: Final = 2
_MAGIC: Final = b"THATLOOK BLOCK\n\x00"
_ALIGN: Final = 64
_HEAD_BYTES: Final = len(_MAGIC) + 8


@dataclass(frozen=True, slots=True)
class Origin:
    """What a block was made from; a block of another origin is stale.

    `token` is the mark of the commit that ended with the change `sequence`.
    """

    catalog_id: str
    model_key: str
    dim: int
    category: str
    gender: str
    sequence: int = 0
    token: str = ""


class CacheError(Exception):
    """A block file that is damaged, or not of the origin asked for; never leaves the catalog."""


class OtherFormatError(CacheError):
    """A block file that another version of thatlook wrote."""


@dataclass(frozen=True, slots=True, eq=False)
class Cached:
    """A block read back, with its scan."""

    origin: Origin
    block: Block
    scan: Scan


def write_block(path: Path, origin: Origin, block: Block, scan: Scan) -> None:
    """Writes the block whole or not at all: temporary name, sync, rename, folder sync.

    Raises OSError, as for a full disk.
    """
    arrays, facts = _arrays(block, scan)
    places: dict[str, dict[str, Any]] = {}
    offset = 0
    for name, array in arrays.items():
        offset = _aligned(offset)
        kind = {"dtype": array.dtype.str, "shape": list(array.shape), "bytes": array.nbytes}
        places[name] = {**kind, "offset": offset, "crc32": zlib.crc32(_bytes(array))}
        offset += array.nbytes
    words = {name: list(block.words[name]) for name in WORD_COLUMNS}
    header = {"format": FORMAT, "origin": asdict(origin), "arrays": places, "words": words}
    text = json.dumps({**header, "scan": facts}).encode()
    start = _aligned(_HEAD_BYTES + len(text))
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as file:
        file.write(_MAGIC)
        file.write(len(text).to_bytes(4, "little") + zlib.crc32(text).to_bytes(4, "little"))
        file.write(text)
        for name, array in arrays.items():
            file.seek(start + places[name]["offset"])
            file.write(_bytes(array))
        file.truncate(start + offset)
    sync_folder(path.parent)


def read_block(path: Path) -> Cached | None:
    """The block in a file, its arrays mapped read-only and their checksums compared.

    None where there is no file. Raises OtherFormatError, and CacheError for one that is damaged.
    """
    try:
        with path.open("rb") as file:
            whole = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise CacheError(f"cannot be read: {error}") from error
    try:
        return _parsed(whole)
    except (KeyError, TypeError, ValueError, IndexError, RuntimeError) as error:
        raise CacheError(f"damaged: {error}") from error


def _parsed(whole: mmap.mmap) -> Cached:
    if whole[: len(_MAGIC)] != _MAGIC:
        raise CacheError("not a block file")
    length = int.from_bytes(whole[len(_MAGIC) : len(_MAGIC) + 4], "little")
    crc32 = int.from_bytes(whole[len(_MAGIC) + 4 : _HEAD_BYTES], "little")
    text = whole[_HEAD_BYTES : _HEAD_BYTES + length]
    if zlib.crc32(text) != crc32:
        raise CacheError("the checksum of the header differs")
    header = json.loads(text)
    if header["format"] != FORMAT:
        raise OtherFormatError(f"format {header['format']}, expected {FORMAT}")
    start = _aligned(_HEAD_BYTES + length)
    arrays = {name: _mapped(whole, start, name, p) for name, p in header["arrays"].items()}
    block = Block(
        ids=arrays["ids"],
        vectors=arrays["vectors"],
        price=arrays["price"],
        codes={name: arrays[name] for name in WORD_COLUMNS},
        words={name: tuple(header["words"][name]) for name in WORD_COLUMNS},
    )
    return Cached(Origin(**header["origin"]), block, _scan(block, arrays, header["scan"]))


def _mapped(whole: mmap.mmap, start: int, name: str, place: Mapping[str, Any]) -> NDArray[Any]:
    begin = start + place["offset"]
    part = memoryview(whole)[begin : begin + place["bytes"]]
    if len(part) != place["bytes"] or zlib.crc32(part) != place["crc32"]:
        raise CacheError(f"the checksum of {name} differs")
    return np.frombuffer(part, dtype=place["dtype"]).reshape(place["shape"])


def _arrays(block: Block, scan: Scan) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """All arrays to be written, and the numbers of the scan."""
    arrays: dict[str, NDArray[Any]] = {
        "ids": block.ids,
        "vectors": block.vectors,
        "price": block.price,
        **{name: block.codes[name] for name in WORD_COLUMNS},
    }
    facts: dict[str, Any] = {"kind": "float"}
    if isinstance(scan, ListScan):
        arrays["lists"] = scan.to_bytes()
        facts = {"kind": scan.kind, "probes": scan.probes}
        scan = scan.flat
        facts["worst"] = scan.worst
        arrays["sq8"] = scan.to_bytes()
    elif isinstance(scan, QuantisedScan):
        arrays["sq8"] = scan.to_bytes()
        facts = {"kind": scan.kind, "worst": scan.worst, "final": scan.final}
    return {name: np.ascontiguousarray(array) for name, array in arrays.items()}, facts


def _scan(block: Block, arrays: Mapping[str, NDArray[Any]], facts: Mapping[str, Any]) -> Scan:
    if facts["kind"] == "float":
        return FloatScan(block.vectors)
    final = facts.get("final", True)
    flat = QuantisedScan.from_bytes(arrays["sq8"], facts["worst"], final=final)
    if facts["kind"] == QuantisedScan.kind:
        return flat
    return ListScan.from_bytes(arrays["lists"], facts["probes"], flat)


def _bytes(array: NDArray[Any]) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def _aligned(offset: int) -> int:
    return -(-offset // _ALIGN) * _ALIGN
