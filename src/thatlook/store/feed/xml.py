"""Google Merchant XML: RSS 2.0 items and Atom entries, read as a stream.

defusedxml refuses entity declarations and references to the outside.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final
from xml.sax import SAXException, SAXParseException, handler

import defusedxml
import defusedxml.sax

from thatlook.core.errors import FeedError
from thatlook.store.feed.rows import Problem, RawRow, RawRows
from thatlook.store.feed.text import opened

GOOGLE: Final = "http://base.google.com/ns/1.0"
ITEMS: Final = ("item", "entry")
MAX_TEXT: Final = 1_000_000
"""The longest text of one field, in characters."""
_CHUNK_BYTES: Final = 65536


def read_xml(path: Path) -> RawRows:
    """The items of an RSS or Atom feed with the line they begin on.

    Raises FeedError for a document that is not well-formed (what came before is delivered),
    that declares entities or refers to outside ones, or that holds no item.
    """
    parser = defusedxml.sax.make_parser()
    items = _Items(parser)
    parser.setFeature(handler.feature_namespaces, True)
    parser.setContentHandler(items)
    seen = False
    try:
        with opened(path) as file:
            while chunk := file.read(_CHUNK_BYTES):
                parser.feed(chunk)
                seen = seen or bool(items.found)
                yield from items.taken()
            parser.close()
    except SAXParseException as error:
        message = f"line {error.getLineNumber()}: not well-formed XML: {error.getMessage()}"
        raise FeedError(f"{path}: {message}") from error
    except defusedxml.DefusedXmlException as error:
        raise FeedError(f"{path}: declares entities, which feeds may not: {error}") from error
    except (SAXException, ValueError, LookupError) as error:  # the latter two: odd encodings
        raise FeedError(f"{path}: not readable as XML: {error}") from error
    if not seen:
        raise FeedError(f"{path}: expected RSS items or Atom entries, found none")


class _Items(handler.ContentHandler):
    """Collects the items of the chunk just parsed."""

    def __init__(self, parser: Any) -> None:
        super().__init__()
        self._parser = parser
        self.found: list[RawRow | Problem] = []
        self._line = 0
        self._path: list[str] | None = None
        self._values: dict[str, list[str]] = {}
        self._text: list[str] = []
        self._length = 0

    def taken(self) -> list[RawRow | Problem]:
        """The items found since the last call."""
        found, self.found = self.found, []
        return found

    def startElementNS(self, name: Any, qname: Any, attrs: Any) -> None:  # noqa: ARG002, N802
        """Called by the parser."""
        space, local = name
        if self._path is None:
            if local in ITEMS:
                self._path, self._values, self._line = [], {}, self._parser.getLineNumber()
            return
        self._path.append(f"g:{local}" if space == GOOGLE else local)
        self._text, self._length = [], 0
        href = attrs.get((None, "href"))
        if href and local == "link" and attrs.get((None, "rel")) in {None, "alternate"}:
            self._values.setdefault("link", []).append(href)

    def characters(self, content: str) -> None:
        """Called by the parser."""
        if self._path and self._length <= MAX_TEXT:
            self._text.append(content)
            self._length += len(content)

    def endElementNS(self, name: Any, qname: Any) -> None:  # noqa: ARG002, N802
        """Called by the parser."""
        if self._path is None:
            return
        if not self._path:
            self._path = None
            values = {key: tuple(texts) for key, texts in self._values.items()}
            too_long = any(len(text) > MAX_TEXT for texts in values.values() for text in texts)
            message = f"a field is longer than {MAX_TEXT} characters"
            self.found.append(
                Problem(self._line, "", message) if too_long else RawRow(self._line, values)
            )
            return
        key = ".".join(self._path)
        text = "".join(self._text).strip()
        if text:
            self._values.setdefault(key, []).append(text)
        self._path.pop()
        self._text, self._length = [], 0
