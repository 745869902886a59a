"""What `make bench-check` refuses."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

pytest.importorskip("pyarrow", reason="the benchmark of feeds writes Parquet too")
sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

import bench_check


def test_more_than_the_noise_above_the_stored_ratio_is_slower() -> None:
    stored = {"photo": 20.0, "search": 4.0, "text": 0.4}
    found = {"photo": 25.0, "search": 5.01, "text": 0.1, "new": 99.0}
    assert bench_check.slower(found, stored) == ["search"]


def test_every_job_is_stored_with_its_processor() -> None:
    stored = json.loads(bench_check.STORED.read_text(encoding="utf-8"))
    assert set(stored) == {"version", "processor", "ratios"}
    assert set(stored["ratios"]) == {"photo", "networks", "search", "large photo", "feed", "text"}
