"""What was understood of a text, one thing at a time, as it is shown; and a shop's own words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from thatlook.core.shopper_words import Phrase


class Lexicon(Protocol):
    """What a shop's own words are."""

    def frequency(self, word: str) -> int:
        """In how many products the word is."""
        ...

    def brands(self) -> Mapping[Phrase, str]:
        """The shop's brands as it writes them, by their words."""
        ...

    def names(self) -> frozenset[Phrase]:
        """Phrases that are names in this shop, whatever else their words mean."""
        ...

    def sizes(self) -> frozenset[str]:
        """The sizes that the shop's feed names, in small letters; empty where it names none."""
        ...

    @property
    def priced(self) -> bool:
        """Whether any product has a price."""
        ...


@dataclass(frozen=True, slots=True)
class Chip:
    """One thing that was understood, for the shopper to see and to take off.

    `kind` is one of category, gender, age, brand, size, min_price, max_price, not (filters), color,
    type, pattern, occasion, price (wishes: what fulfils them comes first), spelling (what was read
    for what was written), no_price, no_size (what the shop cannot filter by). `words` are the
    shopper's own.
    """

    kind: str
    value: str
    words: str
    shown: str = ""

    @property
    def key(self) -> str:
        """What names the chip where it is taken off: "color:red"."""
        return f"{self.kind}:{self.value}"

    def to_dict(self) -> dict[str, str]:
        """An entry of `understood` in the JSON."""
        told = {"key": self.key, "kind": self.kind, "value": self.value}
        return told | {"words": self.words, "shown": self.shown or self.value}
