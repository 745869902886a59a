import pytest

from thatlook.core import taxonomy
from thatlook.core.categories import Category, categories_of
from thatlook.core.errors import SettingsError
from thatlook.core.taxonomy import (
    CATEGORIES,
    KEYPOINT_FLIP,
    KEYPOINTS,
    LONE_CATEGORIES,
    SKELETON,
    SMALL_CATEGORIES,
    category_of,
    category_prominence,
    drawing_colors,
    gender_of,
    pattern_of,
    patterns,
    shown_names,
    tag_words,
    words,
)


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("Tshirts", "topwear"),
        ("T-Shirts", "topwear"),
        ("Apparel & Accessories > Clothing > Dresses", "dress"),
        ("Shirt dress", "dress"),
        ("Dress shirts", "topwear"),
        ("Nehru Jackets", "outerwear"),
        ("Track Pants", "bottomwear"),
        ("Capris", "bottomwear"),
        ("Kurtis", "topwear"),
        ("Jeans", "bottomwear"),
        ("Flip Flops", "footwear"),
        ("Shoe Accessories", "other"),
        ("Shoes > Boots", "footwear"),
        ("Laptop Bag", "bag"),
        ("Clutches", "bag"),
        ("Scarves", "neckwear"),
        ("Sunglasses", "eyewear"),
        ("Caps", "headwear"),
        ("Innerwear Vests", "topwear"),
        ("Watches", "other"),
        ("Perfume and Body Mist", "other"),
        ("", "other"),
    ],
)
def test_category(text, category):
    assert category_of(text) == category


def test_the_first_telling_text_wins():
    assert category_of("Sale", "Shoes", "A dress") == "footwear"


@pytest.mark.parametrize(
    ("text", "gender"),
    [
        ("Women", "female"),
        ("Men's", "male"),
        ("Girls", "female"),
        ("Boys", "male"),
        ("Unisex", "unisex"),
        ("women and men", "unisex"),
        ("Mentor", "unisex"),
        ("", "unisex"),
        ("Female", "female"),
    ],
)
def test_gender(text, gender):
    assert gender_of(text) == gender


def test_pattern():
    assert pattern_of("Men Striped Polo") == "striped"
    assert pattern_of("Blue T-shirt") is None
    assert pattern_of("Polka Dot Skirt") == "dotted"
    assert patterns()[:3] == ("solid", "striped", "checked")


def test_words():
    assert words("Women's T-Shirts & Dresses") == ("women", "tshirt", "dress")


def test_key_points_mirror_each_other():
    for index, mirrored in enumerate(KEYPOINT_FLIP):
        assert KEYPOINT_FLIP[mirrored] == index
        name = KEYPOINTS[index].replace("left", "x").replace("right", "left").replace("x", "right")
        assert KEYPOINTS[mirrored] == name
    assert all(0 <= joint < len(KEYPOINTS) for bone in SKELETON for joint in bone)
    assert len(CATEGORIES) == 9


def test_the_categories_as_they_were():
    # The order is that of the article network's class channels.
    assert CATEGORIES == (
        "topwear", "outerwear", "dress", "bottomwear", "footwear", "bag", "headwear", "eyewear",
        "neckwear",
    )  # fmt: skip
    assert list(drawing_colors().values()) == [
        "#2f6fed", "#7a3ff2", "#d6336c", "#0b8f6a", "#c2570c", "#a0760a", "#0a83a8", "#5b6472",
        "#a83279",
    ]  # fmt: skip
    assert list(category_prominence().values()) == [1, 1, 1, 0.8, 0.6, 0.6, 0.4, 0.2, 0.4]
    assert SMALL_CATEGORIES == ("bag", "headwear", "eyewear", "neckwear")
    assert LONE_CATEGORIES == ("footwear", "bag", "headwear", "eyewear")
    assert sum(len(tags) for tags in tag_words().values()) == 40
    assert tuple(drawing_colors()) == tuple(shown_names()) == tuple(tag_words()) == CATEGORIES


