"""What the benchmarks of ranking ask: products kept apart, as a phone would photograph them.

The catalog is the shared one, indexed; a query's own product is not among the answers. A match is
right when it is of the query's type and of its color or a shade of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from thatlook.core.color import related
from thatlook.core.image import decode
from thatlook.core.records import Article, Look, Product
from thatlook.core.settings import Settings
from thatlook.core.taxonomy import CATEGORIES
from thatlook.data.splits import catalog_split
from thatlook.evaluate.retrieval.degrade import degraded
from thatlook.search.recommender import Recommender
from thatlook.store.catalog import Catalog, Stored
from thatlook.vision.analyzer import Analyzer
from thatlook.vision.models.registry import resolve


@dataclass(frozen=True)
class Asked:
    """A product, and the look in a degraded photo of it that has just its article."""

    product: Product
    look: Look


def analyzer() -> Analyzer:
    return Analyzer.open(Settings.load())


def recommender(catalog: Catalog) -> Recommender:
    """As the engine makes it."""
    settings = Settings.load()
    spec = resolve("embedding", settings.embedding_model)
    return Recommender.of(catalog, spec, settings)


def asked(catalog: Catalog, images: Path, count: int) -> Iterator[Asked]:
    """`count` products kept apart (all where 0), spread over the catalog."""
    stored = {s.product.id: s for s in catalog.all_stored() if s.status == "active"}
    sides = catalog_split({key: s.product.title for key, s in stored.items()}, images)
    kept = [
        s
        for key, s in stored.items()
        if sides[key] == "val" and s.box is not None and s.product.category in CATEGORIES
    ]
    step = max(1, len(kept) // count) if count else 1
    reader = analyzer()
    for seed, found in enumerate(kept[::step]):
        yield _asked(reader, found, images / f"{found.product.id}.jpg", seed)


def _asked(reader: Analyzer, found: Stored, photo: Path, seed: int) -> Asked:
    if found.box is None:
        raise ValueError(f"{found.product.id} has no box")
    image, box = degraded(decode(photo), found.box, seed)
    article: Article = reader.article_in(image, box, found.product.category)
    height, width = image.shape[:2]
    return Asked(found.product, Look(photo.name, width, height, None, (article,)))


def right(query: Product, match: Product) -> bool:
    """Whether a shopper would take the match for what was asked for."""
    same_color = bool(query.color) and related(query.color, match.color)
    return same_color and query.product_type == match.product_type
