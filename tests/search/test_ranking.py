import math

import numpy as np
import pytest

from thatlook.core.errors import ModelError
from thatlook.core.records import Product
from thatlook.core.taxonomy import category_prominence
from thatlook.search.ranking import (
    Agreement,
    Calibration,
    Curve,
    NearnessScale,
    Style,
    Traits,
    changes,
    distinct,
    diverse,
    gentle,
    grouped,
    most_prominent,
    part_similarities,
    reasons,
    rocchio,
    style_key,
    tellable_types,
)
from thatlook.search.ranking.variants import outline_similarity


def test_curve():
    curve = Curve(slope=8, middle=0.5)
    assert curve.score(0.5) == 0.5
    assert curve.score(1.0) == pytest.approx(1 / (1 + math.exp(-4)))
    assert curve.score(0.9) > curve.score(0.8)


def test_each_category_has_its_curve():
    entry = {"default": {"slope": 4, "middle": 0.5}, "bag": {"slope": 2, "middle": 0.0}}
    calibration = Calibration.of(entry)
    assert calibration.curve("dress").score(0.5) == 0.5
    assert calibration.curve("bag").score(0.0) == 0.5
    assert calibration.curve("bag", worn=True) is calibration.curve("bag")
    assert Calibration.of({}).curve("bag").score(0.55) == 0.5
    steep = Calibration.of({"default": {"slope": 5000, "middle": 0.5}})
    assert steep.curve("bag").score(-1) < 1e-9
    entry["worn"] = {"slope": 4, "middle": 0.25, "moves": {"same type": 0.25, "other color": -1}}
    worn = Calibration.of(entry).curve("bag", worn=True)
    assert worn.worth(0.5, Agreement("same", "similar")) == 0.75
    assert worn.worth(0.5, Agreement("other", "other")) == -0.5
    assert worn.score(0.25) == 0.5
    broken = ({"bag": {"slope": 1}}, {"bag": 3}, {"bag": {"slope": "x", "middle": 0}})
    for wrong in (*broken, {"worn": {"slope": 1, "middle": 0, "moves": [1]}}):
        with pytest.raises(ModelError, match="expected slope and middle"):
            Calibration.of(wrong)


def test_reasons_say_what_is_the_same_and_what_is_not():
    article = Traits("tshirt", "navy blue", "striped")
    same = reasons(article, Traits("Tshirts", "navy blue", "striped"), 0.834)
    assert same == (
        "same type: tshirts",
        "same color: navy blue",
        "same pattern: striped",
        "overall likeness 0.83",
    )
    other = reasons(article, Traits("Shirts", "red", "solid"), -0.2)
    assert other == (
        "other type: shirts",
        "other color: red",
        "other pattern: solid",
        "overall likeness 0.00",
    )
    assert reasons(Traits("", "", "solid"), Traits("", "", "plain"), 1)[0] == "same pattern: plain"
    assert reasons(Traits("", "", "solid"), Traits("", "", "fair isle"), 1)[0].startswith("overall")
    kind = reasons(Traits("shirts", "red", "solid"), Traits("Casual Shirts", "blue", "solid"), 0.5)
    assert kind == ("same pattern: solid", "other color: blue", "overall likeness 0.50")
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


@pytest.mark.parametrize(
    ("article", "product", "agreement"),
    [
        ("casual shoes", "Shoes > Sneakers", "same"),
        ("tops", "Tops > Tees", "other"),
        ("tshirts", "Tops > Tees", "same"),
        ("tops", "Tops > Blouses", ""),  # near: a shopper would rather see it than none
        ("shirts", "Tops > Blouses", ""),
        ("sandals", "Shoes > Sneakers", "other"),
        ("casual shoes", "Shoes > Boots", ""),  # the network has no word for boots
        ("casual shoes", "Shoes > Zorbs", ""),  # nobody knows what that is
        ("zorbs", "Shoes > Clogzorbs", "other"),  # two words of a shop's own
        ("caps", "Headwear > Beanies", ""),
    ],
)
def test_types_are_compared_by_what_shoppers_mean(article, product, agreement):
    tellable = tellable_types(["casual shoes", "sandals", "shirts", "tops", "tshirts", "zorbs"])
    found = Agreement.of(Traits(article), Traits(product), tellable)
    assert found.type == agreement
    told = [f"{agreement} type: {product.split(' > ')[-1].lower()}"] if agreement else []
    reason, *_ = reasons(Traits(article), Traits(product), 0.5, None, tellable)
    assert [reason] == (told or ["overall likeness 0.50"])


