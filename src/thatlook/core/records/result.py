"""What is recommended for a look."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from thatlook.core.errors import MissingExtraError
from thatlook.core.records.look import Look
from thatlook.core.records.product import Product
from thatlook.core.records.shown import Shown
from thatlook.core.records.values import check_one_of, check_score, read_only, rounded_timing

if TYPE_CHECKING:
    import pandas as pd

NEARNESS: Final = ("very close", "similar", "same idea")
"""How near a match is, in words, the nearest first."""

COLUMNS: Final = (
    "photo",
    "article",
    "category",
    "role",
    "place",
    "score",
    "nearness",
    "id",
    "title",
    "brand",
    "color",
    "price",
    "currency",
    "link",
    "reasons",
)
"""Of the table of pandas."""


@dataclass(frozen=True, slots=True)
class Match(Shown):
    """A product with its score and the reasons for it, in words.

    `variants` are other products of the same style, most alike first; `nearness` says in words
    what the score means to a shopper: one of NEARNESS, or "" where it is no
    probability, as for words; the JSON then has none.
    """

    score: float
    product: Product
    reasons: tuple[str, ...] = ()
    variants: tuple[Product, ...] = ()
    nearness: str = ""

    def __post_init__(self) -> None:
        check_score("score", self.score)
        check_one_of("nearness", self.nearness, ("", *NEARNESS))

    def to_dict(self) -> dict[str, Any]:
        """An entry of `matches` of the JSON contract."""
        return {
            "score": round(self.score, 4),
            **({"nearness": self.nearness} if self.nearness else {}),
            "product": self.product.to_dict(),
            "reasons": list(self.reasons),
            "variants": [variant.to_dict() for variant in self.variants],
        }


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The matches of one article; `article` is its place in the look's articles.

    `eligible` says how many products of the catalog were eligible: of the category, for the
    gender, within the filters; `searched` which these were, as JSON data, with the `neighbours`:
    categories searched too, because nothing was near; `best_score` how good the best of the
    article's own category is, shown or not, None where there was none to compare.
    """

    article: int
    category: str
    role: str
    matches: tuple[Match, ...]
    eligible: int = 0
    best_score: float | None = None
    searched: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_one_of("role", self.role, ("primary", "secondary"))
        read_only(self, "searched")

    @property
    def message(self) -> str | None:
        """What there is to say of the matches, in words: why there is none, or that neighbouring
        categories were searched too; None where there is nothing to say.
        """
        others = " and ".join(self.searched.get("neighbours", ()))
        if self.matches and not others:
            return None
        if self.matches and self.best_score is None:
            return f"no {self.category} fits what was searched: these are {others}"
        if self.matches:
            return f"nothing similar in {self.category}: {others} searched too"
        if self.best_score is None:
            return f"nothing found: {self.eligible} products fit what was searched"
        return (
            f"nothing good found: the best of {self.eligible} products has a score of "
            f"{self.best_score:.2f}"
        )

    def to_dict(self) -> dict[str, Any]:
        """An entry of `recommendations` of the JSON contract."""
        return {
            "article": self.article,
            "category": self.category,
            "role": self.role,
            "passed": self.eligible,
            "best_score": None if self.best_score is None else round(self.best_score, 4),
            "searched": dict(self.searched),
            "message": self.message,
            "matches": [match.to_dict() for match in self.matches],
        }


@dataclass(frozen=True, slots=True, eq=False)
class Result(Shown):
    """The answer to a photo: its look and, when it was accepted, products per article.

    `image` is the photo as it was decoded, uint8 RGB (height, width, 3), for whoever draws the
    answer; it is not part of the JSON. Of a large JPEG it is smaller than the look, whose boxes are
    in the photo's own pixels: `look.at_size` of its width and height gives those for drawing.
    `understood` is what the words beside the photo were taken for, as JSON data.
    """

    look: Look
    accepted: bool
    reason: str | None
    recommendations: tuple[Recommendation, ...]
    timing_ms: Mapping[str, float] = field(default_factory=dict)
    image: NDArray[np.uint8] | None = field(default=None, repr=False)
    understood: tuple[Mapping[str, str], ...] = ()

    def __post_init__(self) -> None:
        read_only(self, "timing_ms")

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `thatlook recommend`."""
        told = {"understood": [dict(one) for one in self.understood]} if self.understood else {}
        return told | {
            "look": self.look.to_dict(),
            "accepted": self.accepted,
            "reason": self.reason,
            "recommendations": [r.to_dict() for r in self.recommendations],
            "timing_ms": rounded_timing(self.timing_ms),
        }

    def to_pandas(self) -> pd.DataFrame:
        """One row per match: photo, article, category, role, place (1 is the best), score,
        nearness, id, title, brand, color, price, currency, link, reasons.

        Raises MissingExtraError without pandas.
        """
        try:
            import pandas as pd
        except ModuleNotFoundError as error:
            raise MissingExtraError("to_pandas", "pandas") from error
        rows = [row for found in self.recommendations for row in _rows(self.look.photo, found)]
        return pd.DataFrame(rows, columns=list(COLUMNS))


def _rows(photo: str, found: Recommendation) -> Iterator[dict[str, Any]]:
    about = {"photo": photo, "article": found.article, "category": found.category}
    for rank, match in enumerate(found.matches, start=1):
        yield about | {"role": found.role, "place": rank} | _of(match)


def _of(match: Match) -> dict[str, Any]:
    product, price = match.product, match.product.current_price
    return {
        "score": match.score,
        "nearness": match.nearness,
        "id": product.id,
        "title": product.title,
        "brand": product.brand,
        "color": product.color,
        "price": None if price is None else float(price.amount),
        "currency": "" if price is None else price.currency,
        "link": product.link,
        "reasons": "; ".join(match.reasons),
    }
