"""Lists of products with what became of them, in short."""

from __future__ import annotations

from itertools import count

from thatlook.store.feedback.records import Choice, ShownList

NUMBERS = count(1)
DONE = {"c": "clicked", "a": "accepted", "d": "dismissed"}


def listed(
    products: str, *, source="photo", query="", category="topwear", teams=""
) -> list[Choice]:
    """A list such as "p1 p2:c p3:ad": of each product what was done; `teams` such as "abab"."""
    shown = ShownList(f"{next(NUMBERS):016x}", source, category, query)
    found = []
    for place, (word, team) in enumerate(
        zip(products.split(), teams or [""] * len(products.split()), strict=True), start=1
    ):
        product, _, done = word.partition(":")
        outcomes = {name: letter in done for letter, name in DONE.items()}
        found.append(Choice(shown, "2026-03-01", product, place, "similar", 0.3, team, **outcomes))
    return found
