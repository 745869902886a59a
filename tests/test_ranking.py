import math

import numpy as np
import pytest

from thatlook.errors import ModelError
from thatlook.ranking import (
    Calibration,
    Curve,
    Traits,
    distinct,
    diverse,
    grouped,
    most_prominent,
    reasons,
    refined,
)
from thatlook.records import Product


def test_curve():
    curve = Curve(slope=8, middle=0.5)
    assert curve.score(0.5) == 0.5
    assert curve.score(1.0) == pytest.approx(1 / (1 + math.exp(-4)))
    assert curve.score(0.9) > curve.score(0.8)


def test_each_category_has_its_curve():
    entry = {"default": {"slope": 4, "middle": 0.5}, "bag": {"slope": 2, "middle": 0.0}}
    calibration = Calibration.of(entry)
    assert calibration.score(0.5, "dress") == 0.5
    assert calibration.score(0.0, "bag") == 0.5
    assert Calibration.of({}).score(0.55, "bag") == 0.5
    assert Calibration.of({"default": {"slope": 5000, "middle": 0.5}}).score(-1, "bag") < 1e-9
    for wrong in ({"bag": {"slope": 1}}, {"bag": 3}, {"bag": {"slope": "x", "middle": 0}}):
        with pytest.raises(ModelError, match="expected slope and middle"):
            Calibration.of(wrong)


def test_reasons_say_what_is_the_same_and_what_is_not():
    article = Traits("tshirt", "navy blue", "striped")
    same = reasons(article, Traits("Tshirts", "navy blue", "striped"), 0.834)
    assert same == (
        "same type: tshirt",
        "same color: navy blue",
        "same pattern: striped",
        "overall likeness 0.83",
    )
    other = reasons(article, Traits("Shirts", "red", "solid"), -0.2)
    assert other == ("other color: red", "overall likeness 0.00")
    assert reasons(article, Traits("", "blue", ""), 0.5)[0] == "similar color: blue"
    assert reasons(article, Traits("", "white/navy blue"), 0.5)[0] == "same color: navy blue"
    assert reasons(article, Traits("", "Navy", ""), 0.5)[0] == "similar color: navy"
    assert reasons(article, Traits("", "light-blue", ""), 0.5)[0] == "similar color: light-blue"
    both = Traits("Apparel > Shirts", "cream/navy", "")
    assert reasons(both, Traits("Tops > Shirts", "Navy, Cream"), 0.9)[:2] == (
        "same type: shirts",
        "same color: cream/navy",
    )
    assert reasons(Traits("", "orange"), Traits("", "coral"), 0.5)[0] == "similar color: coral"
    assert reasons(Traits("", "multi"), Traits("", "multi"), 0.5) == ("overall likeness 0.50",)
    assert reasons(Traits(), Traits(), 0.5) == ("overall likeness 0.50",)


def test_distinct_keeps_the_first_of_the_same_picture():
    a, b = [1.0, 0.0], [0.0, 1.0]
    vectors = np.array([a, a, b, a, b, [0.6, 0.8]], np.float32)
    assert distinct(vectors, 9) == [0, 2, 5]
    assert distinct(vectors, 2) == [0, 2]
    assert distinct(vectors[:0], 2) == []


def test_most_prominent():
    # outerwear 1.0 * 0.9 * 100 = 90, footwear 0.6 * 1.0 * 140 = 84
    assert most_prominent([("footwear", 1.0, 140.0**2), ("outerwear", 0.9, 100.0**2)]) == 1
    assert most_prominent([]) is None


def test_diverse_by_hand():
    # candidates a, a' (alike 1.0) and b (0 to both), similarities .9 .8 .5
    vectors = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    similarities = np.array([0.9, 0.8, 0.5])
    assert diverse(similarities, vectors, 3, 0.0) == [0, 1, 2]
    # after a: a' is worth .5 * .8 - .5 * 1 = -.1, b is worth .25
    assert diverse(similarities, vectors, 3, 0.5) == [0, 2, 1]
    assert diverse(similarities, vectors, 1, 0.5) == [0]
    assert diverse(similarities[:0], vectors[:0], 3, 0.5) == []


def test_refined_by_hand():
    query, x, y = np.array([1.0, 0.0]), np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    nothing = np.zeros((0, 2))
    np.testing.assert_allclose(refined(query, nothing, nothing), [1, 0])
    # (1, 0.6) and (1, -0.3), scaled to length 1
    np.testing.assert_allclose(
        refined(query, y, nothing), np.array([1, 0.6]) / 1.36**0.5, rtol=1e-6
    )
    np.testing.assert_allclose(
        refined(query, nothing, y), np.array([1, -0.3]) / 1.09**0.5, rtol=1e-6
    )
    assert refined(query, x, x).dtype == np.float32
    np.testing.assert_allclose(refined(np.array([0.3, 0.0]), nothing, x), [0.3, 0])  # cancels out


def shirt(product_id, title, **fields):
    return Product(product_id, title, "topwear", "male", **fields)


def test_variants_are_the_products_of_one_item_group():
    title = "Acme Men Oxford Button Down Shirt"
    products = [
        shirt("1", f"{title} Blue", item_group_id="g"),
        shirt("2", f"{title} Red"),
        shirt("3", "Another name", item_group_id="g"),
        shirt("4", f"{title} Red"),
        shirt("g", title),
    ]
    assert grouped(products) == [[0, 2], [1], [3], [4]]
