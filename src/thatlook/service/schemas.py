"""What comes in with a photo or a search, validated. What goes out is in `answers`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from thatlook.core.records import NEARNESS, Box, normal_id
from thatlook.core.taxonomy import CATEGORIES, PRODUCT_CATEGORIES
from thatlook.search.completing import CompletionRequest
from thatlook.search.index import Filters
from thatlook.search.request import Boost, Correction, SearchRequest
from thatlook.service.bodies import Body
from thatlook.service.problems import invalid
from thatlook.store.feedback.records import (
    KINDS,
    MAX_POSITION,
    SOURCES,
    TEAMS,
    ShownList,
    Told,
)

if TYPE_CHECKING:
    Category = str
    ProductCategory = str
    Kind = str
    Nearness = str
    RowCategory = str
    Source = str
    Team = str
else:
    Category = Literal[CATEGORIES]
    ProductCategory = Literal[PRODUCT_CATEGORIES]
    Kind, Source, Team = Literal[KINDS], Literal[SOURCES], Literal[TEAMS]
    Nearness, RowCategory = Literal[("", *NEARNESS)], Literal[("", *PRODUCT_CATEGORIES)]
Text = Annotated[str, Field(min_length=1, max_length=200)]
Texts = Annotated[list[Text], Field(max_length=200)]
Ids = Annotated[list[Text], Field(max_length=1000)]
Photo = Annotated[str, Field(json_schema_extra={"format": "binary"})]
Amount = Annotated[Decimal, Field(ge=0, max_digits=15)]


class StrictBody(BaseModel):
    """A body whose unknown fields are refused: a misspelt field is not silently ignored."""

    model_config = ConfigDict(extra="forbid")

    @classmethod
    def of(cls, body: Body) -> Self:
        """The validated fields of a body. Raises Problem 422."""
        try:
            return cls.model_validate(cls.from_form(body.fields) if body.form else body.fields)
        except ValidationError as error:
            found = error.errors(include_url=False)
            raise invalid(found, cls.model_fields) from error

    @classmethod
    def from_form(cls, fields: Mapping[str, list[str]]) -> dict[str, Any]:
        """A form's fields: several texts where the model has a list, one elsewhere.

        An empty text is as good as none; a list may also come as one text with commas.
        """
        found: dict[str, Any] = {}
        for name, texts in fields.items():
            given = [text for text in texts if text != ""]
            if not given:
                continue
            if _is_list(cls, name):
                found[name] = given[0].split(",") if name == "box" else given
            else:
                found[name] = given[-1]
        return found


def _is_list(model: type[BaseModel], name: str) -> bool:
    field = model.model_fields.get(name)
    return field is not None and "list[" in str(field.annotation)


class FilterParameters(StrictBody):
    """What limits the products found."""

    k: Annotated[int, Field(ge=1, le=1000, description="At most so many matches.")] = 10
    min_price: Annotated[Amount | None, Field(description="Compared with the current price.")] = (
        None
    )
    max_price: Amount | None = None
    currency: Annotated[str, Field(max_length=3, description="Only prices in it.")] = ""
    brands: Texts = []
    colors: Annotated[Texts, Field(description="`blue` finds `navy blue` too.")] = []
    availability: Texts = []
    age: Annotated[
        Literal["auto", "adult", "child", "any"],
        Field(
            description="For whom: `auto` finds grown-ups' products, and for a child's product "
            "children's. A product of no age group counts as a grown-up's."
        ),
    ] = "auto"

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, given: Any) -> Any:
        """An empty text is as good as none: forms and addresses have no other."""
        if not isinstance(given, dict):
            return given
        return {name: value for name, value in given.items() if value != ""}

    def filters(self, exclude_ids: frozenset[str] = frozenset()) -> Filters:
        """What a product must satisfy. Raises SettingsError."""
        return Filters(
            min_price=None if self.min_price is None else float(self.min_price),
            max_price=None if self.max_price is None else float(self.max_price),
            currency=self.currency.upper(),
            brands=frozenset(self.brands),
            colors=frozenset(self.colors),
            availability=frozenset(self.availability),
            exclude_ids=exclude_ids,
        )


class SearchParameters(FilterParameters):
    """What limits and orders the products found."""

    diversity: Annotated[
        float | None, Field(ge=0, le=1, description="0: the most alike; 1: the most varied.")
    ] = None
    min_score: Annotated[
        float | None,
        Field(
            ge=0,
            le=1,
            description="Matches with a lower score are left out.",
        ),
    ] = None

    def dials(self) -> dict[str, Any]:
        """The dials that were given; the others are left to the engine's own defaults."""
        given = {"diversity": self.diversity, "min_score": self.min_score}
        return {name: value for name, value in given.items() if value is not None}


