"""The shapes of the answers, for the OpenAPI description. More fields may be added to each."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from thatlook.service.schemas import Category

Four = Annotated[list[float], Field(min_length=4, max_length=4)]
Share = Annotated[float, Field(ge=0, le=1)]
Timing = dict[str, float]


class Answer(BaseModel):
    """An object of an answer."""

    model_config = ConfigDict(extra="allow")


class ProblemDocument(Answer):
    """RFC 9457. `code` is stable and for programs, `detail` for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str
    errors: list[dict[str, str]] = []


class PersonAnswer(Answer):
    """The main person. `keypoints` are [x, y, score], 17 of them, in COCO's order."""

    box: Four
    score: Share
    keypoints: list[Annotated[list[float], Field(min_length=3, max_length=3)]]
    full_shot: bool
    view: Literal["front", "side", "back"]
    view_score: Share
    gender: Literal["female", "male", "unknown"]
    gender_score: Share


class MaskAnswer(Answer):
    """Which pixels are the article: a grey PNG in base64, spread evenly over `box`."""

    box: Four
    png: str


class ArticleAnswer(Answer):
    """A garment or accessory worn. Boxes are [x0, y0, x1, y1] in pixels of the photo."""

    category: Category
    box: Four
    score: Share
    attributes: dict[str, str]
    mask: MaskAnswer | None = None


class LookAnswer(Answer):
    """What was understood in a photo."""

    photo: str
    width: int
    height: int
    person: PersonAnswer | None
    articles: list[ArticleAnswer]
    timing_ms: Timing


class ProductAnswer(Answer):
    """A product. Fields that a shop did not give are left out, or empty."""

    id: str
    title: str
    category: str
    gender: Literal["female", "male", "unisex"]
    brand: str
    color: str
    price: str | None
    link: str
    image_link: str


class MatchAnswer(Answer):
    """A product with its score, what that is called (not for words), and the reasons.

    `team` is there where two rankings are shown as one: which of them brought it.
    """

    score: Share
    nearness: Literal["very close", "similar", "same idea"] | None = None
    team: Literal["a", "b"] | None = None
    product: ProductAnswer
    reasons: list[str]
    variants: list[ProductAnswer] = []


class RecommendationOfArticle(Answer):
    """The matches of one article of the look; `passed` products were eligible.

    `searched` says which these were, with the `neighbours`: categories searched too because nothing
    was similar; `best_score` how good the best is; `message` why no match is shown, or that
    neighbours were searched.
    """

    article: int
    category: Category
    role: Literal["primary", "secondary"]
    matches: list[MatchAnswer]
    passed: int = 0
    best_score: Share | None = None
    searched: dict[str, Any] = {}
    message: str | None = None


class SceneAnswer(Answer):
    """A photo in which the article at the place `article` is like the product asked with.

    `photo` is the address of its picture; boxes are in pixels of the photo, `width` x `height`.
    `worn_with` are products for the other articles.
    """

    id: str
    photo: str
    width: int
    height: int
    score: Share
    nearness: Literal["very close", "similar", "same idea"]
    reasons: list[str]
    article: int
    articles: list[ArticleAnswer]
    worn_with: list[RecommendationOfArticle]


class StyledAnswer(Answer):
    """Scenes for a product, of so many `indexed`; `message` says why there are none."""

    product: ProductAnswer
    scenes: list[SceneAnswer]
    indexed: int
    message: str | None
    timing_ms: Timing


class ChipAnswer(Answer):
    """A part of what words were taken for: sent back as `off`, its `key` no longer counts."""

    key: str
    kind: str
    value: str
    words: str
    shown: str


class CountAnswer(Answer):
    """So many of the products found have this value."""

    value: str
    count: int


class PriceCountAnswer(Answer):
    """So many of the products found cost this."""

    min: float
    max: float
    count: int


class FacetsAnswer(Answer):
    """Counts of the products found, most first."""

    category: list[CountAnswer]
    color: list[CountAnswer]
    brand: list[CountAnswer]
    price: list[PriceCountAnswer]


class WordsAnswer(Answer):
    """Products for words: a page of `total`, from `offset` on.

    `by_likeness` says whether the products' pictures were compared with the words too, and
    `compared_by` by which network.
    """

    text: str
    understood: list[ChipAnswer]
    total: int
    offset: int
    matches: list[MatchAnswer]
    facets: FacetsAnswer
    by_likeness: bool
    compared_by: str | None
    message: str | None
    timing_ms: Timing


class ProductsAnswer(Answer):
    """A page of the products, from `offset` on; `total` and `facets` count all of them."""

    total: int
    offset: int
    products: list[ProductAnswer]
    understood: list[ChipAnswer]
    facets: FacetsAnswer


class RecommendationsAnswer(Answer):
    """The look and its recommendations; none, with the reason, where it was refused.

    `understood` is there where words came with the photo.
    """

    look: LookAnswer
    accepted: bool
    reason: str | None
    recommendations: list[RecommendationOfArticle]
    understood: list[ChipAnswer] = []
    timing_ms: Timing


class SimilarAnswer(Answer):
    """Products like one of the catalog."""

    product: ProductAnswer
    matches: list[MatchAnswer]


class StoredAnswer(Answer):
    """A product as it was stored. `found` says whether its article was seen in the picture."""

    product: ProductAnswer
    created: bool
    box: Four | None
    found: bool
    attributes: dict[str, Any]


class PriceRangeAnswer(Answer):
    """What products cost in one currency, "" where the feed names none."""

    currency: str
    min: float
    max: float
    count: int


class OfferedAnswer(Answer):
    """What shoppers can choose among, most frequent first, at most 500 of each; seasons in their
    order.
    """

    brands: list[CountAnswer]
    colors: list[CountAnswer]
    genders: list[CountAnswer]
    availability: list[CountAnswer]
    age_groups: list[CountAnswer]
    seasons: list[CountAnswer]
    prices: list[PriceRangeAnswer]
    all_brands: bool


class InfoAnswer(Answer):
    """What the page needs to know of the service."""

    version: str
    products: int
    categories: dict[str, int]
    offered: OfferedAnswer
    colors: dict[str, str]
    max_photo_bytes: int
    max_photo_pixels: int
    photo_url: bool
    key_needed: bool
    feedback: bool = False


class HealthAnswer(Answer):
    """The service lives, or is ready."""

    status: str


class GivenAnswer(Answer):
    """A piece that is worn or chosen; `product` is its id where it is a product."""

    category: str
    type: str
    color: str
    product: str | None = None


class CompletionOfCategory(Answer):
    """Products of one category that go with what is given; `passed` were eligible."""

    category: Category
    passed: int
    matches: list[MatchAnswer]


class CompletionsAnswer(Answer):
    """What goes with what is given, by category; `message` says why there is nothing."""

    given: list[GivenAnswer]
    completions: list[CompletionOfCategory]
    message: str | None
    timing_ms: Timing


class OutfitAnswer(Answer):
    """Products that make an outfit; `total` is what they cost, null where one has no price."""

    score: Share
    total: str | None
    matches: list[MatchAnswer]


class FeedbackAnswer(Answer):
    """How many of the products that were told of were kept."""

    kept: int


class OutfitsAnswer(Answer):
    """Whole outfits; `message` says why there are none."""

    given: list[GivenAnswer]
    outfits: list[OutfitAnswer]
    message: str | None
    timing_ms: Timing
