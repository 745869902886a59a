"""Until when something counts, as shops write it: the time of a sale, the end of an offer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Final

from thatlook.core.errors import FeedError

_NONE: Final = re.compile(r"[0:\-./\sT]*|nan|none|null|n/a", re.IGNORECASE)
"""An empty cell; "0000-00-00 00:00:00", which databases write for no date, is one too."""
_GERMAN: Final = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})(.*)", re.DOTALL)
_SECONDS: Final = re.compile(r"\d{10}")


def is_running(texts: Mapping[str, str], now: datetime) -> bool:
    """Whether `now` (with its time zone) is in the period of a row's sale price.

    The period is Google's `sale_price_effective_date` ("start/end"), or `sale_start` and
    `sale_end`; what is not given does not bound it. Times are ISO 8601, seconds since 1970, or
    as "31.12.2026"; one without a zone is in UTC, and the whole of the last day counts. Raises
    FeedError for any other.
    """
    start, end = _bounds(texts)
    begun = start is None or start <= now
    return begun and (end is None or now <= end)


def is_over(end: str, now: datetime) -> bool:
    """Whether a time, written as those of sales are, is past. Raises FeedError for none."""
    moment = _moment(end, end_of_day=True)
    return moment is not None and moment < now


def _bounds(texts: Mapping[str, str]) -> tuple[datetime | None, datetime | None]:
    start, end = texts.get("sale_start", ""), texts.get("sale_end", "")
    period = texts.get("sale_price_effective_date", "")
    if not _NONE.fullmatch(period):
        parts = re.split(r"\s*/\s*|\s+(?:-|–|to|bis)\s+", period.strip())
        if len(parts) != 2:
            raise FeedError(f"expected 'START/END', got {period!r:.80}")
        start, end = parts
    begin, finish = _moment(start), _moment(end, end_of_day=True)
    if begin and finish and finish < begin:
        raise FeedError(f"the end {end!r:.80} is before the start {start!r:.80}")
    return begin, finish


def _moment(text: str, *, end_of_day: bool = False) -> datetime | None:
    text = text.strip()
    if _NONE.fullmatch(text):
        return None
    try:
        moment = _parsed(text)
    except (ValueError, OverflowError) as error:
        raise FeedError(
            f"expected a date such as '2026-12-31T23:59+01:00', got {text!r:.80}"
        ) from error
    is_day = ":" not in text and not _SECONDS.fullmatch(text)
    if end_of_day and is_day and moment.time() == time():
        moment += timedelta(days=1)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _parsed(text: str) -> datetime:
    if _SECONDS.fullmatch(text):
        return datetime.fromtimestamp(int(text), UTC)
    if german := _GERMAN.fullmatch(text):
        day, month, year, rest = german.groups()
        text = f"{year}-{month:0>2}-{day:0>2}{rest}"
    return datetime.fromisoformat(re.sub(r"\s+(?=[+-]\d)|\s*(?:UTC|GMT)$", "", text))
