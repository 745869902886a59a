"""Arguments of a wrong type, told by their names as all that cannot be used is."""

from __future__ import annotations

import numbers
from collections.abc import Iterable
from typing import Final, TypeVar

from thatlook.core.errors import SettingsError

Part = TypeVar("Part")

_ALSO: Final = {int: numbers.Integral, float: numbers.Real}
"""NumPy's numbers are numbers too."""
_WORDS: Final = {int: "a whole number", float: "a number", str: "a text"}


def check_type(name: str, value: object, kind: type) -> None:
    """Raises SettingsError unless `value` is of this type; True and False are no numbers."""
    fits = isinstance(value, _ALSO.get(kind, kind))
    if not fits or (isinstance(value, bool) and kind is not bool):
        wanted = _WORDS.get(kind, kind.__name__)
        raise SettingsError(f"{name} must be {wanted}, not {value!r:.80}")


def check_share(name: str, value: object) -> None:
    """Raises SettingsError unless `value` is a number within 0..1."""
    check_type(name, value, float)
    if not 0 <= value <= 1:  # type: ignore[operator]
        raise SettingsError(f"{name} must be within 0..1, not {value}")


def set_of_texts(name: str, value: object) -> frozenset[str]:
    """The texts of a set or list; raises SettingsError for what is none, such as one text."""
    return frozenset(tuple_of(name, value, str, "a set of texts"))


def tuple_of(
    name: str, value: object, kind: type[Part], wanted: str = "a list"
) -> tuple[Part, ...]:
    """The parts of a list, each of this type; raises SettingsError."""
    shown = f"the text {value!r:.80}" if isinstance(value, str) else f"{value!r:.80}"
    wrong = SettingsError(f"{name} must be {wanted}, not {shown}")
    if isinstance(value, str) or not isinstance(value, Iterable):
        raise wrong
    found = tuple(value)
    if not all(isinstance(one, kind) for one in found):
        raise wrong
    return found
