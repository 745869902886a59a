"""Opens and wires everything: the only place that constructs the parts of a running thatlook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from thatlook.core.addresses import is_url
from thatlook.core.checks import check_type
from thatlook.core.closing import Closing
from thatlook.core.errors import CatalogError, ModelError, PhotoError, SettingsError
from thatlook.core.image import PhotoSource, Pixels, decode, decode_photo, name_of
from thatlook.core.records import Article, Box, Look, Match, Recommendation, Result
from thatlook.core.records.shown import draw_with
from thatlook.core.records.values import path_of
from thatlook.core.settings import Settings
from thatlook.core.taxonomy import PRODUCT_GENDERS
from thatlook.search.articles import corrected_categories
from thatlook.search.completing import (
    Completer,
    CompletionRequest,
    Completions,
    Given,
    Outfits,
    given_article,
    given_product,
)
from thatlook.search.completing.outfits import OutfitFinder
from thatlook.search.index import Filters
from thatlook.search.ranking import Calibration, NearnessScale
from thatlook.search.recommender import Recommender, age_for
from thatlook.search.request import TEXT_WEIGHT, Boost, Correction, SearchRequest
from thatlook.search.words.moving import Meant, asked_with, look_with, meant_article, most_meant
from thatlook.search.words.request import WordRequest
from thatlook.search.words.searcher import Found, WordSearch
from thatlook.search.words.tower import Tower
from thatlook.store.catalog import Catalog
from thatlook.vision.analyzer import Analyzer, Stopwatch
from thatlook.vision.models.registry import resolve
from thatlook.vision.models.session import Session
from thatlook.vision.pair.spec import PairSpec
from thatlook.vision.pair.text import TextEncoder
from thatlook.vision.stages.compatibility import CompatibilityStage

if TYPE_CHECKING:
    from thatlook.search.styling import Styled
    from thatlook.store.feed import FeedMapping
    from thatlook.store.ingest import IngestReport
    from thatlook.store.scenes import SceneShelf, ScenesReport


def _in_notebook(shown: Result | Look | Match) -> str:
    from thatlook.render.notebook import html  # a notebook alone waits for templates

    return html(shown)


draw_with(_in_notebook)


class Engine(Closing):
    """Photos to products of one catalog. Use as a context manager, or call close()."""

    def __init__(self, analyzer: Analyzer, catalog: Catalog, settings: Settings) -> None:
        self._analyzer = analyzer
        self._catalog = catalog
        self._settings = settings
        spec = resolve("embedding", settings.embedding_model)
        self._recommender = Recommender.of(catalog, spec, settings)
        self._scenes: SceneShelf | None = None

    @classmethod
    def open(
        cls, catalog: str | Path, settings: Settings | None = None, *, create: bool = True
    ) -> Self:
        """An engine on the catalog at an address, which is created if it is not there.

        An address is a folder, a `catalog.toml` or a database's URL. Without `create` one that
        holds no catalog is refused. Raises CatalogError, ModelMismatchError, ModelError.
        """
        path_of("catalog", catalog, "a folder or an address")
        settings = settings or Settings.load()
        analyzer = Analyzer.open(settings)
        opened = Catalog.open(catalog, model_key=analyzer.key, dim=analyzer.dim, create=create)
        return cls(analyzer, opened, settings)

    @property
    def catalog(self) -> Catalog:
        """The opened catalog."""
        return self._catalog

    @property
    def analyzer(self) -> Analyzer:
        """The networks, wired."""
        return self._analyzer

    @property
    def settings(self) -> Settings:
        """The settings this engine was opened with."""
        return self._settings

    def close(self) -> None:
        """Closes the catalog; a closed engine cannot be used."""
        self._catalog.close()
        if self._scenes is not None:
            self._scenes.close()

    def parse(self, photo: PhotoSource) -> Look:
        """The look of a photo: a path, a file's bytes, a PIL image or a uint8 RGB array.

        Raises PhotoError.
        """
        return self._analyzer.parse(photo)

    def embed(self, crops: Sequence[PhotoSource]) -> NDArray[np.float32]:
        """Unit vectors of a list of crops, float32 (n, dim), in order; each crop as in `parse`.

        Raises PhotoError, and SettingsError for one crop that is not in a list.
        """
        return self._analyzer.embed(crops)

    def index(  # noqa: PLR0913 - all but the feed have defaults
        self,
        feed: str | Path,
        images: str | Path | None = None,
        *,
        mapping: FeedMapping | Mapping[str, str] | None = None,
        workers: int | None = None,
        strict: bool = False,
        progress: bool = False,
        allow_private: bool = False,
        allow_removals: bool = False,
        ray: str | None = None,
    ) -> IngestReport:
        """Brings the catalog up to date with a feed; says how many rows did what.

        `images` is where relative image links are looked up (default: beside the feed), a folder
        or, through fsspec, the URL of one in an object store (s3://bucket/pictures);
        `mapping` says which column of the feed holds a field, {field: column}, or is a
        FeedMapping. `workers` processes share the work (default: one per core; 0: this process
        alone). Pictures behind addresses come from public ones only, unless `allow_private`. A
        feed that would take away more than the setting `max_removed_share` of the products is
        refused, unless `allow_removals`. `ray` is the address of a Ray cluster that shares the work
        in place of processes ("local": one of this machine). Raises FeedError, CatalogError,
        SettingsError, and MissingExtraError for `ray` without the extra `cluster`.
        """
        # Here, because readers of feeds and HTTP are a tenth of what a command waits for.
        from thatlook.store.feed.fetch import Fetcher
        from thatlook.store.feed.pictures import PICTURES
        from thatlook.store.ingest import ingest

        policy = replace(PICTURES, allow_private=allow_private)
        return ingest(
            path_of("feed", feed),
            self._catalog,
            AnalyzerFactory(replace(self._settings, threads=1)),
            images=_images(images) if images else None,
            mapping=mapping,
            workers=workers,
            strict=strict,
            progress=progress,
            fetcher=Fetcher(policy),
            removal_limit=None if allow_removals else self._settings.max_removed_share,
            ray=ray,
            pair=self._analyzer.pair,
        )

    def recommend(  # noqa: PLR0913 - the fields of a SearchRequest, by name
        self,
        photo: PhotoSource,
        k: int | None = None,
        request: SearchRequest | None = None,
        *,
        gender: str | None = None,
        age: str | None = None,
        categories: Iterable[str] | None = None,
        primary: str | None = None,
        filters: Filters | None = None,
        policy: str | None = None,
        liked: Iterable[str] | None = None,
        disliked: Iterable[str] | None = None,
        corrections: Sequence[Correction] | None = None,
        in_color: str | None = None,
        box: Box | None = None,
        box_category: str | None = None,
        boosts: Sequence[Boost] | None = None,
        diversity: float | None = None,
        min_score: float | None = None,
        text: str | None = None,
        text_weight: float | None = None,
        off: Iterable[str] | None = None,
    ) -> Result:
        """Products for each article of a photo, best first.

        What is asked for is a SearchRequest, or its fields by name; a name that is given replaces
        the field of `request`. Raises PhotoError, UnknownProductError, and SettingsError, for a
        correction of what was not found too.
        """
        given = {
            "gender": gender,
            "age": age,
            "categories": categories,
            "primary": primary,
            "filters": filters,
            "policy": policy,
            "liked": liked,
            "disliked": disliked,
            "corrections": corrections,
            "in_color": in_color,
            "box": box,
            "box_category": box_category,
            "boosts": boosts,
            "diversity": diversity,
            "min_score": min_score,
            "text": text,
            "text_weight": text_weight,
            "off": off,
        }
        asked = self._request(k, request, given)
        watch = Stopwatch()
        with watch.part("decode"):
            decoded = decode_photo(photo, self._settings)
        return self.recommend_image(decoded.image, name_of(photo), asked, watch, decoded.size)

    def recommend_image(
        self,
        image: Pixels,
        name: str,
        request: SearchRequest,
        watch: Stopwatch | None = None,
        size: tuple[int, int] | None = None,
    ) -> Result:
        """The same for a decoded photo; `size` is its own (width, height) where it was decoded at
        reduced scale: boxes, those asked for too, are in pixels of that.
        """
        watch = watch or Stopwatch()
        look = self._analyzer.parse_image(image, name, watch)
        look = look.at_size(*size) if size else look
        if request.box is not None:
            look = replace(look, articles=(self._drawn(image, look, request),))
        if request.corrections:
            with watch.part("embedding"):
                look = self._corrected(image, look, request)
            request = request.corrected()
        refusal = _refusal(look) if request.policy == "full" else None
        with watch.part("search"):
            told, found = self._found(look, request) if refusal is None else ((), ())
        return Result(look, refusal is None, refusal, found, watch.timing_ms, image, told)

    def _found(
        self, look: Look, request: SearchRequest
    ) -> tuple[tuple[Mapping[str, str], ...], tuple[Recommendation, ...]]:
        """What was understood of the words beside a photo, and the products for its look."""
        if not request.text:
            return (), self._recommender.for_look(look, request)
        words = self._tower_search
        understood = words.understood(WordRequest(text=request.text, off=request.off))
        asked = replace(asked_with(understood, request), worded=words.beside_photo(understood))
        moved = look_with(look, words.told(understood.plain), request.text_weight)
        chips = tuple(chip.to_dict() for chip in understood.chips)
        return chips, self._recommender.for_look(moved, asked)

    def search(  # noqa: PLR0913 - the fields of a WordRequest, by name
        self,
        text: str,
        photo: PhotoSource | None = None,
        k: int | None = None,
        *,
        offset: int = 0,
        category: str | None = None,
        gender: str | None = None,
        age: str = "auto",
        filters: Filters | None = None,
        off: Iterable[str] = (),
        text_weight: float = TEXT_WEIGHT,
    ) -> Found:
        """Products for words, and for the article of a photo that the words speak of, best first.

        What was understood of the words is among the answer's `understood.chips`; `off` takes the
        keys of those that shall not count. See WordRequest. Raises PhotoError, SettingsError.
        """
        watch = Stopwatch()
        words = self._word_search()
        request = WordRequest(
            text=text,
            k=self._request(k, None, {}).k,
            offset=offset,
            category=category,
            gender=gender,
            age=age,
            filters=filters or Filters(),
            off=frozenset(off),
            text_weight=text_weight,
        )
        look, meant = None, None
        if photo is not None:
            with watch.part("decode"):
                decoded = decode_photo(photo, self._settings)
            look = self._analyzer.parse_image(decoded.image, name_of(photo), watch)
            told = category or words.understood(request).category
            meant = meant_article(look.articles, told, most_meant(look.articles))
            request = _of_article(request, look, meant)
            if meant is not None and words is not self._tower_search:
                vector = self._analyzer.pair_vector(decoded.image, meant.article.box)
                request = replace(request, vector=vector)
            look = look.at_size(*decoded.size)
        with watch.part("search"):
            found = words.find(request)
        place = None if meant is None else meant.place
        return replace(found, look=look, article=place, timing_ms=watch.timing_ms)

    def _word_search(self) -> WordSearch:
        """The search for words: by the vectors of the text-image pair where the catalog has them,
        else by those of the text tower. Raises ModelError.
        """
        shelf, pair = self._catalog.pair_shelf(), self._analyzer.pair
        if shelf is None or pair is None or shelf.model_key != pair[0]:
            return self._tower_search
        return WordSearch(shelf, self._pair_texts, in_stock=self._hides)

    @cached_property
    def _pair_texts(self) -> TextEncoder:
        settings = self._settings
        return TextEncoder.of(PairSpec.named(settings.text_image_model), settings.threads)

    @cached_property
    def _tower_search(self) -> WordSearch:
        tower = Tower.of(resolve("text", self._settings.text_model))
        return WordSearch(self._catalog, tower, in_stock=self._hides)

    @property
    def _hides(self) -> bool:
        """Whether products out of stock are left out."""
        return self._settings.out_of_stock == "hide"

    def _drawn(self, image: Pixels, look: Look, request: SearchRequest) -> Article:
        """The article in the box that the user drew."""
        if request.box is None or request.box_category is None:
            raise SettingsError("a drawn box needs its category, and a category its box")
        box = request.box.clipped(look.width, look.height)
        if box is None:
            size = f"{look.width} x {look.height}"
            raise SettingsError(
                f"the drawn box {request.box.to_list()} is outside the {size} photo"
            )
        return self._read_as(image, look, box, request.box_category)

    def _read_as(self, image: Pixels, look: Look, box: Box, category: str) -> Article:
        """The article in a box of the look's pixels, which may be more than the image's."""
        return self._read_all_as(image, look, [(category, box)])[0]

    def _read_all_as(
        self, image: Pixels, look: Look, named: Sequence[tuple[str, Box]]
    ) -> list[Article]:
        scale = image.shape[1] / look.width, image.shape[0] / look.height
        shown = [(category, box.stretched(*scale)) for category, box in named]
        found = self._analyzer.articles_in(image, shown, worn=look.person is not None)
        return [replace(one, box=box) for one, (_, box) in zip(found, named, strict=True)]

    def _corrected(self, image: Pixels, look: Look, request: SearchRequest) -> Look:
        """The look with its articles under the categories that the user says they are of."""
        categories = corrected_categories(look.articles, request)
        changed = [
            index
            for index, (article, category) in enumerate(zip(look.articles, categories, strict=True))
            if category != article.category
        ]
        articles = list(look.articles)
        named = [(categories[index], articles[index].box) for index in changed]
        for index, read in zip(changed, self._read_all_as(image, look, named), strict=True):
            articles[index] = replace(read, mask=articles[index].mask)
        return replace(look, articles=tuple(articles))

    def _request(
        self, k: int | None, request: SearchRequest | None, given: Mapping[str, Any]
    ) -> SearchRequest:
        """`request`, or the default one, with what is given by name, and not more than max_k."""
        fields = {name: value for name, value in {**given, "k": k}.items() if value is not None}
        if request is None:
            request = SearchRequest(k=self._settings.default_k)
        check_type("request", request, SearchRequest)
        asked = replace(request, **fields)
        if asked.k > self._settings.max_k:
            raise SettingsError(f"k must be {self._settings.max_k} or less, not {asked.k}")
        return asked

    def similar(  # noqa: PLR0913 - the fields of a SearchRequest that apply, by name
        self,
        product_id: str,
        k: int | None = None,
        request: SearchRequest | None = None,
        *,
        age: str | None = None,
        filters: Filters | None = None,
        boosts: Sequence[Boost] | None = None,
        diversity: float | None = None,
        min_score: float | None = None,
    ) -> tuple[Match, ...]:
        """Products like one of the catalog, of its category, for its gender and age, best first.

        Raises UnknownProductError, SettingsError.
        """
        given = {
            "age": age,
            "filters": filters,
            "boosts": boosts,
            "diversity": diversity,
            "min_score": min_score,
        }
        return self._recommender.similar(product_id, self._request(k, request, given))

    def shop_the_look(  # noqa: PLR0913 - the fields of a SearchRequest that apply, by name
        self,
        product_id: str,
        k: int | None = None,
        request: SearchRequest | None = None,
        *,
        gender: str | None = None,
        age: str | None = None,
        categories: Iterable[str] | None = None,
        primary: str | None = None,
        filters: Filters | None = None,
        boosts: Sequence[Boost] | None = None,
        diversity: float | None = None,
        min_score: float | None = None,
    ) -> Result:
        """Products for everything that is worn with a product in its own pictures.

        Of the product's pictures the front-facing full shot is taken, of several the one that
        shows the front most surely; where there is none the result is refused, with the reason. The
        product's own article is the primary one, unless the request names another, and the product
        itself is not recommended; for a child's product children's are. Costs a parse per picture.
        Raises UnknownProductError, SettingsError.
        """
        given = {
            "gender": gender,
            "age": age,
            "categories": categories,
            "primary": primary,
            "filters": filters,
            "boosts": boosts,
            "diversity": diversity,
            "min_score": min_score,
        }
        asked = self._request(k, request, given)
        product = self._catalog.product(product_id)
        excluded = asked.filters.exclude_ids | {product_id}
        asked = replace(asked, filters=replace(asked.filters, exclude_ids=excluded))
        watch = Stopwatch()
        seen = list(self._looks(product_id, watch))
        full = [one for one in seen if one[0].person and one[0].person.gate.passed]
        if not full:
            words = f"none of the product's {len(seen)} pictures is a front-facing full shot"
            shown, image = seen[0] if seen else (Look(product_id, 1, 1, None, ()), None)
            return Result(shown, False, words, (), watch.timing_ms, image)
        best, image = max(full, key=lambda one: one[0].person.view_score if one[0].person else 0.0)
        if asked.age == "auto" and asked.filters.age == "any":
            asked = replace(asked, age=age_for(product))
        if asked.primary is None and product.category in {a.category for a in best.articles}:
            asked = replace(asked, primary=product.category)
        with watch.part("search"):
            found = self._recommender.for_look(best, asked)
        return Result(best, True, None, found, watch.timing_ms, image)

    def index_scenes(
        self,
        folder: str | Path,
        *,
        workers: int | None = None,
        progress: bool = False,
    ) -> ScenesReport:
        """Brings the scenes beside the catalog up to date with a folder of photos of dressed
        people: street photos, shoppers' posts. The photos stay where they are.

        `workers` processes look at them (default: one per core; 0: this one). Raises DataError
        where there are none, CatalogError.
        """
        from thatlook.store.scenes import SceneShelf, index_scenes

        if self._scenes is None:
            self._scenes = SceneShelf.open(self._catalog.home, *self._vectors_of)
        factory = AnalyzerFactory(replace(self._settings, threads=1, text_image_model=""))
        found = path_of("folder", folder)
        return index_scenes(found, self._scenes, factory, workers=workers, progress=progress)

    def styled_with(
        self,
        product_id: str,
        k: int = 6,
        *,
        min_score: float | None = None,
        others: int = 3,
    ) -> Styled:
        """Scenes in which something like a product is worn, the most alike first, each with
        products for what else is worn there.

        Scenes that score less than `min_score` (None: the setting `similar_score`) are left out;
        `others` is the number of products per article. Raises UnknownProductError, CatalogError.
        """
        from thatlook.search.styling import Styled, Styler

        watch = Stopwatch()
        shelf = self._scene_shelf()
        if shelf is None:
            return Styled(self._catalog.product(product_id), (), 0)
        settings = self._settings
        spec = resolve("embedding", settings.embedding_model)
        styler = Styler(
            self._catalog,
            shelf,
            self._recommender,
            Calibration.of(spec.details.get("calibration", {})),
            NearnessScale(settings.very_close_score, settings.similar_score),
        )
        with watch.part("search"):
            found = styler.styled(product_id, k, min_score, others)
        return replace(found, timing_ms=watch.timing_ms)

    def scene_picture(self, scene_id: str) -> Path:
        """The file of a scene's photo. Raises CatalogError where it is unknown or gone."""
        shelf = self._scene_shelf()
        if shelf is None:
            raise CatalogError(f"no photo of the scene {scene_id!r} is there")
        return shelf.picture(scene_id)

    @property
    def _vectors_of(self) -> tuple[str, int]:
        """The key and dim of the embedding network."""
        return self._analyzer.key, self._analyzer.dim

    def _scene_shelf(self) -> SceneShelf | None:
        """The scenes beside the catalog, opened once they are there."""
        from thatlook.store.scenes import SceneShelf

        if self._scenes is None:
            self._scenes = SceneShelf.there(self._catalog.home, *self._vectors_of)
        return self._scenes

    def complete(
        self,
        worn: PhotoSource | list[str] | tuple[str, ...],
        request: CompletionRequest | None = None,
    ) -> Completions:
        """What goes with what is worn in a photo, or with products of the catalog (a list of ids),
        category by category, best first, each with its reasons.

        The categories are those that are missing, unless the request names some. Costs a parse of
        the photo and a search per category. Raises PhotoError, UnknownProductError, CatalogError,
        ModelError.
        """
        asked = request or CompletionRequest()
        watch = Stopwatch()
        given, gender = self._given(worn, asked, watch)
        if not given:
            return Completions((), (), "nothing worn was found", watch.timing_ms)
        with watch.part("search"):
            found = self._completer.complete(given, gender, asked)
        return replace(found, timing_ms=watch.timing_ms)

    def outfits(
        self,
        worn: PhotoSource | list[str] | tuple[str, ...],
        request: CompletionRequest | None = None,
    ) -> Outfits:
        """Whole outfits around products of the catalog (a list of ids, which may be empty) or what
        is worn in a photo: a top and a bottom, or a dress, and shoes; best first.

        No outfit costs more than the request's budget; where none is possible, the message says
        why. Raises as `complete`, and SettingsError for a budget in no one currency.
        """
        asked = request or CompletionRequest(k=3)
        watch = Stopwatch()
        given, gender = self._given(worn, asked, watch)
        with watch.part("search"):
            found = OutfitFinder(self._catalog, self._completer).outfits(given, gender, asked)
        return replace(found, timing_ms=watch.timing_ms)

    @cached_property
    def _completer(self) -> Completer:
        settings = self._settings
        network = Session(resolve("compatibility", settings.compatibility_model), settings.threads)
        embedding = resolve("embedding", settings.embedding_model)
        if self._catalog.model_key != embedding.key:
            raise ModelError(
                f"{network.spec.id} reads vectors of {embedding.key}, the catalog's are of "
                f"{self._catalog.model_key}; thatlook train compatibility makes one for others"
            )
        stage = CompatibilityStage(network, embedding)
        return Completer(self._catalog, stage, in_stock=self._hides)

    def _given(
        self,
        worn: PhotoSource | list[str] | tuple[str, ...],
        asked: CompletionRequest,
        watch: Stopwatch,
    ) -> tuple[list[Given], str]:
        """The pieces given, and the gender of whom it is for."""
        if isinstance(worn, list | tuple):
            stored = self._catalog.stored_many([str(one) for one in worn])
            genders = {one.product.gender for one in stored} & {"female", "male"}
            found = [given_product(one) for one in stored]
        else:
            with watch.part("decode"):
                image = decode(worn, self._settings)
            look = self._analyzer.parse_image(image, name_of(worn), watch)
            genders = {look.person.gender} if look.person else set()
            seen = [given_article(article) for article in look.articles]
            found = [one for one in seen if one is not None]
        known = genders.pop() if len(genders) == 1 else "unknown"
        return found, known if asked.gender == "auto" else asked.gender

    def _looks(self, product_id: str, watch: Stopwatch) -> Iterator[tuple[Look, Pixels]]:
        """The look and the image of each picture of a product that can be read."""
        for path in self._catalog.pictures(product_id):
            try:
                with watch.part("decode"):
                    photo = decode_photo(path, self._settings)
            except PhotoError:
                continue  # replaced since it was indexed; the others count
            look = self._analyzer.parse_image(photo.image, path.name, watch)
            yield look.at_size(*photo.size), photo.image

    def picture(self, product_id: str) -> Pixels | None:
        """The image of a product as RGB, or None when it can no longer be had.

        Raises UnknownProductError.
        """
        self._catalog.stored(product_id)
        try:
            return decode(self._catalog.image(product_id), self._settings)
        except (CatalogError, PhotoError):
            return None


def _images(images: str | Path) -> str | Path:
    """The folder of a feed's pictures, or the URL of one in an object store."""
    remote = isinstance(images, str) and is_url(images)
    return images if remote else path_of("images", images)


@dataclass(frozen=True, slots=True)
class AnalyzerFactory:
    """Makes an analyzer in a worker process; can be sent there."""

    settings: Settings

    def __call__(self) -> Analyzer:
        """A new analyzer with these settings."""
        return Analyzer.open(self.settings)


def _of_article(request: WordRequest, look: Look, meant: Meant | None) -> WordRequest:
    """The request for an article of a look: its vector, category and type, the person's gender."""
    if meant is None:
        return request
    gender = look.person.gender if look.person else None
    return replace(
        request,
        vector=meant.article.vector,
        photo_type=meant.article.attributes.get("type", ""),
        category=request.category or meant.article.category,
        photo_gender=gender if gender in PRODUCT_GENDERS else None,
    )


def _refusal(look: Look) -> str | None:
    if look.person is None:
        return "no person was found"
    return None if look.person.gate.passed else "; ".join(look.person.gate.failed)
