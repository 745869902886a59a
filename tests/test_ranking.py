import math

import numpy as np
import pytest

from thatlook.ranking import Curve, Traits, distinct, most_prominent, reasons


def test_curve():
    curve = Curve(slope=8, middle=0.5)
    assert curve.score(0.5) == 0.5
    assert curve.score(1.0) == pytest.approx(1 / (1 + math.exp(-4)))
    assert curve.score(0.9) > curve.score(0.8)


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
