"""Searches of a catalog that others change meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec, TypeVar

from thatlook.core.errors import UnknownProductError

P = ParamSpec("P")
T = TypeVar("T")

MOST: Final = 20
"""So many products may be removed under one search before it gives up."""


def steady(search: Callable[P, T]) -> Callable[P, T]:
    """The search, made anew where a product that it found is removed before it could be read.

    Raises UnknownProductError for a product that was asked for: that one is missing twice.
    """

    @wraps(search)
    def found(*args: P.args, **kwargs: P.kwargs) -> T:
        gone: set[str] = set()
        while True:
            try:
                return search(*args, **kwargs)
            except UnknownProductError as error:
                if error.product_id in gone or len(gone) >= MOST:
                    raise
                gone.add(error.product_id)

    return found
