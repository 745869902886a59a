"""What was probably meant by a misspelt name."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from thatlook.core.taxonomy import value_named


def did_you_mean(name: str, known: Iterable[str], count: int = 3, prefix: str = "") -> str:
    """ "did you mean red or rust?", the nearest first, in whatever case; "" for nothing near.

    `prefix` stands before each name that is told and is not compared.
    """
    spelled = {one.casefold(): prefix + one for one in known}
    near = [spelled[found] for found in get_close_matches(name.casefold(), spelled, n=count)]
    return f"did you mean {' or '.join(near)}?" if near else ""


def choice_meant(word: str, choices: Iterable[str]) -> str:
    """ "did you mean female?" for "women": the choice that shops' words name, else the one spelled
    nearest; "" for none.
    """
    known = tuple(choices)
    named = value_named(word, known)
    return f"did you mean {named}?" if named else did_you_mean(word, known, count=1)
