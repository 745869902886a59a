"""Foreign class names to our categories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from thatlook.core.errors import SettingsError
from thatlook.core.taxonomy import DETECTOR_CLASSES, OTHER, PERSON_CLASS, category_of, words

PERSON_WORDS: Final = frozenset({"person", "people", "human", "pedestrian"})


def class_of(name: str) -> str:
    """One of DETECTOR_CLASSES for a class name such as "Short_sleeve_top", else "other"."""
    if PERSON_WORDS.intersection(words(name)):
        return PERSON_CLASS
    return category_of(name)


def class_map(names: Sequence[str], explicit: Mapping[str, str] | None = None) -> dict[str, str]:
    """Each name's class: as `explicit` says, else by `class_of`.

    Values are DETECTOR_CLASSES or "other", which leaves a class out. Raises SettingsError
    where `explicit` names a class that is not among `names`, or no class of ours.
    """
    explicit = explicit or {}
    allowed = (*DETECTOR_CLASSES, OTHER)
    for name, category in explicit.items():
        if name not in names:
            raise SettingsError(f"no class is called {name!r}; there are {', '.join(names)}")
        if category not in allowed:
            raise SettingsError(
                f"class {name!r} must become one of {', '.join(allowed)}, not {category!r}"
            )
    return {name: explicit.get(name) or class_of(name) for name in names}