BELT = {
    "shown_name": "Belt",
    "drawing_color": "#123456",
    "prominence": 0.2,
    "small": True,
    "lone": True,
    "neighbours": {},
    "tags": ["belt"],
    "words": ["belt", "waist belt"],
}


def test_a_record_holds_all_of_a_category():
    (found,) = categories_of({"belt": BELT}).values()
    assert found == Category(
        name="belt", **BELT | {"tags": ("belt",), "words": ("belt", "waist belt")}
    )


@pytest.mark.parametrize("part", BELT)
def test_every_part_is_needed(part):
    record = {name: value for name, value in BELT.items() if name != part}
    with pytest.raises(SettingsError, match=rf"'belt': expected exactly .*missing: {part}; unk"):
        categories_of({"belt": record})


@pytest.mark.parametrize(
    ("part", "value", "expected"),
    [
        ("shown_name", " ", "a text"),
        ("drawing_color", "red", "a color such as"),
        ("drawing_color", "#12345G", "a color such as"),
        ("prominence", 1.5, "a number of 0 to 1"),
        ("prominence", True, "a number of 0 to 1"),
        ("small", 1, "true or false"),
        ("lone", "no", "true or false"),
        ("neighbours", ["bag"], "an object: category to a list of words"),
        ("neighbours", {"bag": None}, "an object: category to a list of words"),
        ("neighbours", {"bag": [1]}, "an object: category to a list of words"),
        ("neighbours", {"bag": []}, "neighbours must be among none, not 'bag'"),
        ("neighbours", {"belt": []}, "neighbours must be among none, not 'belt'"),
        ("tags", "belt", "a list of texts"),
        ("words", [], "a list of texts"),
        ("words", ["belt", 3], "a list of texts"),
        ("colour", "red", "unknown: colour"),
    ],
)
def test_a_wrong_part_is_told(part, value, expected):
    with pytest.raises(SettingsError, match=rf"taxonomy\.json: category 'belt'.*{expected}"):
        categories_of({"belt": BELT | {part: value}})


@pytest.mark.parametrize("name", ["Belt", "", "other", "person", "a b", "belt\n", "x}"])
def test_a_name_that_cannot_be_one(name):
    with pytest.raises(SettingsError, match="expected a name of small letters"):
        categories_of({name: BELT})


@pytest.mark.parametrize(
    ("part", "what"), [("drawing_color", "#123456"), ("shown_name", "Belt"), ("tags", "belt")]
)
def test_two_categories_differ(part, what):
    sash = BELT | {"drawing_color": "#654321", "shown_name": "Sash", "tags": ["sash"]}
    categories_of({"belt": BELT, "sash": sash})
    with pytest.raises(SettingsError, match=rf"{part}: '{what}' is of 'belt' and 'sash'"):
        categories_of({"belt": BELT, "sash": sash | {part: BELT[part]}})


def test_neighbours_with_the_words_that_their_products_need():
    assert {
        name: taxonomy.neighbours(name) for name in CATEGORIES if taxonomy.neighbours(name)
    } == {
        "topwear": {"outerwear": ()},
        "outerwear": {"topwear": ()},
        "dress": {"topwear": (), "bottomwear": ("skirt",)},
    }
    assert taxonomy.neighbours("other") == {}
    taken = {name: others for name, others in taxonomy.taken_for_another().items() if others}
    assert taken == {
        "topwear": ("outerwear", "dress"),
        "outerwear": ("topwear",),
        "dress": ("topwear", "bottomwear"),
        "bottomwear": ("dress",),
    }


def test_no_word_is_of_two_categories(monkeypatch):
    table = {"belt": ("belts",), "other": ("watch", "belt")}
    monkeypatch.setattr(taxonomy, "_category_words", lambda: table)
    with pytest.raises(SettingsError, match="'belt' is of 'belt' and 'other'"):
        taxonomy._phrases.__wrapped__("categories")
