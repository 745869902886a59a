"""What the records share: vectors, read-only mappings, checks, rounding."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from thatlook.core.addresses import is_url
from thatlook.core.errors import SettingsError
from thatlook.core.nearest import choice_meant

Vector = NDArray[np.float32]
"""A unit vector, float32, shape (dim,)."""


Value_co = TypeVar("Value_co", covariant=True)


class ReadOnly(Mapping[str, Value_co]):
    """A copy of a mapping that nobody can change: it has no method for it.

    Unlike types.MappingProxyType it can be pickled, deep-copied and, where its values can,
    hashed. Equal to any mapping of the same items.
    """

    __slots__ = ("_items",)

    def __init__(self, items: Mapping[str, Value_co]) -> None:
        self._items = dict(items)

    def __getitem__(self, key: str) -> Value_co:
        return self._items[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __hash__(self) -> int:
        return hash(frozenset(self._items.items()))

    def __repr__(self) -> str:
        return f"ReadOnly({self._items!r})"


def read_only(record: object, name: str) -> None:
    """Makes a mapping of a frozen record read-only."""
    object.__setattr__(record, name, ReadOnly(getattr(record, name)))


def check_one_of(name: str, value: str, allowed: tuple[str, ...]) -> None:
    """Raises SettingsError unless `value` is one of `allowed`; it says first what was meant."""
    if value not in allowed:
        near = choice_meant(value, allowed) if isinstance(value, str) else ""
        told = f"{name} must be one of {', '.join(allowed)}, not {value!r}"
        raise SettingsError(f"{near} {told}" if near else told)


def path_of(name: str, value: object, kind: str = "a path") -> Path:
    """The path that an argument is; raises SettingsError for what no file can be called."""
    if not isinstance(value, str | os.PathLike) or not _names_a_file(os.fspath(value)):
        raise SettingsError(f"{name} must be {kind}, not {value!r:.80}")
    return Path(value)


def _names_a_file(path: str | bytes) -> bool:
    """Whether a file system could have it: the empty one would be the current folder."""
    if not isinstance(path, str) or not path or "\0" in path:
        return False
    try:
        if not is_url(path):
            os.lstat(path)
    except UnicodeEncodeError:  # half a character
        return False
    except OSError as error:  # that nothing is there is said by who wants it
        return error.errno != errno.ENAMETOOLONG
    return True


def check_score(name: str, value: float) -> None:
    """Raises SettingsError unless `value` is within 0..1."""
    if not 0.0 <= value <= 1.0:  # also refuses nan
        raise SettingsError(f"{name} must be within 0..1, not {value}")


def rounded(values: list[float], digits: int) -> list[float]:
    """The values as floats with so many decimals."""
    return [round(float(value), digits) for value in values]


def rounded_timing(timing_ms: Mapping[str, float]) -> dict[str, float]:
    """Times in milliseconds with two decimals."""
    return {name: round(value, 2) for name, value in timing_ms.items()}
