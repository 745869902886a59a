"""Articles that people wear in photos, as an eye read them: what is asked of the shop."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from thatlook.core.records import Box
from thatlook.core.taxonomy import CATEGORIES
from thatlook.data.jsonlines import parsed


@dataclass(frozen=True, slots=True)
class Worn:
    """A worn article: `type`, `colors`, `pattern` in the words of the labels; `box` in pixels."""

    category: str
    type: str
    colors: tuple[str, ...]
    pattern: str
    box: Box


@dataclass(frozen=True, slots=True)
class WornPhoto:
    """A photo's file name, its main person's gender (female, male, unclear) and articles."""

    file: str
    gender: str
    articles: tuple[Worn, ...]


def read_worn(path: Path, keep: Callable[[str], bool] = lambda _: True) -> Iterator[WornPhoto]:
    """The photos of a file of eye labels whose name `keep` wants.

    Articles of which the box is wrong, or the reader was unsure, are left out: of those nobody
    can say what is right. Raises DataError.
    """
    expected = (
        "file, person (gender) and articles (category, type, colors, pattern, box of four numbers, "
        "box_wrong, unsure)"
    )
    return (photo for photo in parsed(path, _photo, expected) if keep(photo.file))


def _photo(row: Mapping[str, Any]) -> WornPhoto:
    articles = [a for a in row["articles"] if not a["box_wrong"] and not a["unsure"]]
    return WornPhoto(row["file"], row["person"]["gender"], tuple(_worn(a) for a in articles))


def _worn(article: Mapping[str, Any]) -> Worn:
    if article["category"] not in CATEGORIES:
        raise ValueError(f"no such category: {article['category']}")
    return Worn(
        article["category"],
        article["type"],
        tuple(article["colors"]),
        article["pattern"],
        Box(*map(float, article["box"])),
    )
