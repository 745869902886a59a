"""What shoppers judged alike, as pairs to train with."""

from __future__ import annotations

import pytest
from PIL import Image

from tests.evaluate.feedback.shown import listed
from thatlook.core.errors import DataError
from thatlook.data.judged_pairs import JudgedPair, JudgedProduct, judged_items, read, write
from thatlook.evaluate.feedback.pairs import MOST_DECIDED, votes


def said(*lists) -> dict[str, str]:
    """Per two products "+" for a list that says alike, "-" for one that says not."""
    found = votes(choice for one in lists for choice in one)
    return {" ".join(two): "+" * n[True] + "-" * n[False] for two, n in found.items()}


def test_a_product_is_judged_beside_what_was_asked_with():
    one = listed("p1:a p2:d p3:c p4", source="product", query="p0")
    assert said(one, listed("p1:a", source="product", query="p0")) == {"p0 p1": "++", "p0 p2": "-"}


def test_of_a_photo_the_accepted_are_judged_beside_each_other():
    found = said(listed("p3:a p1:ca p2:d p4:d p5:c p6"))
    assert found == {"p1 p3": "+", "p2 p3": "-", "p3 p4": "-", "p1 p2": "-", "p1 p4": "-"}


@pytest.mark.parametrize(
    "one",
    [
        listed("p1:c p2:c"),  # looked at, no more
        listed("p1:d p2:d"),  # two wrong ones may be alike or not
        listed("p1:a"),
        listed("p1:ad p2:a"),  # of two minds
        listed("p1:a p2:a", source="words"),
        listed("p1:a p2:a", source="together"),
        listed("p0:a", source="product", query="p0"),
    ],
    ids=["clicked", "dismissed", "alone", "both", "words", "together", "itself"],
)
def test_what_says_nothing(one):
    assert said(one) == {}


def test_a_list_that_no_shopper_judged_says_nothing():
    most = " ".join(f"p{n:03}:a" for n in range(MOST_DECIDED))
    assert len(said(listed(most))) == MOST_DECIDED * (MOST_DECIDED - 1) // 2
    assert said(listed(f"{most} more:a")) == {}
    assert said(listed(f"{most} more:a", source="product", query="p0")) == {}


@pytest.fixture
def pairs(tmp_path):
    for name in ("one", "other"):
        Image.new("RGB", (60, 80), "navy").save(tmp_path / f"{name}.png")
    one = JudgedProduct("p1", tmp_path / "one.png", (1.0, 2.0, 50.0, 70.0))
    other = JudgedProduct("p2", tmp_path / "other.png")
    return [JudgedPair(one, other, "dress", True, 3)]


def test_what_is_written_is_read_again(tmp_path, pairs):
    write(tmp_path / "judged.csv", pairs)
    assert (tmp_path / "judged.csv").read_text().splitlines() == [
        "one_id,one,one_box,other_id,other,other_box,category,alike,lists",
        "p1,one.png,1 2 50 70,p2,other.png,,dress,1,3",
    ]
    assert read(tmp_path / "judged.csv") == pairs


def test_products_are_items(pairs):
    one, other = judged_items(pairs)
    assert (one.id, one.part, one.kind, one.labels[4]) == (
        "p1",
        "dress/unisex",
        "feedback",
        "dress",
    )
    assert one.crops[0][1] == (1.0, 2.0, 50.0, 70.0)
    assert other.crops[0][1] == (0.0, 0.0, 60.0, 80.0)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("p1,one.png,,p2,other.png,,dress,yes,1", ":2: .*alike must be 1 or 0"),
        ("p1,one.png,,p2,other.png,,frock,1,1", ":2: .*category must be one of"),
        ("p1,one.png,1 2 3,p2,other.png,,dress,1,1", ":2: expected a pair as"),
        ("p1,,,p2,other.png,,dress,1,1", ":2: .*one is missing"),
        ("", "no pair is in it"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_with_its_line(tmp_path, pairs, line, words):
    write(tmp_path / "judged.csv", [])
    with (tmp_path / "judged.csv").open("a") as file:
        file.write(f"{line}\n" if line else "")
    with pytest.raises(DataError, match=words):
        read(tmp_path / "judged.csv")
