"""What is understood in a photo: the person, the articles worn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from thatlook.core.errors import SettingsError
from thatlook.core.records.geometry import Box, Keypoint, Mask
from thatlook.core.records.shown import Shown
from thatlook.core.records.values import (
    Vector,
    check_one_of,
    check_score,
    read_only,
    rounded,
    rounded_timing,
)
from thatlook.core.taxonomy import CATEGORIES, KEYPOINTS, PERSON_GENDERS, VIEWS


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
        check_one_of("view", self.view, VIEWS)
        check_one_of("gender", self.gender, PERSON_GENDERS)
        for name in ("score", "view_score", "gender_score"):
            check_score(name, getattr(self, name))

    def to_dict(self) -> dict[str, Any]:
        """The `person` object of the JSON contract."""
        return {
            "box": rounded(self.box.to_list(), 1),
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
class Article:
    """One garment or accessory worn by the main person."""

    category: str
    box: Box
    score: float
    attributes: Mapping[str, str] = field(default_factory=dict)
    vector: Vector | None = None
    mask: Mask | None = None

    def __post_init__(self) -> None:
        check_one_of("category", self.category, CATEGORIES)
        check_score("score", self.score)
        read_only(self, "attributes")

    def to_dict(self) -> dict[str, Any]:
        """An entry of `articles` of the JSON contract."""
        return {
            "category": self.category,
            "box": rounded(self.box.to_list(), 1),
            "score": round(self.score, 4),
            "attributes": dict(self.attributes),
        }


@dataclass(frozen=True, slots=True, eq=False)
class Look(Shown):
    """What was understood in a photo: the main person, or None, and the articles worn."""

    photo: str
    width: int
    height: int
    person: Person | None
    articles: tuple[Article, ...]
    timing_ms: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        read_only(self, "timing_ms")

    def at_size(self, width: int, height: int) -> Look:
        """The look in the same photo at another size: boxes and key points in its pixels."""
        if (width, height) == (self.width, self.height):
            return self
        sx, sy = width / self.width, height / self.height
        return replace(
            self,
            width=width,
            height=height,
            person=self.person and _stretched_person(self.person, sx, sy),
            articles=tuple(_stretched_article(article, sx, sy) for article in self.articles),
        )

    def to_dict(self) -> dict[str, Any]:
        """One line of `thatlook parse`."""
        return {
            "photo": self.photo,
            "width": self.width,
            "height": self.height,
            "person": self.person.to_dict() if self.person else None,
            "articles": [article.to_dict() for article in self.articles],
            "timing_ms": rounded_timing(self.timing_ms),
        }


def _stretched_person(person: Person, sx: float, sy: float) -> Person:
    points = tuple(replace(point, x=point.x * sx, y=point.y * sy) for point in person.keypoints)
    return replace(person, box=person.box.stretched(sx, sy), keypoints=points)


def _stretched_article(article: Article, sx: float, sy: float) -> Article:
    mask = article.mask and replace(article.mask, box=article.mask.box.stretched(sx, sy))
    return replace(article, box=article.box.stretched(sx, sy), mask=mask)
