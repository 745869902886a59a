"""The checks that a feed's report and a catalog's audit share."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from thatlook.core.records import Price, Product
from thatlook.quality.checks.colors import acceptable_colors, color_names_of
from thatlook.quality.checks.product import (
    ProductFinding,
    check_picture,
    check_seen,
    check_shared,
    check_words,
)
from thatlook.quality.facts import PictureFacts, PictureSeen

GOOD = {
    "id": "1",
    "title": "Blue shirt",
    "category": "topwear",
    "gender": "male",
    "color": "Blue",
    "price": Price(Decimal(10), "EUR"),
}


def product(**changes: object) -> Product:
    return Product(**{**GOOD, **changes})


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ({}, []),
        ({"title": ""}, ["no_title"]),
        ({"title": "A1"}, ["odd_title"]),
        ({"title": "12345"}, ["odd_title"]),
        ({"category": "other", "product_type": "Watches"}, ["no_category"]),
        ({"price": None}, ["no_price"]),
        ({"price": Price(Decimal(0))}, ["odd_price"]),
        ({"sale_price": Price(Decimal(12), "EUR")}, ["odd_price"]),
        ({"sale_price": Price(Decimal(8), "EUR")}, []),
        ({"title": "Women Blue Shirt"}, ["gender_words"]),
        ({"title": "Men Blue Shirt"}, []),
        ({"title": "Women Blue Shirt", "gender": "unisex"}, []),
    ],
)
def test_words(changes, kinds):
    assert [finding.kind for finding in check_words(product(**changes))] == kinds


def test_messages_say_what_came():
    (found,) = check_words(product(category="other", product_type="Watches"))
    assert found.to_dict() == {
        "kind": "no_category",
        "id": "1",
        "message": "none of the categories fits 'Watches'",
    }


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        (PictureFacts("a.jpg", width=200, height=400), []),
        (
            PictureFacts("a.jpg", width=300, height=120),
            [("tiny_picture", "300 x 120 pixels; shops ask for 200 and more")],
        ),
        (PictureFacts("a.jpg"), []),  # not opened
        (PictureFacts("a.jpg", "damaged", "cut off"), [("broken_picture", "cut off")]),
    ],
)
def test_pictures(facts, found):
    assert [(f.kind, f.message) for f in check_picture(product(), facts)] == found


@pytest.mark.parametrize(
    ("changes", "articles", "own", "kinds"),
    [
        ({}, {"topwear": 0.5, "bag": 0.99}, True, []),
        ({}, {"bag": 0.7}, False, ["category_seen"]),
        ({}, {"bag": 0.69}, False, ["article_not_seen"]),
        ({}, {"outerwear": 0.99}, False, []),
        ({}, {}, False, ["article_not_seen"]),
        ({}, {"bag": 0.7}, True, ["category_seen"]),
        ({}, {"bag": 0.69}, True, []),
        ({"category": "other"}, {"bag": 0.99}, False, []),
    ],
)
def test_category_by_the_detector(changes, articles, own, kinds):
    found = check_seen(product(**changes), PictureSeen(articles=articles, own=own))
    assert [finding.kind for finding in found] == kinds


@pytest.mark.parametrize(
    ("changes", "gender", "score", "kinds"),
    [
        ({}, "female", 0.9, ["gender_seen"]),
        ({}, "female", 0.89, []),
        ({}, "male", 1.0, []),
        ({}, "unknown", 0.99, []),
        ({}, "", 0.0, []),
        ({"gender": "unisex"}, "female", 1.0, []),
        ({"age_group": "kids"}, "female", 1.0, []),
        ({"category": "other"}, "female", 1.0, []),
        ({"gender": "female"}, "male", 0.99, ["gender_seen"]),
    ],
)
def test_gender_by_the_person(changes, gender, score, kinds):
    seen = PictureSeen({"topwear": 0.9}, True, gender=gender, gender_score=score)
    assert [finding.kind for finding in check_seen(product(**changes), seen)] == kinds


@pytest.mark.parametrize(
    ("color", "seen", "kinds"),
    [
        ("Blue", {"blue": 0.9, "white": 0.1}, []),
        ("Blue", {"red": 0.85, "navy blue": 0.15}, []),
        ("Blue", {"red": 0.85, "navy blue": 0.14, "yellow": 0.01}, ["color_seen"]),
        ("Blue", {"red": 0.34, "orange": 0.33, "yellow": 0.33}, []),
        ("Multi", {"red": 1.0}, []),
        ("Zzz", {"red": 1.0}, []),
        ("", {"red": 1.0}, []),
        ("Blue", {}, []),
    ],
)
def test_color_by_the_pixels(color, seen, kinds):
    found = check_seen(product(color=color), PictureSeen({"topwear": 0.9}, True, colors=seen))
    assert [finding.kind for finding in found] == kinds


@pytest.mark.parametrize(
    ("word", "kinds"),
    [
        ("", ["category_seen"]),
        ("bag", ["category_seen"]),
        ("topwear", ["article_not_seen"]),
        ("other", ["article_not_seen"]),
    ],
)
def test_another_category_needs_two_witnesses(word, kinds):
    found = check_seen(product(), PictureSeen({"bag": 0.9}, category=word))
    assert [finding.kind for finding in found] == kinds


def test_what_a_person_wears_beside_the_product_says_nothing_against_it():
    worn = PictureSeen({"bottomwear": 0.9}, own=True, person=True)
    assert list(check_seen(product(), worn)) == []
    missing = PictureSeen({"bottomwear": 0.9}, own=False, person=True)
    assert [finding.kind for finding in check_seen(product(), missing)] == ["article_not_seen"]
    agreed = PictureSeen({"footwear": 0.95, "bottomwear": 0.9}, category="bottomwear", person=True)
    (found,) = check_seen(product(), agreed)
    assert (found.kind, found.seen, found.score) == ("category_seen", "bottomwear", 0.9)


def test_a_skirt_may_look_like_a_dress_and_trousers_may_not():
    seen = PictureSeen({"dress": 0.8}, own=True, category="dress")
    skirt = product(category="bottomwear", product_type="Bottoms > Skirts")
    assert list(check_seen(skirt, seen)) == []
    jeans = product(category="bottomwear", product_type="Jeans")
    assert [finding.kind for finding in check_seen(jeans, seen)] == ["category_seen"]


def test_what_the_embedding_network_sees_must_be_detected_too():
    seen = PictureSeen({"bottomwear": 0.9, "bag": 0.69}, category="bag", person=True)
    assert [finding.kind for finding in check_seen(product(), seen)] == ["article_not_seen"]
    alike = PictureSeen({"bottomwear": 0.9, "outerwear": 0.9}, own=True, category="outerwear")
    assert list(check_seen(product(), alike)) == []


@pytest.mark.parametrize(
    ("title", "kinds"),
    [
        ("Rust Brown shirt", []),
        ("Shirt, rust brown", []),
        ("Brown shirt", ["color_seen"]),
        ("Red Tape brown shirt", ["color_seen"]),
        ("Rust shirt", ["color_seen"]),
    ],
)
def test_the_word_before_a_color_says_which_shade_is_meant(title, kinds):
    seen = PictureSeen({"topwear": 0.9}, True, colors={"red": 1.0})
    found = check_seen(product(title=title, color="Brown"), seen)
    assert [finding.kind for finding in found] == kinds


@pytest.mark.parametrize(
    ("words", "kinds"),
    [
        ({"color": "navy blue"}, []),
        ({"color": "red"}, ["color_seen"]),
        ({"pattern": "solid"}, ["color_seen"]),
    ],
)
def test_the_embedding_network_must_not_contradict_the_pixels(words, kinds):
    seen = PictureSeen({"topwear": 0.9}, True, colors={"red": 1.0}, **words)
    assert [finding.kind for finding in check_seen(product(), seen)] == kinds


@pytest.mark.parametrize(
    ("title", "kinds"),
    [
        ("Blue shirt", ["color_seen"]),
        ("Solid blue shirt", ["color_seen"]),
        ("Blue & white shirt", []),
        ("Pack of 3 blue shirts", []),
    ],
)
def test_only_pieces_of_one_color_are_judged_by_it(title, kinds):
    found = check_seen(
        product(title=title), PictureSeen({"topwear": 0.9}, True, colors={"red": 1.0})
    )
    assert [finding.kind for finding in found] == kinds


@pytest.mark.parametrize(
    ("colors", "kinds"),
    [
        ({"red": 0.6, "yellow": 0.36, "blue": 0.04}, ["color_seen"]),
        ({"magenta": 0.6, "orange": 0.4}, ["color_seen"]),
        ({"red": 0.59, "orange": 0.41}, []),
        ({"red": 0.6, "orange": 0.35, "blue": 0.05}, []),
        ({"beige": 1.0}, []),  # what narrow stripes of many colors look like
    ],
)
def test_of_patterned_pieces_only_a_clear_color_everywhere_speaks(colors, kinds):
    seen = PictureSeen({"topwear": 0.9}, True, colors=colors)
    found = check_seen(product(title="Striped blue shirt"), seen)
    assert [finding.kind for finding in found] == kinds
    told = check_seen(product(), replace(seen, pattern="striped"))
    assert [finding.kind for finding in told] == kinds


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, []),
        ({"color": "Navy"}, []),
        ({"color": "Purple"}, [("Purple", "Blue (1)")]),
        ({"color": "Multi"}, []),
        ({"color": "Purple", "title": "Checked shirt"}, []),
        ({"color": "Purple", "title": "Printed shirt"}, [("Purple", "Blue (1)")]),
        ({"color": "Purple", "title": "Blue and purple shirt"}, []),
        ({"gender": "unisex"}, []),
        ({"gender": "female"}, [("female", "male (1)")]),
        ({"category": "bag"}, [("bag", "topwear (1)")]),
    ],
)
def test_one_picture_with_different_words(changes, found):
    shared = check_shared([product(), product(id="2", **changes)])
    assert [(f.says, f.seen) for f in shared] == found


def test_a_disagreement_names_both_sides():
    (found,) = check_seen(product(), PictureSeen({"bag": 0.91234}))
    assert found == ProductFinding(
        "category_seen", "1", "listed as topwear, the picture shows bag", "topwear", "bag", 0.91234
    )
    assert found.to_dict()["score"] == 0.9123


@pytest.mark.parametrize(
    ("word", "names"),
    [
        ("Navy Blue", {"navy blue"}),
        ("navy", {"navy blue"}),
        ("Grey Melange", {"grey"}),
        ("Off White", {"cream", "white", "beige"}),
        ("Black and Red", {"black", "red"}),
        ("Mushroom Brown", {"beige", "brown", "grey"}),
        ("Multi", set()),
        ("Gold", set()),
        ("Blue Print", set()),
        ("", set()),
        ("Turquoise Blue", {"turquoise", "blue"}),
    ],
)
def test_what_color_words_mean(word, names):
    assert color_names_of(word) == frozenset(names)


def test_shades_are_acceptable_and_strangers_are_not():
    blue = acceptable_colors(frozenset({"blue"}))
    assert {"blue", "navy blue", "light blue"} <= blue
    assert not {"red", "yellow", "green", "orange"} & blue
    assert not {"white", "cream", "yellow", "orange"} & acceptable_colors(frozenset({"black"}))
