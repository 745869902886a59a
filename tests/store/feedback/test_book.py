"""Feedback is kept, bounded, and says nothing of who gave it."""

from __future__ import annotations

import re
import sqlite3
from datetime import date

import pytest

from thatlook.core.errors import CatalogDamagedError, CatalogError, SettingsError
from thatlook.store.feedback.book import FILE_NAME, LIST_ROWS, Bounds, Feedback
from thatlook.store.feedback.records import ShownList, Told

LIST = ShownList("00000000000000aa", "photo", "topwear")
DAY = date(2026, 3, 1)
AGES = Bounds(days=36_500)
"""So that fixed days are never too old."""


@pytest.fixture
def feedback(tmp_path):
    with Feedback.open(tmp_path, AGES, create=True) as opened:
        yield opened


def told(kind, product="p1", position=1, **more):
    return Told(product, position, kind, **more)


def numbered(n: int) -> ShownList:
    return ShownList(f"{n:016x}", "photo", "topwear")


def test_what_became_of_a_product_is_one_row(feedback):
    feedback.add(LIST, [told("shown", nearness="similar", score=0.31234, team="b")], DAY)
    feedback.add(LIST, [told("clicked"), told("shown", "p2", 2)], DAY)
    feedback.add(LIST, [told("accepted"), told("dismissed", "p2", 2)], DAY)
    one, other = feedback.choices()
    assert (one.product, one.position, one.nearness, one.score) == ("p1", 1, "similar", 0.3123)
    assert (one.team, one.day, one.shown) == ("b", "2026-03-01", LIST)
    assert (one.clicked, one.accepted, one.dismissed, one.taken) == (True, True, False, True)
    assert (other.clicked, other.accepted, other.dismissed, other.taken) == (
        False, False, True, False,
    )  # fmt: skip


def test_the_same_told_again_changes_nothing(feedback):
    for _ in range(3):
        feedback.add(LIST, [told("clicked")], DAY)
    feedback.add(LIST, [told("shown")], DAY)
    assert [one.clicked for one in feedback.choices()] == [True]


def test_old_days_are_dropped(tmp_path):
    with Feedback.open(tmp_path, Bounds(days=10), create=True) as feedback:
        feedback.add(numbered(1), [told("shown")], date(2026, 3, 1))
        feedback.add(numbered(2), [told("shown")], date(2026, 3, 11))
        found = feedback.choices(today=date(2026, 3, 11))
        assert [one.day for one in found] == ["2026-03-01", "2026-03-11"]
        feedback.add(numbered(3), [told("shown")], date(2026, 3, 12))
        found = feedback.choices(today=date(2026, 3, 12))
        assert [one.day for one in found] == ["2026-03-11", "2026-03-12"]
        found = feedback.choices("2026-03-12", date(2026, 3, 12))
        assert [one.day for one in found] == ["2026-03-12"]


def test_what_nobody_dropped_yet_is_not_read(tmp_path):
    with Feedback.open(tmp_path, Bounds(days=10), create=True) as feedback:
        feedback.add(numbered(1), [told("shown")], date(2026, 3, 1))
        assert len(list(feedback.choices(today=date(2026, 3, 11)))) == 1
        assert list(feedback.choices("2026-01-01", date(2026, 3, 12))) == []
        feedback.purge(date(2026, 3, 12))
        assert list(feedback.choices(today=date(2026, 3, 1))) == []


def test_a_list_is_no_longer_than_a_shopper_sees(feedback):
    half = LIST_ROWS // 2
    for first in (0, half):
        sent = [told("shown", f"p{n}", n + 1) for n in range(first, first + half)]
        assert feedback.add(LIST, sent, DAY) == half
    assert feedback.add(LIST, [told("shown", "more"), told("clicked", "p0")], DAY) == 1
    found = {one.product: one.clicked for one in feedback.choices()}
    assert len(found) == LIST_ROWS
    assert found["p0"]
    assert "more" not in found
    assert feedback.add(numbered(2), [told("shown", "more")], DAY) == 1


