"""Opens feeds: unpacks them, finds out how their text is encoded."""

from __future__ import annotations

import bz2
import codecs
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final

import charset_normalizer

from thatlook.core.errors import FeedError

PACKED: Final = (".gz", ".bz2", ".xz")
_PART_BYTES: Final = 8192
SAMPLE_BYTES: Final = 32 * _PART_BYTES
_WIDE_BYTES: Final = 1000
UNPACKING_ERRORS: Final = (OSError, EOFError, lzma.LZMAError, zlib.error, UnicodeError)
_OLD: Final = (
    "cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258",
    "cp932", "gb18030", "big5", "euc_kr", "euc_jp", "koi8_r", "cp874",
)  # fmt: skip
"""What feeds are written in that are not UTF-8. Among all encodings short texts mislead."""
_SAME_COHERENCE: Final = 0.01
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes]]:
    """The bytes of a feed, unpacked by its suffix; FeedError where they cannot be read."""
    with _told(path), _unpacking(path) as file:
        yield file


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Tells what goes wrong with the reading of a feed as FeedError."""
    try:
        yield
    except UNPACKING_ERRORS as error:
        reason = getattr(error, "strerror", None) or error
        raise FeedError(f"{path}: cannot be read: {reason}") from error


def _unpacking(path: Path, source: IO[bytes] | None = None) -> IO[bytes]:
    suffix = path.suffix.lower()
    if suffix == ".gz":
        return io.BufferedReader(gzip.open(source or path, "rb"))
    if suffix == ".bz2":
        return bz2.open(source or path, "rb")
    if suffix == ".xz":
        return lzma.open(source or path, "rb")
    return source or path.open("rb")


def start_of(path: Path, most: int) -> tuple[bytes, float]:
    """At most the first `most` bytes of a feed, unpacked, and about which share of it they are."""
    with _told(path), path.open("rb") as source, _unpacking(path, source) as file:
        data = _read(file, most)
        share = source.tell() / max(1, path.stat().st_size)
    return data, share if len(data) == most else 1.0


def kind_suffix(path: Path) -> str:
    """The suffix that names the format: ".csv" of both "a.csv" and "a.csv.gz"."""
    inner = Path(path.stem) if path.suffix.lower() in PACKED else path
    return inner.suffix.lower()


def encoding_of(path: Path) -> str:
    """The text's encoding: by its mark, else UTF-8 where it is that, else the likeliest."""
    sample, whole = _sample(path)
    marked = encoding_by_mark(sample)
    if marked:
        return marked
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(sample, final=whole)
    except UnicodeDecodeError:
        return "utf-8" if _mostly_utf8(sample) else _likeliest(sample)
    return "utf-8"


def encoding_by_mark(sample: bytes) -> str:
    """The encoding that a byte-order mark tells, or the zeros of UTF-16; "" for neither."""
    for mark, name in _BOMS:
        if sample.startswith(mark):
            return name
    return _wide(sample)


def _mostly_utf8(sample: bytes) -> bool:
    """Whether some bytes are damaged in what is UTF-8: older encodings hardly ever look like it."""
    text = sample.decode(errors="surrogateescape")
    letters = sum(map(len, re.findall("[^\0-\x7f\udc80-\udcff]+", text)))
    return letters >= 2 * len(re.findall("[\udc80-\udcff]+", text))


def _likeliest(sample: bytes) -> str:
    """The encoding in which the bytes read best; the Western one where it reads as well."""
    found = charset_normalizer.from_bytes(sample, cp_isolation=list(_OLD))
    best = found.best()
    if best is None:
        return "cp1252"
    for match in found:
        if match.encoding == "cp1252" and match.chaos <= best.chaos:
            near = match.coherence >= best.coherence - _SAME_COHERENCE
            return match.encoding if near else best.encoding
    return best.encoding


def _wide(sample: bytes) -> str:
    """UTF-16 without its mark, told by the zeros of plain letters; "" for anything else."""
    start = sample[: 2 * (min(len(sample), _WIDE_BYTES) // 2)]
    for name, zeros, letters in (
        ("utf-16-le", start[1::2], start[::2]),
        ("utf-16-be", start[::2], start[1::2]),
    ):
        if zeros and zeros.count(0) > len(zeros) / 2 and not letters.count(0):
            return name
    return ""


def _sample(path: Path) -> tuple[bytes, bool]:
    """The first bytes, and whether they are all. A larger look where the first are plain ASCII.

    Where the file breaks off, what came before is the sample: reading the rows will tell.
    """
    with opened(path) as file:
        sample = more = _read(file)
        while sample.isascii() and len(more) == SAMPLE_BYTES:
            more = _read(file)
            if not more.isascii():
                return sample[-1000:] + more, len(more) < SAMPLE_BYTES
        return sample, len(sample) < SAMPLE_BYTES


def _read(file: IO[bytes], most: int = SAMPLE_BYTES) -> bytes:
    """The next `most` bytes, or what there is before the end or a fault."""
    data = bytearray()
    try:
        while len(data) < most and (part := file.read(min(_PART_BYTES, most - len(data)))):
            data += part
    except UNPACKING_ERRORS:
        if not data:
            raise
    return bytes(data)
