"""Google Merchant XML: RSS 2.0 items and Atom entries, read as a stream.

defusedxml refuses entity declarations and references to the outside.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from xml.sax import SAXException, SAXParseException, handler

import defusedxml
import defusedxml.sax

from thatlook.core.errors import FeedError
from thatlook.store.feed.rows import Problem, RawRow, RawRows
from thatlook.store.feed.xml_text import Mended, Piece, xml_pieces

GOOGLE: Final = "base.google.com/ns/1.0"
ITEMS: Final = ("item", "entry")
MAX_TEXT: Final = 1_000_000
"""The longest text of one field, in characters."""
MAX_DEPTH: Final = 32
"""How deep elements may lie in an item."""


def read_xml(path: Path) -> RawRows:
    """The items of an RSS or Atom feed with the line they begin on.

    What was mended in an item is told before it (`kept`); an item that is broken otherwise is a
    Problem, and the next one goes on. Raises FeedError for a document that breaks off or whose
    beginning is not well-formed (what came before is delivered), that declares entities or refers
    to outside ones, or that holds no item.
    """
    document = _Document(path)
    pieces = xml_pieces(path)
    piece = next(pieces)
    for following in pieces:
        yield from document.read(piece, last=False)
        piece = following
    yield from document.read(piece, last=True)
    if not document.seen:
        raise FeedError(f"{path}: expected RSS items or Atom entries, found none")


class _Document:
    """The parser of one feed; begins anew after an item that is broken."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._items = _Items()
        self._parser = self._new_parser()
        self._skipping = False
        self.seen = False

    def _new_parser(self) -> Any:
        parser = defusedxml.sax.make_parser()
        parser.setContentHandler(self._items)
        self._items.parser = parser
        return parser

    def read(self, piece: Piece, *, last: bool) -> Iterator[RawRow | Problem]:
        """The items that end in a piece of the text."""
        if self._skipping and piece.item:
            self._skipping = False
            self._items.first_line = piece.line
        if piece.item and self._items.unfinished:
            yield self._passed_over(SAXParseException("no end", None, self._parser))
            self._skipping, self._items.first_line = False, piece.line
        if not self._skipping:
            self._items.mended += piece.mended
            broken = self._fed(piece.text)
            yield from self._items.taken()
            if broken:
                yield self._passed_over(broken)
        if last and self._skipping and not piece.text.rstrip().endswith(f"</{self._items.root}>"):
            raise FeedError(f"{self._path}: not well-formed XML: breaks off in an item")
        if last and not self._skipping and (broken := self._fed("", last=True)):
            raise self._error(broken)

    def _fed(self, text: str, *, last: bool = False) -> SAXParseException | None:
        """Parses some text; what of it is not well-formed."""
        try:
            self._parser.feed(text)
            if last:
                self._parser.close()
        except SAXParseException as error:
            return error
        except defusedxml.DefusedXmlException as error:
            message = f"declares entities, which feeds may not: {error}"
            raise FeedError(f"{self._path}: {message}") from error
        except (SAXException, ValueError) as error:
            raise FeedError(f"{self._path}: not readable as XML: {error}") from error
        self.seen = self.seen or bool(self._items.found)
        return None

    def _error(self, error: SAXParseException) -> FeedError:
        line = self._items.first_line + (error.getLineNumber() or 1) - 1
        return FeedError(f"{self._path}: line {line}: not well-formed XML: {error.getMessage()}")

    def _passed_over(self, error: SAXParseException) -> Problem:
        """Begins anew after an item that is not well-formed; raises FeedError outside of items."""
        told = self._error(error)
        if not self._items.inside:
            raise told from error
        self.seen = self._skipping = True
        line = self._items.line
        around = self._items.restart()
        self._parser = self._new_parser()
        self._parser.feed("".join(f"<{name}>" for name in around))
        return Problem(line, "", f"{str(told).removeprefix(f'{self._path}: ')}; passed over")


