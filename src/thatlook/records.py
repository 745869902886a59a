"""The frozen records that everything passes around, validated when they are made.

Boxes are (x0, y0, x1, y1) in pixels of the photo after its EXIF rotation, half-open.
Scores are 0..1 and higher is better. `to_dict` gives the JSON of the contract.

All can be pickled and deep-copied, so they may go to another process. Records without arrays are
equal and hash by their values; those that hold arrays (Article, Look, Described, Mask, Result) are
equal only to themselves.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from thatlook.errors import SettingsError
from thatlook.taxonomy import (
    CATEGORIES,
    KEYPOINTS,
    PERSON_GENDERS,
    PRODUCT_CATEGORIES,
    PRODUCT_GENDERS,
    VIEWS,
)

Vector = NDArray[np.float32]
"""A unit vector, float32, shape (dim,)."""

Value_co = TypeVar("Value_co", covariant=True)


class ReadOnly(Mapping[str, Value_co]):
    """A copy of a mapping that nobody can change: it has no method for it.

    Unlike types.MappingProxyType it can be pickled, deep-copied and, where its values can,
    hashed. Equal to any mapping of the same items.
    """

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[str, Value_co]) -> None:
        self._items = dict(items)

    def __getitem__(self, key: str) -> Value_co:
        return self._items[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return hash(frozenset(self._items.items()))

    def __repr__(self) -> str:
        return f"ReadOnly({self._items!r})"


def _protect(record: object, name: str) -> None:
    """Makes a mapping of a frozen record read-only."""
    object.__setattr__(record, name, ReadOnly(getattr(record, name)))


def _one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise SettingsError(f"{name} must be one of {', '.join(allowed)}, not {value!r}")


def _score(name: str, value: float) -> None:
    if not 0.0 <= value <= 1.0:  # also refuses nan
        raise SettingsError(f"{name} must be within 0..1, not {value}")


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle (x0, y0, x1, y1) in pixels, half-open, with x0 < x1 and y0 < y1."""

    x0: float
    y0: float
    x1: float
    y1: float

    def __post_init__(self) -> None:
        if not all(math.isfinite(v) for v in self.to_list()):
            raise SettingsError(f"a box needs finite numbers, not {self.to_list()}")
        if self.x0 >= self.x1 or self.y0 >= self.y1:
            raise SettingsError(f"a box needs x0 < x1 and y0 < y1, not {self.to_list()}")

    @property
    def width(self) -> float:
        """Width in pixels."""
        return self.x1 - self.x0

    @property
    def height(self) -> float:
        """Height in pixels."""
        return self.y1 - self.y0

    @property
    def area(self) -> float:
        """Area in square pixels."""
        return self.width * self.height

    @property
    def center(self) -> tuple[float, float]:
        """The middle, as (x, y)."""
        return ((self.x0 + self.x1) / 2, (self.y0 + self.y1) / 2)

    def intersection(self, other: Box) -> float:
        """The area shared with `other`, in square pixels."""
        width = min(self.x1, other.x1) - max(self.x0, other.x0)
        height = min(self.y1, other.y1) - max(self.y0, other.y0)
        return max(0.0, width) * max(0.0, height)

    def iou(self, other: Box) -> float:
        """Intersection over union with `other`, 0..1."""
        shared = self.intersection(other)
        return shared / (self.area + other.area - shared)

    def scaled(self, factor: float) -> Box:
        """The box about the same middle, its sides multiplied by `factor`."""
        (x, y), w, h = self.center, self.width * factor / 2, self.height * factor / 2
        return Box(x - w, y - h, x + w, y + h)

    def clipped(self, width: int, height: int) -> Box | None:
        """The part inside an image of this size, or None when nothing of it is inside."""
        x0, y0 = max(0.0, self.x0), max(0.0, self.y0)
        x1, y1 = min(float(width), self.x1), min(float(height), self.y1)
        return Box(x0, y0, x1, y1) if x0 < x1 and y0 < y1 else None

    def to_list(self) -> list[float]:
        """[x0, y0, x1, y1]."""
        return [self.x0, self.y0, self.x1, self.y1]


@dataclass(frozen=True, slots=True)
class Keypoint:
    """A joint at (x, y) in photo pixels; `score` is low for one hidden or outside the frame."""

    x: float
    y: float
    score: float

    def __post_init__(self) -> None:
        _score("a key point's score", self.score)