def test_whoever_can_tell_all_types_says_that_one_is_another():
    assert Agreement.of(Traits("sandals"), Traits("boots"), frozenset({"sandals"})).type == ""
    assert Agreement.of(Traits("sandals"), Traits("boots")).type == "other"


def test_an_unknown_type_gives_no_reason():
    known, unknown = Traits("tshirt", "", ""), Traits("", "", "")
    assert (
        reasons(known, unknown, 0.5) == reasons(unknown, known, 0.5) == ("overall likeness 0.50",)
    )


def test_reasons_give_the_numbers_of_the_parts():
    # Parts of squared lengths 0.5, 0.32, 0.18: 0.5 * 1 + 0.32 * 0 + 0.18 * -1 = 0.32 in all.
    one = np.array([np.sqrt(0.5), 0, np.sqrt(0.32), 0, np.sqrt(0.18)])
    other = np.array([np.sqrt(0.5), 0, 0, np.sqrt(0.32), -np.sqrt(0.18)])
    places = {"learned": slice(0, 2), "type": slice(2, 4), "color": slice(4, 5)}
    found, itself = part_similarities(one, np.stack([other, one]), places)
    assert itself == pytest.approx({"learned": 1.0, "type": 1.0, "color": 1.0})
    assert found == pytest.approx({"learned": 1.0, "type": 0.0, "color": -1.0})
    assert reasons(Traits(), Traits(), float(one @ other), found) == (
        "overall likeness 0.32: type 0.00, color 0.00",
    )
    assert part_similarities(np.zeros(2), np.ones((1, 2)), {"type": slice(0, 2)}) == [{"type": 0.0}]
    assert part_similarities(one, np.stack([one, one]), {}) == [{}, {}]
    told = reasons(Traits(), Traits(), 0.9, {"pattern": 0.5, "type": 0.876})
    assert told == ("overall likeness 0.90: type 0.88, pattern 0.50",)


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
    # Trousers count 0.8 of a shirt: 0.8 * sqrt(1.55) = 0.996, 0.8 * sqrt(1.58) = 1.006
    for area, first in ((1.55, 1), (1.58, 0)):
        assert most_prominent([("bottomwear", 1.0, area), ("topwear", 1.0, 1.0)]) == first
    weights = {
        "dress": 1.0, "outerwear": 1.0, "topwear": 1.0, "bottomwear": 0.8, "bag": 0.6,
        "footwear": 0.6, "neckwear": 0.4, "headwear": 0.4, "eyewear": 0.2,
    }  # fmt: skip
    assert category_prominence() == weights


def test_diverse_by_hand():
    # candidates a, a' (alike 1.0) and b (0 to both), similarities .90 .89 .88
    vectors = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    similarities = np.array([0.9, 0.89, 0.88])
    assert diverse(similarities, vectors, 3, 0.0) == [0, 1, 2]
    # after a: a' is worth .5 * .89 - .5 * 1 = -.055, b is worth .44
    assert diverse(similarities, vectors, 3, 0.5) == [0, 2, 1]
    assert diverse(similarities, vectors, 2, 0.5) == [0, 2]
    assert diverse(similarities, vectors, 1, 0.5) == [0]
    assert diverse(similarities[:0], vectors[:0], 3, 0.5) == []


