"""Free texts with the products that they find, to look at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from markupsafe import Markup

from thatlook.core.errors import CatalogError, PhotoError
from thatlook.core.image import Pixels, decode, fit_square
from thatlook.core.records import Match
from thatlook.core.settings import Settings
from thatlook.render import page
from thatlook.render.photo import figure
from thatlook.search.words.request import WordRequest
from thatlook.search.words.searcher import WordSearch
from thatlook.search.words.tower import Tower
from thatlook.store.catalog import Catalog

SHOWN: Final = 8
SIDE: Final = 112


def boards(texts: Sequence[str], catalog: Catalog, tower: Tower) -> Markup:
    """Per text what was understood and the first products found."""
    search = WordSearch(catalog, tower)
    parts: list[Markup] = []
    for text in texts:
        found = search.find(WordRequest(text=text, k=SHOWN))
        told = ", ".join(chip.key for chip in found.understood.chips)
        parts += [page.heading(text), page.words(f"{told}; {found.message or found.total}")]
        parts.append(page.sheet(_tiles(found.matches, catalog)))
    return page.joined(parts)


def _tiles(matches: Sequence[Match], catalog: Catalog) -> Iterator[Markup]:
    for match in matches:
        product = match.product
        caption = (f"{match.score:.2f} {product.title}", f"{product.color} {product.product_type}")
        yield figure(_picture(catalog, product.id), caption, size=(SIDE, SIDE))


def _picture(catalog: Catalog, product_id: str) -> Pixels:
    """The product's picture in a square, white where it cannot be had."""
    try:
        image = decode(catalog.image(product_id), Settings())
    except (CatalogError, PhotoError):
        return np.full((SIDE, SIDE, 3), 255, np.uint8)
    return fit_square(image, SIDE, padding=255).canvas
