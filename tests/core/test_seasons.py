"""Seasons as shops tell them, and types that a season rules out: fixed texts."""

from __future__ import annotations

import pytest

from thatlook.core.seasons import (
    SEASONS,
    TITLE_WORDS,
    fits,
    rules_out,
    season_column,
    seasons_of,
    seasons_said,
)


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


WARM, COLD = {"spring", "summer"}, {"autumn", "winter"}


@pytest.mark.parametrize(
    ("cell", "seasons"),
    [
        ("S/S 2024", WARM),
        ("24SS", WARM),
        ("SS'24", WARM),
        ("Spring Summer", WARM),
        ("SpringSummer24", WARM),
        ("Frühjahr/Sommer", WARM),
        ("Printemps-Été 2025", WARM),
        ("P/E 25", WARM),
        ("Primavera Verano", WARM),
        ("Primavera/Estate", WARM),
        ("Voorjaar/Zomer", WARM),
        ("Resort 25", WARM),
        ("AW 23/24", COLD),
        ("FW23", COLD),
        ("F/W", COLD),
        ("Fall-Winter 2024", COLD),
        ("Herbst-/Winterkollektion", COLD),
        ("Automne-Hiver", COLD),
        ("Otoño Invierno", COLD),
        ("Autunno/Inverno 2024", COLD),
        ("Pre-Fall", {"autumn"}),
        ("Mid-season", {"spring", "autumn"}),
        ("All season", set(SEASONS)),
        ("F/W 24, S/S 25", set(SEASONS)),
        ("Ganzjährig", set(SEASONS)),
        ("Toutes saisons", set(SEASONS)),
        ("Todo el año", set(SEASONS)),
        ("Sommer für alle", {"summer"}),
        ("N/A", set()),
        ("-", set()),
        ("", set()),
        ("2024", None),
        ("Beach", None),
        ("S24", None),
    ],
)
def test_shops_words_for_their_seasons(cell, seasons):
    assert seasons_said(cell) == seasons


@pytest.mark.parametrize("word", TITLE_WORDS)
def test_each_word_of_titles_means_one_season(word):
    assert len(seasons_of(title=f"A {word} dress")) == 1


@pytest.mark.parametrize(
    ("title", "brand", "seasons"),
    [
        ("Autumn Cashmere Sweater", "Autumn Cashmere", set()),
        ("Winter jacket by Autumn", "AUTUMN", {"winter"}),
        ("Winter Winter Jacket", "Winter", {"winter"}),
        ("Autumn Jacket", "", {"autumn"}),
        ("Autumn Jacket", "Jacket", {"autumn"}),
    ],
)
def test_a_brand_in_the_title_is_no_season(title, brand, seasons):
    assert seasons_of(title=title, brand=brand) == seasons


def test_the_column_is_found_by_its_name_in_several_languages():
    assert season_column([("Year", "2011"), ("SEASON", "Fall")]) == "Fall"
    assert season_column([("Saison", "Winter")]) == "Winter"
    assert season_column([("estación", "Invierno")]) == "Invierno"
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


def test_the_field_itself_goes_before_columns_of_such_a_name():
    columns = [("Saison", "2"), ("title", "Winter"), ("season", "HW24")]
    assert season_column(columns) == "HW24"
    assert season_column(columns[:2]) == "2"
    assert season_column(columns[1:2]) == ""
