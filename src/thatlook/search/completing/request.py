"""What a shopper asks for beside what is worn."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from thatlook.core.errors import SettingsError
from thatlook.core.records.values import check_one_of
from thatlook.core.seasons import SEASONS
from thatlook.core.taxonomy import CATEGORIES
from thatlook.search.index import Filters
from thatlook.search.request import SearchRequest


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionRequest:
    """`k` products per category, or `k` outfits. What is None or empty does not count.

    `categories` are those that are filled (default: what is missing); for outfits those that are
    in each beside what makes it whole. `gender` "auto" takes the person's, or the product's; `age`
    as in a SearchRequest. No product costs more than `budget`, nor an outfit in all, what is given
    apart; prices are those of the currency of `filters`. `season` is one of SEASONS: products that
    the shop tells to be for others, or that nobody wears in it, are left out.
    """

    k: int = 5
    gender: str = "auto"
    age: str = "auto"
    categories: tuple[str, ...] = ()
    filters: Filters = field(default_factory=Filters)
    budget: float | None = None
    diversity: float = 0.3
    season: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.categories, str):
            raise SettingsError(f"categories must be several, not the text {self.categories!r}")
        object.__setattr__(self, "categories", tuple(dict.fromkeys(self.categories)))
        for category in self.categories:
            check_one_of("category", category, CATEGORIES)
        if self.season:
            check_one_of("season", self.season, SEASONS)
        if self.budget is not None:
            _ = Filters(max_price=self.budget)  # the same rules for what is an amount
        # k, gender, age and diversity are those of any search.
        _ = SearchRequest(k=self.k, gender=self.gender, age=self.age, diversity=self.diversity)

    @property
    def affordable(self) -> Filters:
        """The filters, with the budget as the highest price where it is lower."""
        if self.budget is None:
            return self.filters
        limits = [self.budget, self.filters.max_price]
        return replace(self.filters, max_price=min(one for one in limits if one is not None))