def test_there_are_never_more_rows_than_allowed(tmp_path):
    with Feedback.open(tmp_path, Bounds(36_500, rows=5), create=True) as feedback:
        for n in range(20):
            feedback.add(numbered(n), [told("shown", f"p{n}"), told("shown", f"q{n}", 2)], DAY)
        kept = [one.product for one in feedback.choices()]
    assert kept == ["q17", "p18", "q18", "p19", "q19"]


ALLOWED = {
    "list": r"[0-9a-f]{16}",
    "product": r"p\d",
    "day": r"\d{4}-\d\d-\d\d",
    "source": "photo|words|product|together",
    "category": "|topwear",
    "query": r"|p\d",
    "position": r"\d+",
    "nearness": "|similar",
    "score": r"None|0\.\d{1,4}",
    "team": "|a|b",
    "clicked": "0|1",
    "accepted": "0|1",
    "dismissed": "0|1",
}
"""Every column there may be, and all that it may hold: no time of day, no address, no photo, no
words, no vector, nothing that one shopper's lists have in common."""


def test_nothing_personal_is_stored(feedback, tmp_path):
    feedback.add(LIST, [told("clicked", nearness="similar", score=0.5, team="a")])
    feedback.add(ShownList("00000000000000ab", "words"), [told("shown", "p2", 2)])
    feedback.add(ShownList("00000000000000ac", "product", "topwear", "p1"), [told("accepted")])
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        cursor = connection.execute("SELECT * FROM choices")
        columns = [column[0] for column in cursor.description]
        rows = cursor.fetchall()
    connection.close()
    assert {name for name in tables if not name.startswith("sqlite_")} == {
        "choices", "choices_by_day", "migrations",
    }  # fmt: skip
    assert columns == list(ALLOWED)
    assert len(rows) == 3
    for row in rows:
        for column, value in zip(columns, row, strict=True):
            assert re.fullmatch(ALLOWED[column], str(value)), (column, value)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ShownList("anna@example.org", "photo"), "16 hexadecimal digits"),
        (
            lambda: ShownList("0" * 16, "mail"),
            "source must be one of photo, words, product, together",
        ),
        (lambda: ShownList("0" * 16, "photo", "hat"), "category must be one of"),
        (lambda: ShownList("0" * 16, "photo", query="p1"), "for the source product alone"),
        (lambda: ShownList("0" * 16, "product"), "for the source product alone"),
        (lambda: told("bought"), "kind must be one of shown, clicked, accepted, dismissed"),
        (lambda: told("shown", position=0), "within 1..1000, not 0"),
        (lambda: told("shown", nearness="near"), "nearness must be one of"),
        (lambda: told("shown", score=1.5), "score must be within 0..1"),
        (lambda: told("shown", team="c"), "team must be one of"),
    ],
)
def test_what_cannot_be_is_refused(make, words):
    with pytest.raises(SettingsError, match=words):
        make()


def test_without_feedback_it_is_said_how_it_is_gathered(tmp_path):
    with pytest.raises(CatalogError, match="THATLOOK_SERVE_FEEDBACK=on"):
        Feedback.open(tmp_path)
    assert not any(tmp_path.iterdir())


def test_a_damaged_file_is_not_taken_for_a_catalog(tmp_path):
    (tmp_path / FILE_NAME).write_bytes(b"no database at all" * 100)
    with pytest.raises(CatalogDamagedError, match="move it away"):
        Feedback.open(tmp_path)


def test_two_processes_may_write(tmp_path):
    with Feedback.open(tmp_path, create=True) as one, Feedback.open(tmp_path, create=True) as two:
        one.add(LIST, [told("shown")])
        two.add(LIST, [told("clicked")])
        assert [choice.clicked for choice in one.choices()] == [True]
