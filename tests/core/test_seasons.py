"""Seasons as shops tell them, and types that a season rules out: fixed texts."""

from __future__ import annotations

import pytest

from thatlook.core.seasons import fits, rules_out, season_column, seasons_of


@pytest.mark.parametrize(
    ("column", "title", "seasons"),
    [
        ("Fall", "", {"autumn"}),
        ("Spring/Summer", "", {"spring", "summer"}),
        ("FW24", "", {"autumn", "winter"}),
        ("SS 2025", "", {"spring", "summer"}),
        ("Été", "", {"summer"}),
        ("Frühling", "", {"spring"}),
        ("NA", "Summer dress", set()),
        ("", "Light Summer Dress", {"summer"}),
        ("Winter", "Summer dress", {"winter"}),
        ("", "Dress for the fall of man, ss tyre", set()),
    ],
)
def test_the_column_tells_first_then_the_title(column, title, seasons):
    assert seasons_of(column, title) == seasons


def test_the_column_is_found_by_its_name_in_several_languages():
    assert season_column([("Year", "2011"), ("SEASON", "Fall")]) == "Fall"
    assert season_column([("Saison", "Winter")]) == "Winter"
    assert season_column([("seasonal", "Fall")]) == ""


@pytest.mark.parametrize(
    ("kind", "season", "out"),
    [
        ("Shorts", "winter", True),
        ("flip flops", "winter", True),
        ("coats", "summer", True),
        ("coats", "winter", False),
        ("shirts", "winter", False),
    ],
)
def test_a_season_rules_out_some_types(kind, season, out):
    assert rules_out(kind, season) is out


def test_what_is_for_no_season_fits_all():
    assert fits("summer", frozenset(), "shirts")
    assert fits("summer", frozenset({"spring", "summer"}), "shirts")
    assert not fits("summer", frozenset({"winter"}), "shirts")
    assert fits("winter", frozenset({"autumn"}), "shirts")
    assert not fits("spring", frozenset({"autumn", "winter"}), "shirts")
    assert not fits("summer", frozenset({"summer"}), "coats")
