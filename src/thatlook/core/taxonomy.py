"""Categories, genders, views and key points, and how shops' words map to them.

The words, and all there is to know of each category, are data: `taxonomy.json` beside this file.
The order of its categories is that of the article network's class channels. A phrase is looked up
word by word, longest phrase first, and among equals the one that ends last wins,
because in English the noun comes last: "shirt dress" is a dress, "dress shirt" a shirt.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any, Final

from thatlook.core.categories import FILE, categories_of
from thatlook.core.errors import SettingsError


@cache
def _data() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("taxonomy.json").read_text(encoding="utf-8")
    data: dict[str, Any] = json.loads(text)
    return data


_RECORDS: Final = categories_of(_data()["categories"])

CATEGORIES: Final = tuple(_RECORDS)
"""What the article stage detects, in the order of its network's class channels."""

OTHER: Final = "other"
"""The category of a product that fits none of CATEGORIES; stored, found by its whole image."""

PRODUCT_CATEGORIES: Final = (*CATEGORIES, OTHER)

PERSON_CLASS: Final = "person"
DETECTOR_CLASSES: Final = (*CATEGORIES, PERSON_CLASS)

PRODUCT_GENDERS: Final = ("female", "male", "unisex")
PERSON_GENDERS: Final = ("female", "male", "unknown")
VIEWS: Final = ("front", "side", "back")

KEYPOINTS: Final = (
    "nose",
    "left_eye",
    "right_eye",
    "left_ear",
    "right_ear",
    "left_shoulder",
    "right_shoulder",
    "left_elbow",
    "right_elbow",
    "left_wrist",
    "right_wrist",
    "left_hip",
    "right_hip",
    "left_knee",
    "right_knee",
    "left_ankle",
    "right_ankle",
)
"""COCO order; left is the person's own left."""

KEYPOINT_FLIP: Final = (0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15)
"""Index of each key point's mirror image."""

SKELETON: Final = (
    (15, 13),
    (13, 11),
    (16, 14),
    (14, 12),
    (11, 12),
    (5, 11),
    (6, 12),
    (5, 6),
    (5, 7),
    (7, 9),
    (6, 8),
    (8, 10),
    (0, 1),
    (0, 2),
    (1, 3),
    (2, 4),
)
"""Pairs of key points that a drawing connects."""

_WORD = re.compile(r"[a-z]+")


def words(text: str) -> tuple[str, ...]:
    """Lower-case words of `text` with plural endings removed: "T-Shirts" -> ("tshirt",)."""
    joined = text.lower().replace("t-shirt", "tshirt").replace("t shirt", "tshirt")
    return tuple(singular(word) for word in _WORD.findall(joined.replace("'s", "")))


def singular(word: str) -> str:
    """An English word in small letters without its plural ending."""
    kept: dict[str, str] = _data()["singulars"]
    if word in kept:
        return kept[word]
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us")) and len(word) > 3:
        return word[:-1]
    return word


def words_of(kind: str) -> dict[str, tuple[str, ...]]:
    """The phrases of each value of "categories", "genders" or "patterns"."""
    table = _category_words() if kind == "categories" else _data()[kind]
    return {value: tuple(phrases) for value, phrases in table.items()}


@cache
def _phrases(kind: str) -> dict[tuple[str, ...], str]:
    found: dict[tuple[str, ...], str] = {}
    for value, phrases in words_of(kind).items():
        for phrase in phrases:
            if (other := found.setdefault(words(phrase), value)) != value:
                raise SettingsError(f"{FILE}: {phrase!r} is of {other!r} and {value!r}; keep one")
    return found


def _category_words() -> dict[str, Sequence[str]]:
    return {name: record.words for name, record in _RECORDS.items()} | {OTHER: _data()["other"]}


@cache
def _longest(kind: str) -> int:
    """How many words the longest phrase has."""
    return max(map(len, _phrases(kind)), default=0)


def _lookup(kind: str, text: str) -> str | None:
    """The value of the phrase found in `text`: the one ending last, then the longest."""
    table, longest = _phrases(kind), _longest(kind)
    found = words(text)
    for end in range(len(found), 0, -1):
        for start in range(max(0, end - longest), end):
            value = table.get(found[start:end])
            if value is not None:
                return value
    return None