@dataclass(frozen=True, slots=True)
class Gate:
    """Whether a person is a front-facing full shot, and the rules that failed, in words."""

    full_shot: bool
    front: bool
    failed: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Full shot and front."""
        return self.full_shot and self.front


@dataclass(frozen=True, slots=True)
class Person:
    """The main person of a photo. `gender` is how the person is presented, for a department."""

    box: Box
    score: float
    keypoints: tuple[Keypoint, ...]
    gate: Gate
    view: str
    view_score: float
    gender: str
    gender_score: float

    def __post_init__(self) -> None:
        if len(self.keypoints) != len(KEYPOINTS):
            raise SettingsError(
                f"a person has {len(KEYPOINTS)} key points, not {len(self.keypoints)}"
            )
        _one_of("view", self.view, VIEWS)
        _one_of("gender", self.gender, PERSON_GENDERS)
        for name in ("score", "view_score", "gender_score"):
            _score(name, getattr(self, name))

    def to_dict(self) -> dict[str, Any]:
        """The `person` object of the JSON contract."""
        return {
            "box": _rounded(self.box.to_list(), 1),
            "score": round(self.score, 4),
            "keypoints": [
                [round(k.x, 1), round(k.y, 1), round(k.score, 3)] for k in self.keypoints
            ],
            "full_shot": self.gate.full_shot,
            "view": self.view,
            "view_score": round(self.view_score, 4),
            "gender": self.gender,
            "gender_score": round(self.gender_score, 4),
        }


@dataclass(frozen=True, slots=True, eq=False)
class Mask:
    """Which pixels of a box are the article.

    `values` is uint8 (height, width), 0..255 the probability, coarse, spread evenly over `box`.
    """

    box: Box
    values: NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Article:
    """One garment or accessory worn by the main person."""

    category: str
    box: Box
    score: float
    attributes: Mapping[str, str] = field(default_factory=dict)
    vector: Vector | None = None
    mask: Mask | None = None

    def __post_init__(self) -> None:
        _one_of("category", self.category, CATEGORIES)
        _score("score", self.score)
        _protect(self, "attributes")

    def to_dict(self) -> dict[str, Any]:
        """An entry of `articles` of the JSON contract."""
        return {
            "category": self.category,
            "box": _rounded(self.box.to_list(), 1),
            "score": round(self.score, 4),
            "attributes": dict(self.attributes),
        }


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What was understood in a photo: the main person, or None, and the articles worn."""

    photo: str
    width: int
    height: int
    person: Person | None
    articles: tuple[Article, ...]
    timing_ms: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _protect(self, "timing_ms")

    def to_dict(self) -> dict[str, Any]:
        """One line of `thatlook parse`."""
        return {
            "photo": self.photo,
            "width": self.width,
            "height": self.height,
            "person": self.person.to_dict() if self.person else None,
            "articles": [article.to_dict() for article in self.articles],
            "timing_ms": _timing(self.timing_ms),
        }


@dataclass(frozen=True, slots=True, order=True)
class Price:
    """An amount of money; `currency` is an ISO 4217 code, or "" where the feed gave none."""

    amount: Decimal
    currency: str = ""

    def __post_init__(self) -> None:
        if not self.amount.is_finite() or self.amount < 0:
            raise SettingsError(f"a price needs a finite amount of 0 or more, not {self.amount}")

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}".rstrip()


@dataclass(frozen=True, slots=True)
class Product:
    """One row of a shop's feed. Absent texts are "", absent prices None.

    `extra` keeps the columns that thatlook does not know, as they came.
    """

    id: str
    title: str = ""
    category: str = "other"
    gender: str = "unisex"
    description: str = ""
    link: str = ""
    image_link: str = ""
    additional_image_link: tuple[str, ...] = ()
    price: Price | None = None
    sale_price: Price | None = None
    brand: str = ""
    age_group: str = ""
    color: str = ""
    pattern: str = ""
    material: str = ""
    product_type: str = ""
    google_product_category: str = ""
    item_group_id: str = ""
    availability: str = ""
    extra: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.id:
            raise SettingsError("a product needs an id; this one has an empty one")
        _one_of("category", self.category, PRODUCT_CATEGORIES)
        _one_of("gender", self.gender, PRODUCT_GENDERS)
        _protect(self, "extra")

    @property
    def current_price(self) -> Price | None:
        """The sale price where there is one, else the price: what filters compare."""
        return self.sale_price or self.price

    def to_dict(self) -> dict[str, Any]:
        """The `product` object of the JSON contract; absent fields are left out."""
        shown: dict[str, Any] = {
            "id": self.id,
            "title": self.title,
            "category": self.category,
            "gender": self.gender,
            "brand": self.brand,
            "color": self.color,
            "price": str(self.price) if self.price else None,
            "link": self.link,
            "image_link": self.image_link,
        }
        for entry in fields(self):
            value = getattr(self, entry.name)
            if entry.name in shown or not value:
                continue
            shown[entry.name] = _plain(value)
        return shown


