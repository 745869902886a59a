"""Which articles of a look a request means, and what it says that they are."""

from __future__ import annotations

from collections.abc import Sequence

from thatlook.core.errors import SettingsError
from thatlook.core.records import Article
from thatlook.search.ranking import most_prominent
from thatlook.search.request import SearchRequest


def primary_of(articles: Sequence[Article], wanted: Sequence[int], asked: str | None) -> int | None:
    """The article of the category asked for, else the most prominent among those wanted."""
    indices = [p for p in wanted if asked is None or articles[p].category == asked]
    best = most_prominent(
        [(articles[p].category, articles[p].score, articles[p].box.area) for p in indices]
    )
    return None if best is None else indices[best]


def corrected_categories(articles: Sequence[Article], request: SearchRequest) -> list[str]:
    """The category of each article after the corrections of a request, each by what was found.

    Raises SettingsError where nothing was found as what a correction names.
    """
    categories = [article.category for article in articles]
    for one in request.corrections:
        indices = _indices(articles, one.found, request.primary)
        if not indices:
            found = ", ".join(f"{n}={a.category}" for n, a in enumerate(articles)) or "nothing"
            what = one.found or request.primary or "article"
            raise SettingsError(f"no {what} was found to be corrected; found: {found}")
        for index in indices:
            categories[index] = one.category
    return categories


def _indices(articles: Sequence[Article], found: str, primary: str | None) -> list[int]:
    """Which articles a correction means."""
    everywhere = range(len(articles))
    if not found:
        best = primary_of(articles, everywhere, primary)
        return [] if best is None else [best]
    if found.isdecimal():
        return [index for index in everywhere if index == int(found)]
    return [index for index in everywhere if articles[index].category == found]
