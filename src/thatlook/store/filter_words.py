"""Whether the words of a filter are known: one that is misspelt finds nothing and says nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from thatlook.core.color import ANCHORS, SYNONYMS, canonical
from thatlook.core.errors import SettingsError
from thatlook.core.nearest import did_you_mean
from thatlook.search.index import Filters
from thatlook.search.index.words import color_matches, same_word
from thatlook.store.catalog import Catalog

SHOWN: Final = 12


def check_filter_words(catalog: Catalog, filters: Filters) -> None:
    """Raises SettingsError for a brand that no product of the catalog has, and for a color that
    neither a product nor thatlook knows, with the nearest ones.
    """
    brands = catalog.brands() if filters.brands else []
    for brand in sorted(filters.brands):
        if not any(same_word(known, brand) for known in brands):
            raise _unknown("brand", brand, brands)
    colors = catalog.colors() if filters.colors else []
    for color in sorted(filters.colors):
        named = canonical(color) in ANCHORS
        if not named and not any(color_matches(known, color) for known in colors):
            raise _unknown("color", color, [*ANCHORS, *SYNONYMS, *colors])


def _unknown(kind: str, word: str, known: Sequence[str]) -> SettingsError:
    some = ", ".join(known[:SHOWN])
    hint = did_you_mean(word, known) or (
        f"known are {some}" if some else f"no product has a {kind}"
    )
    return SettingsError(f"no such {kind} is known: {word!r}; {hint}")
