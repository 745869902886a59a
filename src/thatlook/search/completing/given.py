"""What is worn already: an article of a photo, or a product."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from thatlook.core.errors import CatalogError
from thatlook.core.records import Article, Vector
from thatlook.core.seasons import fits, season_column, seasons_of
from thatlook.core.taxonomy import type_leaf, words
from thatlook.core.tokens import tokens
from thatlook.search.ranking import Traits
from thatlook.search.recommender import traits_of
from thatlook.search.stored import Stored
from thatlook.vision.stages.compatibility import Piece

SURE: Final = 0.6
"""An occasion that the network is less sure of is not compared."""
BOLD: Final = frozenset(
    {"striped", "checked", "printed", "floral", "dotted", "animal", "camouflage"}
)
SPORTS: Final = "sports"
"""The occasion, as the network calls it."""
_SPORTS_WORDS: Final = frozenset(
    tokens(
        "track tracksuit yoga gym workout running training jogging trainingsjacke trainingshose "
        "trainingsanzug survêtement chándal"
    )
)
"""Words of titles that tell it where the picture does not: shops call a track top casual too."""
DRESSY: Final = tuple(
    " ".join(words(kind))
    for kind in ("heels", "formal shoes", "dresses", "skirts", "blazers", "clutches", "ties")
)
"""Types that nobody does sports in."""


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """A piece that is worn or chosen: its category and vector, what it is in words, its occasion
    ("" where none is known) and the product's id ("" for an article of a photo).
    """

    category: str
    vector: Vector
    traits: Traits
    occasion: str = ""
    product_id: str = ""

    @property
    def piece(self) -> Piece:
        """As the compatibility network is asked."""
        return Piece(self.category, self.vector)

    @property
    def type(self) -> str:
        """The last part of its type, in small letters."""
        return type_leaf(self.traits.type)

    @property
    def color(self) -> str:
        """Its first color."""
        return self.traits.color.replace(",", "/").split("/")[0].strip().lower()

    @property
    def bold(self) -> bool:
        """Whether its pattern catches the eye."""
        return self.traits.pattern.lower() in BOLD

    @property
    def dressy(self) -> bool:
        """Whether nobody would do sports in it."""
        return _is_dressy(self.type) and self.occasion != SPORTS

    @property
    def name(self) -> str:
        """What it is, in words: "black coats"."""
        return " ".join(word for word in (self.color, self.type or self.category) if word)

    def to_dict(self) -> dict[str, Any]:
        """An entry of `given` of the JSON."""
        shown = {"category": self.category, "type": self.type, "color": self.color}
        return shown | ({"product": self.product_id} if self.product_id else {})


def given_article(article: Article) -> Given | None:
    """An article of a look; None for one without a vector."""
    if article.vector is None:
        return None
    traits = Traits.of(article.attributes)
    occasion = article.attributes.get("usage", "")
    return Given(article.category, article.vector, traits, occasion)


def given_product(stored: Stored) -> Given:
    """A product of the catalog. Raises CatalogError where it has no vector yet."""
    product = stored.product
    if stored.vector is None:
        raise CatalogError(f"the product {product.id!r} has no vector yet: index its feed again")
    return Given(
        product.category, stored.vector, traits_of(stored), occasion_of(stored), product.id
    )


def occasion_of(stored: Stored) -> str:
    """The occasion that a product is for: sports where its title says so, else what its picture
    tells surely; else "".
    """
    if _tells_sports(stored.product.title):
        return SPORTS
    read = stored.attributes.get("usage")
    if not isinstance(read, (list, tuple)) or len(read) != 2 or float(read[1]) < SURE:
        return ""
    return str(read[0])


@lru_cache(maxsize=16384)
def _tells_sports(title: str) -> bool:
    return not _SPORTS_WORDS.isdisjoint(tokens(title))


@lru_cache(maxsize=1024)
def _is_dressy(kind: str) -> bool:
    return " ".join(words(kind)) in DRESSY


def suits(stored: Stored, season: str) -> bool:
    """Whether a product suits a season ("": any) by its type and what the shop says of it.

    What the network reads in its picture does not count: it learned one shop's collections.
    """
    if not season:
        return True
    product = stored.product
    told = seasons_of(season_column(product.extra.items()), product.title, product.brand)
    return fits(season, told, type_leaf(traits_of(stored).type))
