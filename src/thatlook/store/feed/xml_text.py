"""The text of an XML feed, mended where shops' programs write what XML does not allow.

Undefined entities ("&ndash;"), a bare "&" and control characters make a whole document
unreadable. They are replaced by what was meant, line by line the same, and told. The text comes in
pieces that begin with an item, so that one that is broken otherwise costs itself alone.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html.entities import html5
from pathlib import Path
from typing import IO, Final

from thatlook.core.errors import FeedError
from thatlook.store.feed.text import encoding_by_mark, opened

PIECE_CHARS: Final = 65536
MAX_SECTION: Final = 4_000_000
"""The longest CDATA section or comment, in characters."""
MOST_MENDED: Final = 100
"""So many places of one piece are told."""
_TAIL: Final = 80
"""What a token may need to be told from a longer one, in characters."""
_DECLARED: Final = re.compile(
    rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']"""
)
_NO_CHARACTER: Final = "[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]"
_TOKEN: Final = re.compile(
    r"(?P<section><!\[CDATA\[|<!--)"
    r"|(?P<item><(?:[\w.-]+:)?(?:item|entry)(?=[\s>/]))"
    r"|(?P<amp>&(?!(?:amp|lt|gt|quot|apos);)(?:#[xX]?[0-9a-fA-F]{1,8};|[A-Za-z][A-Za-z0-9]{0,31};)?)"
    rf"|(?P<bad>{_NO_CHARACTER})"
)
_BAD: Final = re.compile(_NO_CHARACTER)
_STRAY: Final = range(0xDC80, 0xDD00)
"""What `surrogateescape` makes of bytes that are not text."""


@dataclass(frozen=True, slots=True)
class Mended:
    """Something that was replaced; `lost` where it can be no text at all."""

    line: int
    message: str
    lost: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of the text; `line` is that of its first character, `item` whether it begins one."""

    line: int
    text: str
    item: bool
    mended: tuple[Mended, ...]


def xml_pieces(path: Path) -> Iterator[Piece]:
    """The document, mended, in order; every item begins a piece. Raises FeedError."""
    with opened(path) as binary:
        name = _encoding(path, binary.read(4096))
    with opened(path) as binary:
        text = io.TextIOWrapper(binary, name, errors="surrogateescape", newline="")
        yield from _Mender(text).pieces()


def _encoding(path: Path, start: bytes) -> str:
    """By the byte-order mark, else as the document declares it, else UTF-8."""
    marked = encoding_by_mark(start)
    if marked:
        return marked
    found = _DECLARED.match(start)
    name = found[1].decode() if found else "utf-8"
    try:
        codecs.lookup(name)
        "x".encode(name).decode(name)
    except (LookupError, UnicodeError) as error:
        raise FeedError(f"{path}: not readable as XML: {error}") from error
    return name


class _Mender:
    """Cuts and mends a text as it is read: `_rest` from `_at` on is still to be looked at."""

    def __init__(self, text: IO[str]) -> None:
        self._text = text
        self._rest = ""
        self._at = 0
        self._ended = False
        self._line = 1
        self._begin(item=False)

    def _begin(self, *, item: bool) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._mended: list[Mended] = []
        self._first_line = self._line
        self._item = item

    def pieces(self) -> Iterator[Piece]:
        """The pieces, each made when the one before was taken."""
        while not self._ended:
            self._more()
            safe = len(self._rest) - (0 if self._ended else _TAIL)
            while (found := _TOKEN.search(self._rest, self._at)) and found.start() < safe:
                self._take(found.start())
                if found["item"]:
                    yield from self._done(item=True)
                    self._take(found.end())
                elif found["section"]:
                    self._section("]]>" if found[0] != "<!--" else "-->")
                    safe = len(self._rest) - (0 if self._ended else _TAIL)
                else:
                    self._at = found.end()
                    self._add(self._told(found[0]))
            self._take(max(self._at, safe))
            if self._length > PIECE_CHARS:
                yield from self._done(item=False)
        yield self._made()

    def _done(self, *, item: bool) -> Iterator[Piece]:
        """The piece so far, if there is any; the next one begins."""
        if self._parts:
            yield self._made()
        self._begin(item=item)

    def _made(self) -> Piece:
        return Piece(self._first_line, "".join(self._parts), self._item, tuple(self._mended))

    def _more(self) -> None:
        """Reads on, if there is more."""
        data = self._text.read(PIECE_CHARS)
        self._ended = not data
        self._rest, self._at = self._rest[self._at :] + data, 0

    def _take(self, end: int) -> None:
        """Moves text to the piece as it is."""
        self._add(self._rest[self._at : end])
        self._at = end

    def _add(self, text: str) -> None:
        if text:
            self._parts.append(text)
            self._length += len(text)
            self._line += text.count("\n")

    def _section(self, end: str) -> None:
        """Moves a CDATA section or comment, where "&" is a letter; the start of an endless one."""
        stop = self._rest.find(end, self._at + 4)
        while stop < 0 and not self._ended and len(self._rest) - self._at < MAX_SECTION:
            self._more()
            stop = self._rest.find(end, 4)
        section = self._rest[self._at : stop + 3 if stop >= 0 else self._at + 4]
        self._at += len(section)
        for line in section.splitlines(keepends=True):
            self._add(_BAD.sub(lambda found: self._told(found[0]), line))

    def _told(self, token: str) -> str:
        """What stands for a token that XML does not take; the token where it does."""
        if token.startswith("&#") and _is_character(token):
            return token
        if not token.startswith("&"):
            lost = ord(token) in _STRAY
            what = (
                "bytes that are not text in the feed's encoding" if lost else "a control character"
            )
            self._note(f"holds {what} ({_code(token)})", lost=lost)
            return "\ufffd" if lost else " "
        meant = html5.get(token[1:]) if token.endswith(";") else None
        if meant is None:
            self._note(f"{token!r} is no entity of XML; read as it stands")
            return " " if token.startswith("&#") else f"&amp;{token[1:]}"
        self._note(f"{token!r} is no entity of XML; read as {meant!r}")
        return "".join(f"&#{ord(one)};" for one in meant)

    def _note(self, message: str, *, lost: bool = False) -> None:
        if len(self._mended) < MOST_MENDED or lost:
            self._mended.append(Mended(self._line, message, lost))


def _is_character(reference: str) -> bool:
    """Whether "&#8211;" or "&#x2013;" is a character that XML takes."""
    digits = reference[2:-1]
    try:
        code = int(digits[1:], 16) if digits[:1] in "xX" else int(digits)
        return 0 < code <= 0x10FFFF and not _BAD.match(chr(code))
    except ValueError:
        return False


def _code(token: str) -> str:
    code = ord(token)
    return f"0x{code - 0xDC00:02x}" if code in _STRAY else f"U+{code:04X}"