Keys = Annotated[
    Texts, Field(description="Keys of what was understood of the words, and shall not count.")
]
TextWeight = Annotated[
    float | None, Field(ge=0, le=1, description="How far words move what the photo shows.")
]


class WordParameters(FilterParameters):
    """What is asked for in words."""

    q: Annotated[str, Field(max_length=300, description="Such as `navy floral midi dress`.")] = ""
    offset: Annotated[int, Field(ge=0, le=10_000, description="So many are left out first.")] = 0
    category: Annotated[ProductCategory | None, Field(description="None: what the words say.")] = (
        None
    )
    gender: Annotated[
        Literal["auto", "female", "male", "any"],
        Field(description="The department; `auto`: what the words say, else all."),
    ] = "auto"
    off: Keys = []

    def word_request(self) -> dict[str, Any]:
        """The arguments of `Engine.search` beside the text. Raises SettingsError."""
        return {
            "k": self.k,
            "offset": self.offset,
            "category": self.category,
            "gender": None if self.gender == "auto" else self.gender,
            "age": self.age,
            "filters": self.filters(),
            "off": self.off,
        }


class ListParameters(WordParameters):
    """Which of all products are listed."""

    age: Annotated[
        Literal["auto", "adult", "child", "any"],
        Field(description="For whom; `auto`: what the words say, else grown-ups."),
    ] = "any"


class LookRequest(StrictBody):
    """What may be asked of a photo beside its look."""

    include: Annotated[
        list[Literal["masks"]],
        Field(max_length=4, description="`masks`: which pixels of its box each article has."),
    ] = []


class LookForm(LookRequest):
    """A photo in a form. The file is read apart; this describes the form."""

    photo: Photo


class LookByUrl(LookRequest):
    """A photo by its address."""

    photo_url: Annotated[str, Field(min_length=1, max_length=2000)]


class BoostBody(BaseModel):
    """Products whose field has this value rank higher (weight above 0) or lower."""

    model_config = ConfigDict(extra="forbid")

    field: Literal["brand", "color", "pattern", "material", "availability", "age_group"]
    value: Text
    weight: Annotated[float, Field(ge=-1, le=1)]

    @model_validator(mode="before")
    @classmethod
    def _of_text(cls, given: Any) -> Any:
        """The parts of `field=value:weight`."""
        if not isinstance(given, str):
            return given
        named, _, weight = given.rpartition(":")
        field, _, value = named.partition("=")
        return {"field": field, "value": value, "weight": weight}


class RecommendationRequest(LookRequest, SearchParameters):
    """What a shopper wants beside the photo."""

    gender: Annotated[
        Literal["auto", "female", "male", "any"],
        Field(description="The department; `auto` takes that of the person."),
    ] = "auto"
    categories: Annotated[
        list[Category], Field(max_length=20, description="Only these articles; none: all.")
    ] = []
    primary: Annotated[Category | None, Field(description="The article asked for.")] = None
    policy: Annotated[
        Literal["any", "full"], Field(description="`full` refuses other than front full shots.")
    ] = "any"
    exclude_ids: Ids = []
    liked: Annotated[Ids, Field(description="Products to be a little more like.")] = []
    disliked: Annotated[Ids, Field(description="Not these, and a little less like them.")] = []
    boosts: Annotated[
        list[BoostBody],
        Field(max_length=50, description="In a form such as `boosts=brand=Millrace:0.2`."),
    ] = []
    corrections: Annotated[
        Texts,
        Field(
            description="What articles are that were taken for something else: "
            "`outerwear=topwear` for what was found as outerwear, `2=topwear` for the article of "
            "that number in `look.articles`, `topwear` for the primary one."
        ),
    ] = []
    in_color: Annotated[
        Text | None, Field(description="This, but in that color; such as `red`.")
    ] = None
    box: Annotated[
        list[Annotated[float, Field(allow_inf_nan=False)]] | None,
        Field(
            min_length=4,
            max_length=4,
            description="[x0, y0, x1, y1] in pixels of the photo: in place of what was detected.",
        ),
    ] = None
    box_category: Annotated[Category | None, Field(description="What is in the box.")] = None
    text: Annotated[
        str, Field(max_length=300, description="Words beside the photo: `in red, long sleeves`.")
    ] = ""
    text_weight: TextWeight = None
    off: Keys = []

    def search_request(self) -> SearchRequest:
        """What the engine is asked for. Raises SettingsError."""
        return SearchRequest(
            k=self.k,
            gender=self.gender,
            age=self.age,
            categories=frozenset(self.categories) or None,
            primary=self.primary,
            filters=self.filters(frozenset(self.exclude_ids)),
            policy=self.policy,
            liked=frozenset(self.liked),
            disliked=frozenset(self.disliked),
            corrections=tuple(map(Correction.of, self.corrections)),
            in_color=self.in_color,
            box=None if self.box is None else Box(*self.box),
            box_category=self.box_category,
            boosts=tuple(Boost(one.field, one.value, one.weight) for one in self.boosts),
            text=self.text,
            off=frozenset(self.off),
            **self.dials(),
        )

    def dials(self) -> dict[str, Any]:
        """As of a search, and how far words move the photo."""
        weight = {} if self.text_weight is None else {"text_weight": self.text_weight}
        return super().dials() | weight