@dataclass(frozen=True, slots=True, eq=False)
class Described:
    """What a catalog keeps of a product's picture.

    `vector` is of the product's own article in `box`; `found` says whether the article stage
    saw it there (with `article_score`), or the box is just the picture's foreground.
    `attributes` holds each head's best label and its probability. `category` is what the
    picture shows where the product's words do not say; else "". `looks_like` is the category
    that the embedding network sees in the box, "other" where it is unsure, "" where it tells
    none. `outline` holds the bytes of `image.outline` of the box, b"" where it was not taken.
    """

    vector: Vector
    box: Box
    attributes: Mapping[str, tuple[str, float]]
    article_score: float
    found: bool
    category: str = ""
    looks_like: str = ""
    outline: bytes = b""

    def __post_init__(self) -> None:
        _protect(self, "attributes")


@dataclass(frozen=True, slots=True)
class Match:
    """A product with its score and the reasons for it, in words.

    `variants` are other products of the same style, most alike first.
    """

    score: float
    product: Product
    reasons: tuple[str, ...] = ()
    variants: tuple[Product, ...] = ()

    def __post_init__(self) -> None:
        _score("score", self.score)

    def to_dict(self) -> dict[str, Any]:
        """An entry of `matches` of the JSON contract."""
        return {
            "score": round(self.score, 4),
            "product": self.product.to_dict(),
            "reasons": list(self.reasons),
            "variants": [variant.to_dict() for variant in self.variants],
        }


@dataclass(frozen=True, slots=True)
class Recommendation:
    """The matches of one article; `article` is its place in the look's articles.

    `passed` says how many products of the catalog were eligible: of the category, for the
    gender, within the filters; `searched` which these were, as JSON data; `best_score` how good the
    best of them is, shown or not, None where there was none to compare.
    """

    article: int
    category: str
    role: str
    matches: tuple[Match, ...]
    passed: int = 0
    best_score: float | None = None
    searched: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _one_of("role", self.role, ("primary", "secondary"))
        _protect(self, "searched")

    @property
    def message(self) -> str | None:
        """Why there is no match, in words; None where there is one."""
        if self.matches:
            return None
        if self.best_score is None:
            return f"nothing found: {self.passed} products fit what was searched"
        return (
            f"nothing good found: the best of {self.passed} products has a score of "
            f"{self.best_score:.2f}"
        )

    def to_dict(self) -> dict[str, Any]:
        """An entry of `recommendations` of the JSON contract."""
        return {
            "article": self.article,
            "category": self.category,
            "role": self.role,
            "passed": self.passed,
            "best_score": None if self.best_score is None else round(self.best_score, 4),
            "searched": dict(self.searched),
            "message": self.message,
            "matches": [match.to_dict() for match in self.matches],
        }


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """The answer to a photo: its look and, when it was accepted, products per article."""

    look: Look
    accepted: bool
    reason: str | None
    recommendations: tuple[Recommendation, ...]
    timing_ms: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _protect(self, "timing_ms")

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `thatlook recommend`."""
        return {
            "look": self.look.to_dict(),
            "accepted": self.accepted,
            "reason": self.reason,
            "recommendations": [r.to_dict() for r in self.recommendations],
            "timing_ms": _timing(self.timing_ms),
        }


def _plain(value: Any) -> Any:
    if isinstance(value, Price):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, tuple) else value


def _rounded(values: list[float], digits: int) -> list[float]:
    return [round(float(value), digits) for value in values]


def _timing(timing_ms: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 2) for name, value in timing_ms.items()}
