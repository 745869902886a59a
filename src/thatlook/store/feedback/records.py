"""Lists of products that shoppers saw, and what became of each product in them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from thatlook.core.errors import SettingsError
from thatlook.core.records import NEARNESS
from thatlook.core.records.values import check_one_of, check_score
from thatlook.core.taxonomy import PRODUCT_CATEGORIES

SOURCES: Final = ("photo", "words", "product", "together")
"""What a list was found by; "together" is what goes with a look, not what is like it."""
KINDS: Final = ("shown", "clicked", "accepted", "dismissed")
"""What may be told of a product in a list; each of the others means that it was shown."""
TEAMS: Final = ("", "a", "b")
"""Which of two interleaved rankings brought a product; "" where none were interleaved."""
_LIST_ID: Final = re.compile(r"[0-9a-f]{16}")
MAX_POSITION: Final = 1000


@dataclass(frozen=True, slots=True)
class ShownList:
    """One list of products as it was shown once.

    `id` are 16 random hexadecimal digits, made anew for every list: two lists of one shopper have
    nothing in common. `category` is that of the row, "" for a list of all; `query` the product that
    was asked with, "" for a photo or words, of which nothing is kept.
    """

    id: str
    source: str
    category: str = ""
    query: str = ""

    def __post_init__(self) -> None:
        if not _LIST_ID.fullmatch(self.id):
            raise SettingsError(f"list must be 16 hexadecimal digits, not {self.id!r}")
        check_one_of("source", self.source, SOURCES)
        check_one_of("category", self.category, ("", *PRODUCT_CATEGORIES))
        if bool(self.query) != (self.source == "product"):
            raise SettingsError("query is the product asked with: for the source product alone")


@dataclass(frozen=True, slots=True)
class Told:
    """What is told of one product of a list. `position` counts from 1; `score` None: not known."""

    product: str
    position: int
    kind: str
    nearness: str = ""
    score: float | None = None
    team: str = ""

    def __post_init__(self) -> None:
        check_one_of("kind", self.kind, KINDS)
        check_one_of("nearness", self.nearness, ("", *NEARNESS))
        check_one_of("team", self.team, TEAMS)
        if not 1 <= self.position <= MAX_POSITION:
            raise SettingsError(f"position must be within 1..{MAX_POSITION}, not {self.position}")
        if self.score is not None:
            check_score("score", self.score)


@dataclass(frozen=True, slots=True)
class Choice:
    """A product that was shown in a list, and what became of it. `day` is a date in UTC."""

    shown: ShownList
    day: str
    product: str
    position: int
    nearness: str
    score: float | None
    team: str
    clicked: bool
    accepted: bool
    dismissed: bool

    @property
    def taken(self) -> bool:
        """Whether the shopper looked closer or kept it."""
        return self.clicked or self.accepted
