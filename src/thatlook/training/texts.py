"""Products as the words that a shopper may write of them: what the text tower learns from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from thatlook.core.records import Product
from thatlook.core.shopper_words import Meaning, Phrase, meaning_at, wordings
from thatlook.core.taxonomy import pattern_of, type_leaf
from thatlook.core.tokens import tokens
from thatlook.search.words.spelling import slipped
from thatlook.store.catalog import Catalog
from thatlook.store.feed import FeedRow, read_feed

ASKED: Final = ("type", "color", "pattern", "gender", "usage", "season")
"""The attributes that a text may name."""

_GENDERS: Final = {"female": "women", "male": "men"}


@dataclass(frozen=True)
class TextItem:
    """A product's words: `name` as the shop writes it, `title` as `tokens`, `attributes` by ASKED
    in small letters.
    """

    id: str
    name: str
    title: Phrase
    category: str
    attributes: Mapping[str, str]


def item_of(product: Product, pattern: str = "") -> TextItem:
    """The words of a product; `pattern` is what its picture shows."""
    extra = {name.lower(): value.lower() for name, value in product.extra.items()}
    attributes = {
        "type": type_leaf(product.product_type),
        "color": product.color.lower(),
        "pattern": pattern_of(product.pattern, product.title) or pattern,
        "gender": _GENDERS.get(product.gender, ""),
        "usage": extra.get("usage", ""),
        "season": extra.get("season", ""),
    }
    told = {name: text for name, text in attributes.items() if text and text != "na"}
    return TextItem(product.id, product.title, tokens(product.title), product.category, told)


def read_catalog(catalog: Catalog) -> Iterator[tuple[TextItem, NDArray[np.float32]]]:
    """The active products that have a title and a vector."""
    for stored in catalog.all_stored():
        if stored.status == "active" and stored.vector is not None and stored.product.title:
            yield item_of(stored.product), stored.vector


def read_titles(feed: Path) -> Iterator[TextItem]:
    """The products of a feed that have a title; rows that cannot be read are left out.

    Pictures are looked up in the folder `images` beside the feed, else beside it. Raises FeedError
    where the feed itself cannot be read.
    """
    beside = feed.parent / "images"
    for row in read_feed(feed, images=beside if beside.is_dir() else feed.parent):
        if isinstance(row, FeedRow) and row.product.title:
            yield item_of(row.product)


_TITLE: Final = 0.5
"""How often a text is words of the title; else it is attributes."""

_SAID: Final = {
    "type": 0.85,
    "color": 0.6,
    "pattern": 0.5,
    "gender": 0.5,
    "usage": 0.25,
    "season": 0.15,
}
"""How often a text of attributes names each that is known."""

_DROPPED: Final = 0.3
_REWORDED: Final = 0.4
_SLIPPED: Final = 0.15


class Writer:
    """Writes what a shopper may type for a product; draws from `rng`."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng

    def write(self, item: TextItem) -> tuple[list[str], NDArray[np.bool_]]:
        """Words, and by which of ASKED, and the title, other products fit them too."""
        asked = np.zeros(len(ASKED) + 1, bool)
        if self._rng.random() < _TITLE or not item.attributes:
            asked[-1] = True
            words = [word for word in item.title if self._rng.random() > _DROPPED]
        else:
            named = self._named(item)
            asked[[ASKED.index(name) for name in named]] = True
            texts = [item.attributes[name] for name in named]
            words = [word for text in texts for word in tokens(text)]
        words = self._reworded(words or list(item.title))
        if self._rng.random() < _SLIPPED:
            index = int(self._rng.integers(len(words)))
            words[index] = slipped(words[index], self._rng)
        return words, asked

    def _named(self, item: TextItem) -> list[str]:
        """Some of the item's attributes in any order, one at least."""
        names = [name for name in item.attributes if self._rng.random() < _SAID[name]]
        found = names or [next(iter(item.attributes))]
        self._rng.shuffle(found)
        return found

    def _reworded(self, words: list[str]) -> list[str]:
        """The words with some phrases in other wordings or languages."""
        found: list[str] = []
        index = 0
        while index < len(words):
            told = meaning_at(words, index)
            end = told[1] if told else index + 1
            others = _others(told[0]) if told else ()
            if others and self._rng.random() < _REWORDED:
                found += others[int(self._rng.integers(len(others)))]
            else:
                found += words[index:end]
            index = end
        return found


def _others(meaning: Meaning) -> tuple[Phrase, ...]:
    """The wordings of a color, type, pattern, gender or other word; of roles none."""
    worded = {"color", "type", "pattern", "gender", "other"}
    return wordings(meaning) if meaning.kind in worded else ()
