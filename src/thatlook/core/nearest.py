"""What was probably meant by a misspelt name."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def did_you_mean(name: str, known: Iterable[str], count: int = 3, prefix: str = "") -> str:
    """ "did you mean red or rust?", the nearest first, in whatever case; "" for nothing near.

    `prefix` stands before each name that is told and is not compared.
    """
    spelled = {one.casefold(): prefix + one for one in known}
    near = [spelled[found] for found in get_close_matches(name.casefold(), spelled, n=count)]
    return f"did you mean {' or '.join(near)}?" if near else ""