def test_variety_leaves_out_nothing_that_is_clearly_better():
    # The second best is .8: b, .025 below it, may take its place, c, .03 below it, not.
    vectors = np.array([[1, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
    assert diverse(np.array([0.9, 0.8, 0.776, 0.77]), vectors, 2, 1.0) == [0, 2]
    assert diverse(np.array([0.9, 0.8, 0.774, 0.77]), vectors, 2, 1.0) == [0, 1]
    # What is more than .025 above the third best is shown, copies or not.
    assert sorted(diverse(np.array([0.9, 0.87, 0.84, 0.83]), vectors, 3, 1.0)) == [0, 1, 2]


@pytest.mark.parametrize("diversity", [0.1, 0.5, 1.0])
def test_what_is_left_out_is_never_more_than_a_little_better(diversity):
    rng = np.random.default_rng(5)
    for _ in range(50):
        vectors = rng.normal(size=(40, 6))
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        similarities = np.sort(vectors @ vectors[0])[::-1] * rng.uniform(0.05, 1)
        taken = diverse(similarities, vectors, 10, diversity)
        out = np.delete(similarities, taken)
        assert len(set(taken)) == 10
        assert out.max() - similarities[taken].min() <= 0.05 + 1e-12


def test_a_score_in_words():
    scale = NearnessScale(0.5, 0.2)
    assert [scale.word(score) for score in (1.0, 0.5, 0.499, 0.2, 0.199, 0.0)] == [
        "very close", "very close", "similar", "similar", "same idea", "same idea",
    ]  # fmt: skip


def test_leaning_by_hand():
    x, y, nothing = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]), np.zeros((0, 1))
    assert rocchio(nothing, nothing) is None
    np.testing.assert_allclose(rocchio(x, nothing), [0.3, 0])
    np.testing.assert_allclose(rocchio(nothing, y), [0, -0.15])
    np.testing.assert_allclose(rocchio(np.concatenate([x, y]), x), [0, 0.15])


def test_few_of_those_shown_make_room():
    assert [changes(k, 1) for k in (1, 5, 9, 10, 20)] == [1, 1, 1, 2, 4]
    assert changes(10, 3) == 6
    # 0 1 2 were shown; 1 and 2 would go for 3 and 4. One may: the better one comes back.
    assert gentle([0, 1, 2], [0, 3, 4], 2) == [0, 3, 4]
    assert gentle([0, 1, 2], [0, 3, 4], 1) == [0, 3, 1]
    assert gentle([0, 1, 2], [0, 3, 4], 0) == [0, 1, 2]
    assert gentle([0, 1], [0, 3, 4], 0) == [0, 3, 1]  # one place was free
    assert gentle([], [3, 4], 0) == [3, 4]


LINES = bytes([0, 255, 0, 255])


def test_variants_are_the_products_of_one_item_group():
    styles = [
        Style(group="g", key="k", color="blue"),
        Style(key="k", color="red", outline=LINES),
        Style(group="g"),
        Style(group="h", key="k"),
        Style(key="k"),
    ]
    assert grouped(styles) == [[0, 2], [1], [3], [4]]


def test_one_style_in_other_colors_is_a_variant():
    def styled(color, outline=LINES, key="k", seen=("shirt", "solid")):
        return Style(key=key, color=color, seen=seen, outline=outline)

    first = styled("navy")
    assert grouped([first, styled("red"), styled("green")]) == [[0, 1, 2]]
    for other in (
        styled("navy blue"),  # a shop's other word for the same color
        styled("red", bytes([255, 0, 255, 0])),  # another outline
        styled("red", key="l"),
        styled("red", seen=("shirt", "striped")),
        styled(""),
        styled("red", b""),
        styled("red", key=""),
    ):
        assert grouped([first, other]) == [[0], [1]]
    # of two that fit, the better match; a color comes once in a group
    assert grouped([first, styled("navy"), styled("red"), styled("red")]) == [[0, 2], [1, 3]]


def test_outlines_are_compared_by_correlation():
    assert outline_similarity(LINES, LINES) == pytest.approx(1)
    assert outline_similarity(LINES, bytes([0, 127, 0, 127])) == pytest.approx(1)
    assert outline_similarity(LINES, bytes([255, 0, 255, 0])) == pytest.approx(-1)
    # (-1, 1, -1, 1) and (-1, -1, 1, 1) by hand: nothing in common
    assert outline_similarity(LINES, bytes([0, 0, 255, 255])) == pytest.approx(0)
    assert outline_similarity(LINES, bytes(4)) == 0
    assert outline_similarity(LINES, bytes(2)) == 0


def test_the_key_of_a_style_is_the_same_in_all_its_colors():
    def key(title, **fields):
        return style_key(Product("1", title, "topwear", "male", **fields))

    first = key("Acme Men Oxford Shirt Navy Blue")
    assert len(first) == 16
    assert key("Acme Men Red Oxford Shirts") == first
    assert key("Acme Men Off White Oxford Shirt") == first
    different = ("Acme Men Poplin Shirt Blue", "Acme Men Oxford Shirt 501", "Zeta Men Oxford Shirt")
    assert first not in {key(title) for title in different}
    assert key("Acme Men Red Oxford Shirt", brand="Acme") != first
    assert key("Acme red shirt") == ""  # two words beside the color tell no style
