"""Sizes that only children's clothes have: years, months, body heights."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

_YEARS: Final = r"y|yr|yrs|year|years|jahre|ans|años|anni|jaar"
_MONTHS: Final = r"mo|mos|mth|mths|month|months|monate|mois|meses|mesi|maanden"
_RANGE: Final = r"(\d{1,2})\s*(?:-|–|to|bis|à)\s*(\d{1,2})"
_OLDEST: Final = 16
"""In years: who is older wears grown-ups' sizes."""

_OF_YEARS: Final = re.compile(rf"(?:{_RANGE}|(\d{{1,2}}))\s*(?:{_YEARS})\.?", re.IGNORECASE)
_OF_MONTHS: Final = re.compile(rf"(?:{_RANGE}|(\d{{1,2}}))\s*(?:{_MONTHS})\.?", re.IGNORECASE)
_SHORT_MONTHS: Final = re.compile(r"(\d{1,2})\s*-\s*(\d{1,2})\s*m", re.IGNORECASE)
_TODDLER: Final = re.compile(r"[2-5]t(?:\s*[-/]\s*[2-5]t)?", re.IGNORECASE)
_HEIGHTS: Final = re.compile(r"(\d{2,3})\s*[-/]\s*(\d{2,3})(?:\s*cm)?", re.IGNORECASE)
_LETTERED: Final = frozenset(
    {(0, 1), (0, 3), (0, 6), (1, 3), (3, 6), (3, 9), (6, 9), (6, 12), (9, 12), (12, 18), (12, 24)}
    | {(18, 24), (24, 36)}
)
"""The ranges of months that shops write with "M" alone: "10-12M" may be a width of shoes."""
_LADDER: Final = frozenset(range(50, 147, 6))
"""Heights in cm, each 6 above the last: "104/110". Above 152 grown-ups begin."""

_IN_WORDS: Final = re.compile(
    rf"(?<![\d.,-]){_RANGE}\s*-?(?:(?P<years>years?|yrs?|jahre|ans|años)|"
    rf"(?P<months>months?|mths?|monate|mois|meses))\b"
    r"(?!\W*(?:warranty|guarantee|garantie))",
    re.IGNORECASE,
)


def group_of_sizes(sizes: Iterable[str], *, heights: bool = True) -> str:
    """The age group of a product in these sizes, "" unless all of them are children's.

    Of several groups the oldest counts. `heights` says whether a pair such as "104/110" is read
    as a body's height.
    """
    months = [_months(size.strip(), heights=heights) for size in sizes if size.strip()]
    if not months or None in months:
        return ""
    return _group(max(month for month in months if month is not None))


def group_in_words(title: str) -> str:
    """The age group of a range of years or months in a title; "" where there is none."""
    found = _IN_WORDS.search(title)
    if found is None:
        return ""
    months = _upper(found[1], found[2], 12 if found["years"] else 1)
    return "" if months is None else _group(months)


def _months(size: str, *, heights: bool) -> int | None:
    """The age in months up to which a size fits; None where it need not be a child's."""
    if _TODDLER.fullmatch(size):
        return 36
    for pattern, unit in ((_OF_YEARS, 12), (_OF_MONTHS, 1)):
        if found := pattern.fullmatch(size):
            low, high, single = found.groups()
            return _upper(single or low, single or high, unit)
    if (found := _SHORT_MONTHS.fullmatch(size)) and (int(found[1]), int(found[2])) in _LETTERED:
        return int(found[2])
    if heights and (found := _HEIGHTS.fullmatch(size)):
        return _months_of_height(int(found[1]), int(found[2]))
    return None


def _upper(low: str, high: str, unit: int) -> int | None:
    months = int(high) * unit
    return months if int(low) <= int(high) and months <= _OLDEST * 12 else None


def _months_of_height(low: int, high: int) -> int | None:
    """The usual age at a height: 56 cm are 2 months, 86 are 18, 116 are 72."""
    if low not in _LADDER or high - low != 6:
        return None
    if high <= 86:
        return 3 if high <= 62 else 12 if high <= 80 else 18
    return 60 if high <= 110 else 72


def _group(months: int) -> str:
    """Google Merchant's age group: newborn to 3 months, infant to 12, toddler to 5 years."""
    ends = (("newborn", 3), ("infant", 12), ("toddler", 60))
    return next((name for name, last in ends if months <= last), "kids")
