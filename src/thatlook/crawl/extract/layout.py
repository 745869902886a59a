"""Notices when a shop's pages no longer look as its shop file says."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from thatlook.crawl.extract.values import Row
from thatlook.crawl.http.failures import LayoutError
from thatlook.crawl.shop import Source

MIN_ROWS = 10
"""Fewer products than this say nothing about a page's layout."""


class LayoutWatch:
    """Looks at the last products of one source for fields that have gone missing."""

    def __init__(self, source: Source, required: Sequence[str], share: float, window: int) -> None:
        self._source = source
        self._required = required
        self._share = share
        self._last: deque[frozenset[str]] = deque(maxlen=window)

    def check(self, url: str, rows: Iterable[Row]) -> None:
        """Takes the rows of one page. Raises LayoutError, naming the selector that failed."""
        self._last.extend(
            frozenset(name for name in self._required if not row.get(name)) for row in rows
        )
        count = len(self._last)
        if count < MIN_ROWS:
            return
        for name in self._required:
            missing = sum(name in gone for gone in self._last)
            if missing > self._share * count:
                self._stop(url, name, missing, count)

    def _stop(self, url: str, name: str, missing: int, count: int) -> None:
        place = place_of(self._source, name)
        raise LayoutError(
            f"{url}: the field {name} is missing in {missing} of the last {count} products; "
            f"{place} finds nothing, so the page's layout has probably changed: "
            "mend the shop file and run the same command again",
            place,
        )


def place_of(source: Source, name: str) -> str:
    """Where the shop file says a field is, in words that name the selector."""
    rules = dict(source.fields)
    if source.product is not None:
        rules |= source.product.fields
    if name in rules:
        return (
            f"the selector {rules[name].place!r}"
            if rules[name].css
            else f"the path {rules[name].data!r}"
        )
    if source.kind == "shopify":
        return "products.json"
    return "the page's schema.org Product"


def no_products(source: Source, url: str, forbidden: Sequence[str] = ()) -> LayoutError:
    """The error for a listing on which not one product was found.

    `forbidden` says what robots.txt kept the page from asking for: that may be the reason.
    """
    kind = "path" if source.data else "selector"
    place = f"the {kind} {source.place!r}"
    if forbidden:
        why = "; ".join(forbidden)
        return LayoutError(f"{url}: {place} finds no product; the page asks for {why}", place)
    return LayoutError(
        f"{url}: {place} finds no product, so the page's layout has probably changed "
        '(a page that may rightly be empty needs the key "empty": what it shows then)',
        place,
    )