class RecommendationForm(RecommendationRequest):
    """A photo in a form, with requests."""

    photo: Photo


class RecommendationByUrl(RecommendationRequest):
    """A photo by its address, with requests."""

    photo_url: Annotated[str, Field(min_length=1, max_length=2000)]


class CompletionParameters(SearchParameters):
    """What may be asked beside what is worn."""

    k: Annotated[int, Field(ge=1, le=50, description="Products per category, or outfits.")] = 5
    gender: Annotated[
        Literal["auto", "female", "male", "any"],
        Field(description="`auto`: the person's, or the products'."),
    ] = "auto"
    categories: Annotated[
        list[Category],
        Field(max_length=20, description="These alone; for outfits these too."),
    ] = []
    budget: Annotated[
        Amount | None, Field(description="No product, and no outfit in all, costs more.")
    ] = None
    season: Annotated[
        Literal["", "spring", "summer", "autumn", "winter"],
        Field(description="Nothing that is for other seasons."),
    ] = ""
    exclude_ids: Ids = []

    def completion_request(self) -> CompletionRequest:
        """What the engine is asked for. Raises SettingsError."""
        dials = {} if self.diversity is None else {"diversity": self.diversity}
        return CompletionRequest(
            k=self.k,
            gender=self.gender,
            age=self.age,
            categories=tuple(self.categories),
            filters=self.filters(frozenset(self.exclude_ids)),
            budget=None if self.budget is None else float(self.budget),
            season=self.season,
            **dials,
        )


class FeedbackEvent(StrictBody):
    """What became of one product of a list."""

    product: Annotated[str, Field(min_length=1, max_length=255), AfterValidator(normal_id)]
    position: Annotated[int, Field(ge=1, le=MAX_POSITION, description="1 is the first.")]
    kind: Kind
    nearness: Nearness = ""
    score: Annotated[float | None, Field(ge=0, le=1)] = None
    team: Annotated[Team, Field(description="As the match has it.")] = ""


class FeedbackBody(StrictBody):
    """What became of products of one list, of a shopper who agreed that it is kept."""

    consent: Annotated[Literal[True], Field(description="The shopper agreed.")]
    list: Annotated[
        str,
        Field(
            pattern="^[0-9a-f]{16}$",
            description="16 random hexadecimal digits, new for every list that is shown.",
        ),
    ]
    source: Annotated[Source, Field(description="What the list was found by.")]
    category: Annotated[RowCategory, Field(description="Of the row.")] = ""
    query: Annotated[
        str,
        Field(max_length=255, description="The product asked with; only for that source."),
        AfterValidator(normal_id),
    ] = ""
    events: Annotated[Sequence[FeedbackEvent], Field(min_length=1, max_length=200)]

    def shown(self) -> ShownList:
        """The list. Raises SettingsError for a query that does not go with the source."""
        return ShownList(self.list, self.source, self.category, self.query)

    def told(self) -> Sequence[Told]:
        """What is told of its products."""
        return [Told(**event.model_dump()) for event in self.events]


class CompletionForm(CompletionParameters):
    """A photo in a form."""

    photo: Photo


class CompletionByIdsOrUrl(CompletionParameters):
    """Products of the catalog, or a photo by its address: one of them."""

    product_ids: Annotated[Ids, Field(description="What is worn or chosen already.")] = []
    photo_url: Annotated[str | None, Field(min_length=1, max_length=2000)] = None
