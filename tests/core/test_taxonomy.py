import pytest

from thatlook.core.taxonomy import (
    CATEGORIES,
    KEYPOINT_FLIP,
    KEYPOINTS,
    SKELETON,
    category_of,
    gender_of,
    pattern_of,
    patterns,
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
