"""Reads sitemaps: XML with defusedxml, whole or gzipped, or plain text."""

from __future__ import annotations

import gzip
import io
import zlib
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from thatlook.crawl.http.failures import TroubleError

MAX_BYTES = 60_000_000
"""A sitemap may have 50 MB (sitemaps.org); a gzip bomb stops here."""


@dataclass(frozen=True, slots=True)
class Sitemap:
    """What one sitemap names: pages, or further sitemaps."""

    pages: tuple[str, ...]
    sitemaps: tuple[str, ...]


def read_sitemap(url: str, data: bytes) -> Sitemap:
    """The pages and further sitemaps that a sitemap names, in its order.

    Raises TroubleError where it is no sitemap, or too large.
    """
    data = _unpacked(url, data)
    if not data.lstrip().startswith(b"<"):
        lines = data.decode("utf-8", errors="replace").split()
        return Sitemap(tuple(line for line in lines if line.startswith("http")), ())
    try:
        root = fromstring(data)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise TroubleError(f"{url}: expected a sitemap: {error}") from error
    return Sitemap(_addresses(root, "url"), _addresses(root, "sitemap"))


def _unpacked(url: str, data: bytes) -> bytes:
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        with gzip.open(io.BytesIO(data)) as file:
            plain = file.read(MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise TroubleError(f"{url}: damaged gzip: {error}") from error
    if len(plain) > MAX_BYTES:
        raise TroubleError(f"{url}: a sitemap of more than {MAX_BYTES} bytes")
    return plain


def _addresses(root: Any, kind: str) -> tuple[str, ...]:
    """The text of `loc` in every child named `kind`, whatever namespace the shop wrote."""
    found = []
    for entry in root:
        if _local(entry) == kind:
            found += [part.text.strip() for part in entry if _local(part) == "loc" and part.text]
    return tuple(found)


def _local(element: Any) -> str:
    return str(element.tag).rsplit("}", 1)[-1]
