"""A misspelt brand or color is told, with what was meant."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from thatlook.core.errors import SettingsError
from thatlook.search.index import Filters
from thatlook.store.filter_words import check_filter_words

SHOP = SimpleNamespace(
    brands=lambda: ["Aldermoor", "Nordlys"], colors=lambda: ["Petrol", "Navy Blue / Ecru Melange"]
)


@pytest.mark.parametrize(
    "filters",
    [
        Filters(),
        Filters(brands=frozenset({"NORDLYS"}), colors=frozenset({"navy", "ecru melange"})),
        Filters(colors=frozenset({"petrol", "lilac", "off-white"})),  # lilac: not in the shop
    ],
)
def test_known_words_pass(filters):
    check_filter_words(SHOP, filters)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"colors": {"redd"}}, "no such color is known: 'redd'; did you mean red?"),
        ({"colors": {"petrl"}}, "no such color is known: 'petrl'; did you mean Petrol?"),
        ({"colors": {"qqq"}}, "no such color is known: 'qqq'; known are black, "),
        ({"brands": {"nordlis"}}, "no such brand is known: 'nordlis'; did you mean Nordlys?"),
        ({"brands": {"Zed"}}, "'Zed'; known are Aldermoor, Nordlys"),
    ],
)
def test_unknown_words_are_told(given, told):
    filters = Filters(**{name: frozenset(words) for name, words in given.items()})
    with pytest.raises(SettingsError) as error:
        check_filter_words(SHOP, filters)
    assert told in str(error.value)


def test_a_shop_without_brands_says_so():
    shop = SimpleNamespace(brands=list, colors=list)
    with pytest.raises(SettingsError, match="'Zed'; no product has a brand"):
        check_filter_words(shop, Filters(brands=frozenset({"Zed"})))
