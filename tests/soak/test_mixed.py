"""That the soak of mixed requests fails where something grows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.soak.mixed import Tenth, grown

STEADY = [Tenth(500 + n % 3, 17 + n % 2, 900 + 40 * (n % 2), 60 + n % 5) for n in range(10)]


def changed(**late):
    """The tenths, those of the second half with other values."""
    return [*STEADY[:5], *(replace(one, **late) for one in STEADY[5:])]


def test_what_stays_as_it_was_is_no_fault():
    assert grown(STEADY, threads=4) == []
    slow_start = [replace(STEADY[0], photos_p99_ms=9000), *STEADY[1:]]
    one_slow = [*STEADY[:7], replace(STEADY[7], others_p99_ms=900), *STEADY[8:]]
    assert grown(slow_start, threads=4) == grown(one_slow, threads=4) == []


@pytest.mark.parametrize(
    ("late", "told"),
    [
        ({"files": 22}, "files 17 to 22"),
        ({"photos_p99_ms": 1500}, "p99 of photos 920 to 1500 ms"),
        ({"others_p99_ms": 200}, "p99 of others 62 to 200 ms"),
    ],
)
def test_what_grows_is_told(late, told):
    assert grown(changed(**late), threads=4) == [told]


def test_memory_that_grows_after_the_middle_is_told():
    assert grown([*STEADY[:9], replace(STEADY[9], memory_mb=560)], 4) == ["memory 502 to 560 MB"]
