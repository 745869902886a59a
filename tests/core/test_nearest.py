"""What was meant by a misspelt name."""

from __future__ import annotations

from thatlook.core.nearest import did_you_mean


def test_the_nearest_come_first_in_their_own_spelling():
    known = ["Red", "Rust", "Reed", "Navy"]
    assert did_you_mean("REDD", known) == "did you mean Red or Reed?"
    assert did_you_mean("REDD", known, count=1) == "did you mean Red?"
    assert did_you_mean("qqq", known) == ""
    assert did_you_mean("NAVI", known, prefix="X_") == "did you mean X_Navy?"
