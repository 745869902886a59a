"""Scenes, and what is asked of whoever keeps them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from thatlook.core.ages import is_childs
from thatlook.core.records import Article, Look, Product, Recommendation
from thatlook.core.records.values import rounded_timing
from thatlook.search.index import Answers, Query
from thatlook.search.index.query import Vectors

SceneArticle = tuple[str, int]
"""A scene's id and the place of an article in it."""


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A photo of somebody dressed, as it was when it was indexed.

    `photo` is its path, `gender` the person's, "unknown" where that was not told. Boxes are in
    pixels of the photo after its EXIF rotation, (width, height) large.
    """

    id: str
    photo: str
    width: int
    height: int
    gender: str
    articles: tuple[Article, ...]

    @property
    def look(self) -> Look:
        """As a look of a photo, for whoever shows or asks with one; the person is not kept."""
        return Look(self.photo, self.width, self.height, None, self.articles)


class SceneStore(Protocol):
    """Scenes by the vectors of what is worn in them."""

    def count(self) -> int:
        """How many scenes there are."""
        ...

    def search(self, vectors: Vectors, query: Query) -> Answers:
        """The articles nearest to each of the vectors (n, dim); ids are read by `article_of`."""
        ...

    def article_of(self, hit_id: str) -> SceneArticle:
        """Which article a hit is."""
        ...

    def scenes(self, ids: Sequence[str]) -> list[Scene]:
        """The scenes with these ids, in order, those that are not there left out."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class StyledScene:
    """A scene in which the article at the place `article` is like the product asked with.

    `score` and `nearness` are as those of the product would be among the matches of that article.
    `worn_with` are products for the other articles.
    """

    scene: Scene
    article: int
    score: float
    nearness: str
    reasons: tuple[str, ...] = ()
    worn_with: tuple[Recommendation, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """An entry of `scenes` of the JSON."""
        scene = self.scene
        return {
            "id": scene.id,
            "photo": scene.photo,
            "width": scene.width,
            "height": scene.height,
            "score": round(self.score, 4),
            "nearness": self.nearness,
            "reasons": list(self.reasons),
            "article": self.article,
            "articles": [article.to_dict() for article in scene.articles],
            "worn_with": [found.to_dict() for found in self.worn_with],
        }


@dataclass(frozen=True, slots=True, eq=False)
class Styled:
    """Scenes for a product, the most alike first, of so many `indexed`."""

    product: Product
    scenes: tuple[StyledScene, ...]
    indexed: int
    timing_ms: Mapping[str, float] = field(default_factory=dict)

    @property
    def message(self) -> str | None:
        """What to say where there is nothing to show."""
        if self.scenes:
            return None
        if not self.indexed:
            return "no scenes are indexed yet: thatlook index-scenes FOLDER"
        if is_childs(self.product.age_group):
            return "people in scenes are taken for grown-ups: a child's product has none"
        return f"nothing like it is worn in the {self.indexed} scenes"

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `thatlook scenes`."""
        return {
            "product": self.product.to_dict(),
            "scenes": [one.to_dict() for one in self.scenes],
            "indexed": self.indexed,
            "message": self.message,
            "timing_ms": rounded_timing(self.timing_ms),
        }
