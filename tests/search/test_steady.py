from __future__ import annotations

import pytest

from thatlook.core.errors import UnknownProductError
from thatlook.search.steady import MOST, steady


def searched(missing):
    """A search in which each of these products is missing when it is read, and how often it ran."""
    runs = []

    @steady
    def search(answer):
        runs.append(answer)
        if len(runs) <= len(missing):
            raise UnknownProductError(missing[len(runs) - 1])
        return answer

    return search, runs


def test_a_search_is_made_anew_for_each_product_that_vanishes():
    search, runs = searched(["a", "b"])
    assert search("found") == "found"
    assert len(runs) == 3


def test_a_product_that_is_missing_twice_was_asked_for():
    search, runs = searched(["a", "a"])
    with pytest.raises(UnknownProductError, match="'a'"):
        search("found")
    assert len(runs) == 2


def test_it_gives_up_in_the_end():
    search, runs = searched([str(n) for n in range(100)])
    with pytest.raises(UnknownProductError):
        search("found")
    assert len(runs) == MOST + 1
