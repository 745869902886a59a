"""What a shopper asks for beside the photo."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final, Self

from thatlook.core.ages import AGES
from thatlook.core.checks import check_share, check_type, set_of_texts, tuple_of
from thatlook.core.errors import SettingsError
from thatlook.core.records import Box
from thatlook.core.records.values import check_one_of
from thatlook.core.shopper_words import Phrase, apart, is_color
from thatlook.core.taxonomy import CATEGORIES
from thatlook.core.tokens import tokens
from thatlook.search.index import Filters

GENDER_CHOICES: Final = ("auto", "female", "male", "any")
AGE_CHOICES: Final = ("auto", *AGES)
POLICIES: Final = ("any", "full")
TEXT_WEIGHT: Final = 0.5
"""How far words move a photo's vector."""
BOOST_FIELDS: Final = ("brand", "color", "pattern", "material", "availability", "age_group")


@dataclass(frozen=True, slots=True)
class Boost:
    """Products whose `field` has this value (compared without case) rank higher, or lower.

    `weight`, -1..1, is added to the similarity for the order; the score that is shown stays the
    similarity.
    """

    field: str
    value: str
    weight: float

    def __post_init__(self) -> None:
        check_one_of("a boost's field", self.field, BOOST_FIELDS)
        check_type("a boost's value", self.value, str)
        check_type("a boost's weight", self.weight, float)
        if not -1 <= self.weight <= 1:
            raise SettingsError(f"a boost's weight must be within -1..1, not {self.weight}")


@dataclass(frozen=True, slots=True)
class Correction:
    """What was found as one category is of another.

    `found` is the category under which articles were found, or the number of one among the look's
    articles, as text; "" is the primary one.
    """

    category: str
    found: str = ""

    def __post_init__(self) -> None:
        check_one_of("a correction's category", self.category, CATEGORIES)
        if self.found and not self.found.isdecimal():
            check_one_of("what a correction corrects", self.found, CATEGORIES)

    @classmethod
    def of(cls, text: str) -> Self:
        """The correction in "FOUND=CATEGORY", or "CATEGORY" for the primary article.

        Raises SettingsError.
        """
        found, equals, category = text.rpartition("=")
        if equals and not found:
            raise SettingsError(f"expected CATEGORY or FOUND=CATEGORY, not {text!r}")
        return cls(category, found)


@dataclass(frozen=True, slots=True)
class Unwanted:
    """What words say a product must not have: names of `colors`, and `things`, each in all its
    wordings.
    """

    colors: frozenset[str] = frozenset()
    things: tuple[tuple[Phrase, ...], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.colors or self.things)

    def has(self, color: str, texts: Iterable[str]) -> bool:
        """Whether a product of this color, whose words are in `texts`, has any of it."""
        if any(is_color(color, name) for name in self.colors):
            return True
        if not self.things:
            return False
        there = frozenset(apart(tokens(" ".join(texts))))
        return any(there.issuperset(wording) for thing in self.things for wording in thing)


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchRequest:
    """Everything that shapes an answer. What is None or empty does not count.

    `gender` "auto" takes the person's; `age` "auto" finds grown-ups' products, and those of its
    own age for a product. `policy` "full" refuses a photo that is not a front-facing full shot.
    `categories` limits the articles, `primary` names the one asked for. `liked` and `disliked` are
    product ids: a little more like these, a little less like those, which are left out.
    `corrections` change the category of articles that were taken for something else. `in_color`
    asks for the same thing in another color. `box` (with `box_category`) replaces the articles that
    were detected. `boosts` prefer or avoid values of fields. `diversity` 0..1 trades similarity for
    variety among the `k`, which stay ordered by similarity; no clearly better match is left out for
    it. Matches below `min_score` are not shown. `text` are words beside the photo ("in red, long
    sleeves"), which move what is looked for by `text_weight`, 0..1; `off` holds the keys of what
    was understood of them and shall not count. Products that have what is `unwanted` are left out;
    those `worded` (ids: what the words name is in their texts) come first, and with `cheap` what
    costs less comes earlier.
    """

    k: int = 10
    gender: str = "auto"
    age: str = "auto"
    categories: frozenset[str] | None = None
    primary: str | None = None
    filters: Filters = field(default_factory=Filters)
    policy: str = "any"
    liked: frozenset[str] = frozenset()
    disliked: frozenset[str] = frozenset()
    corrections: tuple[Correction, ...] = ()
    in_color: str | None = None
    box: Box | None = None
    box_category: str | None = None
    boosts: tuple[Boost, ...] = ()
    diversity: float = 0.2
    min_score: float | None = None
    text: str = ""
    text_weight: float = TEXT_WEIGHT
    off: frozenset[str] = frozenset()
    unwanted: Unwanted = field(default_factory=Unwanted)
    worded: frozenset[str] = frozenset()
    cheap: bool = False

    def __post_init__(self) -> None:
        self._check_types()
        if self.k < 1:
            raise SettingsError(f"k must be 1 or more, not {self.k}")
        check_one_of("gender", self.gender, GENDER_CHOICES)
        check_one_of("age", self.age, AGE_CHOICES)
        check_one_of("policy", self.policy, POLICIES)
        named = (*(self.categories or ()), self.primary, self.box_category)
        for category in filter(None, named):
            check_one_of("category", category, CATEGORIES)
        if (self.box is None) != (self.box_category is None):
            raise SettingsError("a drawn box needs its category, and a category its box")
        for name in ("diversity", "min_score", "text_weight"):
            if name != "min_score" or self.min_score is not None:
                check_share(name, getattr(self, name))

    def _check_types(self) -> None:
        """Raises SettingsError; lists become tuples, sets frozen."""
        for name in ("categories", "liked", "disliked", "off", "worded"):
            value = getattr(self, name)
            if value is not None or name != "categories":
                object.__setattr__(self, name, set_of_texts(name, value))
        for name, kind in _KINDS.items():
            check_type(name, getattr(self, name), kind)
        for name, kind in _SEVERAL.items():
            object.__setattr__(self, name, tuple_of(name, getattr(self, name), kind))
        for name, kind in _OPTIONAL.items():
            if getattr(self, name) is not None:
                check_type(name, getattr(self, name), kind)

    def corrected(self) -> Self:
        """What is asked for once the articles have been corrected: the primary one is then of
        another category.
        """
        made = [one.category for one in self.corrections if one.found in ("", self.primary)]
        return replace(
            self, corrections=(), primary=made[-1] if self.primary and made else self.primary
        )


_KINDS: Final = {"k": int, "filters": Filters, "text": str, "unwanted": Unwanted, "cheap": bool}
_OPTIONAL: Final = {"in_color": str, "box": Box}
_SEVERAL: Final = {"boosts": Boost, "corrections": Correction}