def type_leaf(product_type: str) -> str:
    """The last part of a type, lower case: "Tops > T-Shirts" is "t-shirts"."""
    return product_type.rsplit(">", 1)[-1].strip().lower()


def category_of(*texts: str) -> str:
    """The product category that the first telling text names, else "other".

    Give the texts from the most to the least trustworthy: product type, Google category,
    title. A path such as "Apparel > Shoes > Boots" is read from its last part.
    """
    for text in texts:
        for part in reversed(re.split(r"[>|/]", text)):
            category = _lookup("categories", part)
            if category is not None:
                return category
    return OTHER


def names_category(*texts: str) -> bool:
    """Whether any of the texts has a word that tells a category, "other" included."""
    return any(_lookup("categories", text) is not None for text in texts)


def gender_of(*texts: str) -> str:
    """The product gender that the first telling text names, else "unisex"."""
    for text in texts:
        found = {_phrases("genders").get((word,)) for word in words(text)} - {None}
        if len(found) == 1:
            return str(found.pop())
        if found:
            return "unisex"
    return "unisex"


def value_named(text: str, values: Sequence[str]) -> str | None:
    """Which of some genders or categories the whole text is a word for: "shoe" is "footwear"."""
    for kind in ("genders", "categories"):
        value = _phrases(kind).get(words(text))
        if value in values:
            return value
    return None


def pattern_of(*texts: str) -> str | None:
    """The pattern that the first telling text names, or None."""
    for text in texts:
        pattern = _lookup("patterns", text)
        if pattern is not None:
            return pattern
    return None


def patterns() -> tuple[str, ...]:
    """The names of all patterns, in the order of the embedding network's pattern head."""
    return tuple(_data()["patterns"])


@cache
def age_words() -> dict[str, Any]:
    """The words that tell for which age a product is, as `thatlook.core.ages` reads them."""
    return dict(_data()["ages"])


@cache
def feed_words() -> dict[str, Any]:
    """The words of shops' feeds: of `columns` and of what stands in some, the surest first.

    {"columns": {field: words}, "genders": {gender: words}, "availability": {value: words},
    "sale_like": parts of columns' names, "unpublished": words}. In the file each text
    lists those of one language, with commas.
    """
    return {name: _listed(table) for name, table in _data()["feeds"].items()}


def _listed(table: Any) -> Any:
    if isinstance(table, dict):
        return {name: _listed(lines) for name, lines in table.items()}
    return tuple(word for line in table for word in line.split(", "))


def category_prominence() -> dict[str, float]:
    """How much each category counts when the article that a shopper means is guessed, 0..1."""
    return {name: record.prominence for name, record in _RECORDS.items()}


def drawing_colors() -> dict[str, str]:
    """The color of each category in boxes, plots and headings, as #rrggbb."""
    return {name: record.drawing_color for name, record in _RECORDS.items()}


def shown_names() -> dict[str, str]:
    """What a shopper calls each category."""
    return {name: record.shown_name for name, record in _RECORDS.items()}


def neighbours(category: str) -> Mapping[str, tuple[str, ...]]:
    """The categories where one is searched too when nothing is near, each with the words of which
    a product's type or title must have one (none: all its products).
    """
    record = _RECORDS.get(category)
    return record.neighbours if record else {}


def taken_for_another() -> dict[str, tuple[str, ...]]:
    """Per category those that it is taken for: its neighbours, and whose neighbour it is."""
    return {
        name: tuple(n for n in _RECORDS if n in record.neighbours or name in neighbours(n))
        for name, record in _RECORDS.items()
    }


def tag_words() -> dict[str, tuple[str, ...]]:
    """The words for each category in the masks and tags of street photos."""
    return {name: record.tags for name, record in _RECORDS.items()}


SMALL_CATEGORIES: Final = tuple(name for name, record in _RECORDS.items() if record.small)
"""Worn beside clothes: not in photos that sell clothes on a model, and often invented there."""

LONE_CATEGORIES: Final = tuple(name for name, record in _RECORDS.items() if record.lone)
"""Product photos of these show no person, whatever a network sees in them."""
