"""The categories of worn articles: one record each in `taxonomy.json`, checked when it is read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from thatlook.core.errors import SettingsError

FILE: Final = "thatlook/core/taxonomy.json"
RESERVED: Final = frozenset({"other", "person", "suit"})
"""Names that mean something else beside the categories, in labels or in products."""

_NAME: Final = re.compile(r"[a-z]+(_[a-z]+)*")
_COLOR: Final = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True, slots=True)
class Category:
    """What there is to know of one category of worn articles."""

    name: str
    shown_name: str
    """What a shopper calls it."""
    drawing_color: str
    """In boxes, plots, headings and on the page, as #rrggbb."""
    prominence: float
    """How much it counts when the article that a shopper means is guessed, 0..1."""
    small: bool
    """Worn beside clothes: photos that sell clothes on a model do not show it, and networks tend to
    find it where it is not."""
    lone: bool
    """Its product photos show no person, whatever a network sees in them."""
    neighbours: Mapping[str, tuple[str, ...]]
    """Where it is searched too when nothing is near: categories, each with the words of which a
    product's type or title must have one (none: all its products)."""
    tags: tuple[str, ...]
    """What street photos' masks and tags call its articles."""
    words: tuple[str, ...]
    """What shops call its products."""


def categories_of(records: Mapping[str, Mapping[str, Any]]) -> dict[str, Category]:
    """The categories by name, in the order of the records.

    Raises SettingsError where a record lacks a part or has a wrong one, where two have the same
    color, name to show or tag, or where a neighbour is no other category.
    """
    found = {name: _category(name, record) for name, record in records.items()}
    for part in ("shown_name", "drawing_color"):
        _all_differ(part, [(c.name, getattr(c, part)) for c in found.values()])
    _all_differ("tags", [(c.name, tag) for c in found.values() for tag in c.tags])
    for one in found.values():
        for other in one.neighbours:
            if other not in found or other == one.name:
                known = _all(found.keys() - {one.name})
                raise SettingsError(
                    f"{_where(one.name)}: neighbours must be among {known}, not {other!r}"
                )
    return found


def _category(name: str, record: Mapping[str, Any]) -> Category:
    where = _where(name)
    if not _NAME.fullmatch(name) or name in RESERVED:
        raise SettingsError(f"{where}: expected a name of small letters, none of {_all(RESERVED)}")
    if record.keys() != _PARTS.keys():
        lacks, unknown = _PARTS.keys() - record.keys(), record.keys() - _PARTS.keys()
        raise SettingsError(
            f"{where}: expected exactly the parts {_all(_PARTS)}; "
            f"missing: {_all(lacks)}; unknown: {_all(unknown)}"
        )
    for part, (expected, fits) in _PARTS.items():
        if not fits(record[part]):
            raise SettingsError(f"{where}: {part} must be {expected}, not {record[part]!r}")
    given: dict[str, Any] = {
        part: tuple(value) if isinstance(value, list) else value for part, value in record.items()
    }
    given["neighbours"] = {other: tuple(has) for other, has in record["neighbours"].items()}
    return Category(name=name, **given)


def _where(name: str) -> str:
    return f"{FILE}: category {name!r}"


def _all(names: Mapping[str, Any] | frozenset[str] | set[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is_text, value))


def _are_neighbours(value: object) -> bool:
    return isinstance(value, dict) and all(w == [] or _are_texts(w) for w in value.values())


def _is_share(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= 1


def _is_color(value: object) -> bool:
    return isinstance(value, str) and bool(_COLOR.fullmatch(value))


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


_PARTS: Final[Mapping[str, tuple[str, Callable[[object], bool]]]] = {
    "shown_name": ("a text", _is_text),
    "drawing_color": ("a color such as #2f6fed", _is_color),
    "prominence": ("a number of 0 to 1", _is_share),
    "small": ("true or false", _is_flag),
    "lone": ("true or false", _is_flag),
    "neighbours": ("an object: category to a list of words", _are_neighbours),
    "tags": ("a list of texts, at least one", _are_texts),
    "words": ("a list of texts, at least one", _are_texts),
}


def _all_differ(part: str, pairs: list[tuple[str, str]]) -> None:
    owner: dict[str, str] = {}
    for name, text in pairs:
        if owner.setdefault(text, name) != name:
            raise SettingsError(
                f"{FILE}: {part}: {text!r} is of {owner[text]!r} and {name!r}; keep one"
            )
