"""What the page says of scale is what the benchmark prints, and that is worked right."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.conftest import ROOT

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))

from scale import ASSUMED, MEASURED, lines, planned


def test_the_page_shows_the_table() -> None:
    of = {name: figure.value for name, figure in (MEASURED | ASSUMED).items()}
    assert "\n".join(lines(of)) in (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")


def test_worked_by_hand() -> None:
    of = {
        "engine_bytes": 1000, "replicas": 2, "node_gb": 100, "usable": 0.5, "store_bytes": 500,
        "index_core_s": 0.0036, "graph_growth": 2, "index_cores": 10, "fed_per_s": 1000,
        "feeders": 1, "embedded_per_core_s": 10, "embedding_cores": 10, "largest": 0.1,
        "scanned_per_core_s": 1e6, "photos_per_core_s": 10, "questions": 5,
        "question_core_s": 0.01, "photos_s": 100, "core_hour": 0.36, "gb_hour": 0.01,
    }  # fmt: skip
    assert planned(100_000_000, of) == {
        "products": "100,000,000",
        "memory of the search, GB": "200",
        "query nodes": "4",
        "store, GB": "50",
        "feeding, hours": "27.8",
        "indexing, hours": "20.0",
        "embedding, machine hours": "278",
        "exact scan instead, core seconds": "10.00",
        "a million photos, $": "26.11 (15.00 computing, 11.11 memory)",
    }