class _Items(handler.ContentHandler):
    """Collects the items of what was just parsed. Prefixes are read here: some feeds do not
    declare "g:", which a parser that knows namespaces refuses.
    """

    def __init__(self) -> None:
        super().__init__()
        self.parser: Any = None
        self.found: list[RawRow | Problem] = []
        self.mended: list[Mended] = []
        self.around: list[str] = []
        """The elements that are open around the items, the root first."""
        self.root = ""
        self.first_line = 1
        """The line of the feed that is the parser's first."""
        self.line = 0
        self._google = {"g"}
        self._path: list[str] | None = None
        self._values: dict[str, list[str]] = {}
        self._text: list[str] = []
        self._length = 0

    def taken(self) -> list[RawRow | Problem]:
        """The items found since the last call."""
        found, self.found = self.found, []
        return found

    @property
    def inside(self) -> bool:
        """Whether an item is open within the document's root."""
        return self._path is not None and bool(self.around)

    @property
    def unfinished(self) -> bool:
        """Whether an item is open that another one cannot be a part of."""
        return self.inside and (not self._path or bool("".join(self._text).strip()))

    def restart(self) -> list[str]:
        """Forgets what is open; returns the elements that were around the item."""
        self._path, self.mended = None, []
        opened, self.around = self.around, []
        return opened

    def startElement(self, name: str, attrs: Any) -> None:  # noqa: N802
        """Called by the parser."""
        self._bind(attrs)
        key = self._key(name)
        local = key.removeprefix("g:")
        if self._path is None:
            self._open(name, local)
            return
        if len(self._path) >= MAX_DEPTH:
            raise SAXParseException(f"more than {MAX_DEPTH} elements deep", None, self.parser)
        self._path.append(key)
        self._text, self._length = [], 0
        href = attrs.get("href")
        if href and local == "link" and attrs.get("rel") in {None, "alternate"}:
            self._values.setdefault("link", []).append(href)

    def _open(self, name: str, local: str) -> None:
        """An element around the items, or an item."""
        if local in ITEMS:
            self._path, self._values, self.line = [], {}, self._here()
            self.mended = [one for one in self.mended if one.line >= self.line]
        else:
            self.around.append(name)
            self.root = self.around[0]

    def characters(self, content: str) -> None:
        """Called by the parser."""
        if self._path and self._length <= MAX_TEXT:
            self._text.append(content)
            self._length += len(content)

    def endElement(self, name: str) -> None:  # noqa: ARG002, N802
        """Called by the parser."""
        if self._path is None:
            self.around.pop()
            return
        if not self._path:
            self._path = None
            self._close()
            return
        key = ".".join(self._path)
        text = "".join(self._text).strip()
        if text:
            self._values.setdefault(key, []).append(text)
        self._path.pop()
        self._text, self._length = [], 0

    def _close(self) -> None:
        """An item ends: it is found, after what was mended in it, unless it cannot be used."""
        values = {key: tuple(texts) for key, texts in self._values.items()}
        mended = [one for one in self.mended if one.line <= self._here()]
        self.mended = self.mended[len(mended) :]
        lost = next((one.message for one in mended if one.lost), "")
        if any(len(text) > MAX_TEXT for texts in values.values() for text in texts):
            lost = f"a field is longer than {MAX_TEXT} characters"
        if lost:
            self.found.append(Problem(self.line, "", lost))
            return
        self.found += [Problem(one.line, "", one.message, kept=True) for one in mended]
        self.found.append(RawRow(self.line, values))

    def _bind(self, attrs: Any) -> None:
        """Notes which prefixes are Google's."""
        for name in attrs.getNames():
            if name.startswith("xmlns") and attrs[name].rstrip("/").endswith(GOOGLE):
                self._google.add(name.partition(":")[2])

    def _key(self, name: str) -> str:
        prefix, _, local = name.rpartition(":")
        return f"g:{local}" if prefix in self._google else local

    def _here(self) -> int:
        return int(self.first_line + self.parser.getLineNumber() - 1)
