"""Team-draft interleaving, by hand and by its properties."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from thatlook.search.ranking.interleaving import team_draft


class Coin(random.Random):
    """A coin that falls as it is told: "a" or "b" goes first."""

    def __init__(self, falls: str) -> None:
        super().__init__()
        self.falls = list(falls)

    def sample(self, *_):
        return ("a", "b") if self.falls.pop(0) == "a" else ("b", "a")


@pytest.mark.parametrize(
    ("falls", "k", "expected"),
    [
        # a: 1 2 3 4, b: 2 5 1 6
        ("aa", 4, "1a 2b 3a 5b"),
        ("ba", 4, "2b 1a 3a 5b"),
        ("ab", 4, "1a 2b 5b 3a"),
        ("aa", 3, "1a 2b 3a"),  # a round broken off by k
        ("aaa", 9, "1a 2b 3a 5b 4a 6"),  # a is used up: 6 is for nobody
        ("bbb", 9, "2b 1a 5b 3a 6b 4"),
    ],
)
def test_by_hand(falls, k, expected):
    found = team_draft([1, 2, 3, 4], [2, 5, 1, 6], k, Coin(falls))
    assert " ".join(f"{key}{team}" for key, team in found) == expected


def test_two_equal_rankings_are_shown_as_they_are():
    found = team_draft("abcdef", "abcdef", 6, random.Random(3))
    assert "".join(key for key, _ in found) == "abcdef"
    assert Counter(team for _, team in found) == {"a": 3, "b": 3}


def test_an_empty_ranking_leaves_the_other_for_nobody():
    assert team_draft("abc", "", 2, random.Random(1)) == [("a", ""), ("b", "")]
    assert team_draft("", "", 2, random.Random(1)) == []


def test_nothing_is_lost_or_twice_and_nobody_is_favoured():
    rng = random.Random(0)
    firsts = Counter()
    for _ in range(2000):
        one, other = (rng.sample(range(30), 12) for _ in range(2))
        found = team_draft(one, other, 10, rng)
        keys = [key for key, _ in found]
        assert len(keys) == len(set(keys)) == 10
        assert set(keys) <= {*one, *other}
        counts = Counter(team for _, team in found)
        assert abs(counts["a"] - counts["b"]) <= 1
        firsts[found[0][1]] += 1
    assert abs(firsts["a"] - 1000) < 3 * 500**0.5
