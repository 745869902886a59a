"""A bar on a terminal; where there is none, a line when it is time for one."""

from __future__ import annotations

import io
import sys

import pytest

from thatlook.core import progress
from thatlook.core.progress import Progress


@pytest.fixture
def clock(monkeypatch):
    """Seconds since the start, as the lines see them."""
    passed = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: passed[0])
    return passed


def test_a_line_every_ten_seconds_where_there_is_no_terminal(clock, capsys):
    with Progress(total=100, unit="photo", mininterval=0) as bar:
        for second in range(26):
            clock[0] = second
            bar.update(2)
            bar.refresh()
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(" [")[0].split("| ")[-1] for line in lines] == ["22/100", "42/100"]
    assert not any("\r" in line for line in lines)


def test_nothing_of_what_is_done_sooner(clock, capsys):
    assert list(Progress([1, 2, 3])) == [1, 2, 3]
    assert capsys.readouterr().err == ""


def test_a_bar_on_a_terminal(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(sys, "stderr", Terminal())
    assert list(Progress([1, 2, 3], unit="photo")) == [1, 2, 3]
    assert "\r" in sys.stderr.getvalue()
    assert "3/3" in sys.stderr.getvalue()
