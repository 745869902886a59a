"""Click-through rates and verdicts, by hand and beside SciPy."""

from __future__ import annotations

import pytest

from tests.evaluate.feedback.shown import listed
from thatlook.evaluate.feedback.rates import Rate, rates
from thatlook.evaluate.feedback.report import report
from thatlook.evaluate.feedback.verdict import Verdict, sign_test, verdict


def test_rates_by_position():
    choices = [*listed("p1:c p2 p3:d"), *listed("p1:ca p4:a p5")]
    found = rates(choices, lambda one: one.position)
    assert found == {
        1: Rate(shown=2, clicked=2, accepted=1, dismissed=0, taken=2),
        2: Rate(shown=2, clicked=0, accepted=1, dismissed=0, taken=1),
        3: Rate(shown=2, clicked=0, accepted=0, dismissed=1, taken=0),
    }
    assert [rate.share for rate in found.values()] == [1.0, 0.5, 0.0]


@pytest.mark.parametrize(("taken", "shown"), [(0, 10), (3, 10), (10, 10), (210, 4000)])
def test_intervals_are_wilsons(taken, shown):
    stats = pytest.importorskip("scipy.stats", reason="needs the extra train")
    told = stats.binomtest(taken, shown).proportion_ci(0.95, method="wilson")
    assert Rate(shown, 0, 0, 0, taken).interval == pytest.approx((told.low, told.high), abs=1e-6)


def test_a_list_is_won_by_the_team_of_which_more_was_taken():
    choices = [
        *listed("p1:c p2:c p3:a p4", teams="abab"),  # a: 2, b: 1
        *listed("p1 p2:ca p3 p4", teams="abab"),  # b
        *listed("p1 p2:a p3 p4:d", teams="baba"),  # a
        *listed("p1:c p2:c p3 p4", teams="baba"),  # nobody
        *listed("p1 p2", teams="ab"),  # nobody
        *listed("p1:c p2", teams="aa"),  # b was not seen
        *listed("p1:c p2"),  # not interleaved
    ]
    found = verdict(choices)
    assert found == Verdict(wins_a=2, wins_b=1, ties=2)
    assert (found.lists, found.share_b, found.p) == (5, 0.4, 1.0)


@pytest.mark.parametrize(
    ("wins", "losses", "p"), [(0, 0, 1.0), (3, 3, 1.0), (0, 5, 0.0625), (1, 7, 18 / 256)]
)
def test_the_sign_test_by_hand(wins, losses, p):
    assert sign_test(wins, losses) == pytest.approx(p)
    assert sign_test(losses, wins) == pytest.approx(p)


@pytest.mark.parametrize(("wins", "losses"), [(40, 62), (480, 520), (30_000, 31_000)])
def test_the_sign_test_is_scipys(wins, losses):
    stats = pytest.importorskip("scipy.stats", reason="needs the extra train")
    assert sign_test(wins, losses) == pytest.approx(stats.binomtest(wins, wins + losses).pvalue)


def test_the_report_as_text():
    choices = [*listed("p1:c p2"), *listed("p1 p2:d", source="product", query="p9")]
    assert (
        report(choices).table()
        == """\
4 products shown in 2 lists, 2026-03-01 to 2026-03-01

                 shown  clicked  accepted  dismissed  click-through (95 %)
all                  4        1         0          1  0.250 (0.046 to 0.699)

by position
  1                  2        1         0          0  0.500 (0.095 to 0.905)
  2                  2        0         0          1  0.000 (0.000 to 0.658)

by category
topwear              4        1         0          1  0.250 (0.046 to 0.699)

by nearness
similar              4        1         0          1  0.250 (0.046 to 0.699)

by source
photo                2        1         0          0  0.500 (0.095 to 0.905)
product              2        0         0          1  0.000 (0.000 to 0.658)

no rankings were interleaved"""
    )


def test_the_report_says_what_is_sure():
    one_sided = [choice for _ in range(8) for choice in listed("p1 p2:c", teams="ab")]
    told = report(one_sided)
    assert told.table().splitlines()[-2:] == [
        "interleaved: a won 0 lists, b 8, nobody 0; b's share 1.000",
        "shoppers prefer b (two-sided sign test, p = 0.0078)",
    ]
    assert told.to_dict()["interleaving"] == {
        "lists": 8, "wins_a": 0, "wins_b": 8, "ties": 0, "share_b": 1.0, "p": 0.00781,
    }  # fmt: skip
    assert told.to_dict()["by"]["position"]["2"]["click_through"] == 1.0
    assert "no difference is sure yet" in report(one_sided[:6]).table()


def test_far_positions_are_counted_together():
    many = listed(" ".join(f"p{n}" for n in range(1, 24)))
    assert list(report(many).to_dict()["by"]["position"]) == [*map(str, range(1, 21)), ">20"]
