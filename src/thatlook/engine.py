"""Opens and wires everything: the only place that constructs the parts of a running thatlook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from thatlook.analyzer import Analyzer, Stopwatch
from thatlook.catalog import Catalog, Filters, Hit, Query
from thatlook.errors import SettingsError
from thatlook.image import PhotoSource, Pixels, decode, name_of
from thatlook.ingest import IngestReport, ingest
from thatlook.models.registry import resolve
from thatlook.ranking import Curve, Traits, distinct, most_prominent, reasons
from thatlook.records import Article, Look, Match, Product, Recommendation, Result
from thatlook.settings import Settings
from thatlook.taxonomy import CATEGORIES

GENDER_CHOICES: Final = ("auto", "female", "male", "any")
POLICIES: Final = ("any", "full")
SPARE: Final = 2
"""Times k that are fetched, so that k are left when the same picture came under two ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a shopper asked for beside the photo. None means no wish."""

    k: int = 10
    gender: str = "auto"
    categories: frozenset[str] | None = None
    primary: str | None = None
    filters: Filters = field(default_factory=Filters)
    policy: str = "any"

    def __post_init__(self) -> None:
        if self.k < 1:
            raise SettingsError(f"k must be 1 or more, not {self.k}")
        if self.gender not in GENDER_CHOICES:
            raise SettingsError(f"gender must be one of {GENDER_CHOICES}, not {self.gender!r}")
        if self.policy not in POLICIES:
            raise SettingsError(f"policy must be one of {POLICIES}, not {self.policy!r}")
        for category in [*(self.categories or ()), *filter(None, [self.primary])]:
            if category not in CATEGORIES:
                raise SettingsError(f"category must be one of {CATEGORIES}, not {category!r}")


class Engine:
    """Photos to products of one catalog. Use as a context manager, or call close()."""

    def __init__(self, analyzer: Analyzer, catalog: Catalog, settings: Settings) -> None:
        self._analyzer = analyzer
        self._catalog = catalog
        self._settings = settings
        spec = resolve("embedding", settings.embedding_model)
        self._curve = Curve(**spec.details.get("calibration", {}))

    @classmethod
    def open(cls, catalog: str | Path, settings: Settings | None = None) -> Self:
        """An engine on the catalog in a folder, which is created if it is not there.

        Raises CatalogError, ModelMismatchError, ModelError.
        """
        settings = settings or Settings.load()
        analyzer = Analyzer.open(settings)
        opened = Catalog.open(Path(catalog), model_key=analyzer.key, dim=analyzer.dim)
        return cls(analyzer, opened, settings)

    @property
    def catalog(self) -> Catalog:
        """The opened catalog."""
        return self._catalog

    @property
    def analyzer(self) -> Analyzer:
        """The networks, wired."""
        return self._analyzer

    def close(self) -> None:
        """Closes the catalog; a closed engine cannot be used."""
        self._catalog.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def parse(self, photo: PhotoSource) -> Look:
        """The look of a photo. Raises PhotoError."""
        return self._analyzer.parse(photo)

    def embed(self, crops: Sequence[PhotoSource]) -> NDArray[np.float32]:
        """Unit vectors of crops, float32 (n, dim). Raises PhotoError."""
        return self._analyzer.embed(crops)

    def index(
        self,
        feed: str | Path,
        images: str | Path | None = None,
        *,
        mapping: Mapping[str, str] | None = None,
        workers: int | None = None,
        strict: bool = False,
        progress: bool = False,
    ) -> IngestReport:
        """Brings the catalog up to date with a feed; says how many rows did what.

        `images` is where relative image links are looked up (default: beside the feed);
        `mapping` says which column of the feed holds a field, {field: column}. `workers`
        processes share the work (default: one per core; 0: this process alone).
        Raises FeedError, CatalogError.
        """
        return ingest(
            Path(feed),
            self._catalog,
            _AnalyzerFactory(replace(self._settings, threads=1)),
            images=Path(images) if images else None,
            mapping=mapping,
            workers=workers,
            strict=strict,
            progress=progress,
        )

    def recommend(
        self, photo: PhotoSource, k: int | None = None, wish: Wish | None = None, **wishes: Any
    ) -> Result:
        """Products for each article of a photo, best first.

        Wishes are Wish's fields, given as a Wish or by name: gender, categories, primary,
        filters, policy. Raises PhotoError, SettingsError.
        """
        wish = self._wish(k, wish, wishes)
        watch = Stopwatch()
        with watch.part("decode"):
            image = decode(photo, self._settings)
        return self.recommend_image(image, name_of(photo), wish, watch)

    def recommend_image(
        self, image: Pixels, name: str, wish: Wish, watch: Stopwatch | None = None
    ) -> Result:
        """The same for a decoded photo."""
        watch = watch or Stopwatch()
        look = self._analyzer.parse_image(image, name, watch)
        refusal = _refusal(look) if wish.policy == "full" else None
        found: tuple[Recommendation, ...] = ()
        if refusal is None:
            with watch.part("search"):
                found = self._recommendations(look, wish)
        return Result(look, refusal is None, refusal, found, watch.timing_ms)

    def _wish(self, k: int | None, wish: Wish | None, wishes: dict[str, Any]) -> Wish:
        try:
            wish = replace(wish or Wish(k=self._settings.default_k), **wishes)
        except TypeError as error:
            raise SettingsError(f"not a wish: {error}") from error
        wish = replace(wish, k=k) if k is not None else wish
        if wish.k > self._settings.max_k:
            raise SettingsError(f"k must be {self._settings.max_k} or less, not {wish.k}")
        return wish

    def _recommendations(self, look: Look, wish: Wish) -> tuple[Recommendation, ...]:
        primary = _primary(look.articles, wish)
        genders = _genders(look, wish.gender)
        found = []
        for place, article in enumerate(look.articles):
            if wish.categories is not None and article.category not in wish.categories:
                continue
            role = "primary" if place == primary else "secondary"
            matches = self._matches(article, genders, wish)
            found.append(Recommendation(place, article.category, role, matches))
        return tuple(sorted(found, key=lambda entry: entry.role != "primary"))

    def _matches(
        self, article: Article, genders: frozenset[str] | None, wish: Wish
    ) -> tuple[Match, ...]:
        if article.vector is None:
            return ()
        query = Query(article.category, genders, wish.k * SPARE, wish.filters)
        hits = self._catalog.search(article.vector[None], query)[0]
        return self._ranked(hits, Traits.of(article.attributes), wish.k)

    def _ranked(self, hits: Sequence[Hit], traits: Traits, k: int) -> tuple[Match, ...]:
        if not hits:
            return ()
        vectors = np.stack([self._catalog.vector(hit.product_id) for hit in hits])
        return tuple(self._match(hits[place], traits) for place in distinct(vectors, k))

    def _match(self, hit: Hit, traits: Traits) -> Match:
        product = self._catalog.product(hit.product_id)
        why = reasons(traits, _traits_of(product), hit.similarity)
        return Match(self._curve.score(hit.similarity), product, why)

    def similar(
        self, product_id: str, k: int | None = None, filters: Filters | None = None
    ) -> tuple[Match, ...]:
        """Products like one of the catalog, of its category and gender, best first.

        Raises UnknownProductError.
        """
        k = self._wish(k, None, {}).k
        product = self._catalog.product(product_id)
        filters = filters or Filters()
        others = replace(filters, exclude_ids=filters.exclude_ids | {product_id})
        genders = None if product.gender == "unisex" else frozenset({product.gender, "unisex"})
        query = Query(product.category, genders, k * SPARE, others)
        hits = self._catalog.search(self._catalog.vector(product_id)[None], query)[0]
        return self._ranked(hits, _traits_of(product), k)

    def picture(self, product_id: str) -> Pixels | None:
        """The image of a product as RGB, or None when it can no longer be had."""
        source = self._catalog.image(product_id)
        return decode(source, self._settings) if source is not None else None


@dataclass(frozen=True, slots=True)
class _AnalyzerFactory:
    """Makes an analyzer in a worker process; can be sent there."""

    settings: Settings

    def __call__(self) -> Analyzer:
        return Analyzer.open(self.settings)


def _refusal(look: Look) -> str | None:
    if look.person is None:
        return "no person was found"
    return None if look.person.gate.passed else "; ".join(look.person.gate.failed)


def _genders(look: Look, choice: str) -> frozenset[str] | None:
    """The product genders to search, or None for all."""
    known = look.person.gender if look.person else "unknown"
    gender = known if choice == "auto" else choice
    return frozenset({gender, "unisex"}) if gender in {"female", "male"} else None


def _primary(articles: Sequence[Article], wish: Wish) -> int | None:
    """The article of the wished category, else the most prominent among those searched."""
    allowed = {wish.primary} if wish.primary else wish.categories
    places = [
        place
        for place, article in enumerate(articles)
        if allowed is None or article.category in allowed
    ]
    best = most_prominent(
        [(articles[p].category, articles[p].score, articles[p].box.area) for p in places]
    )
    return None if best is None else places[best]


def _traits_of(product: Product) -> Traits:
    return Traits(product.product_type, product.color.lower(), product.pattern.lower())
