"""Scores of worn articles are fitted to what an eye accepted."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra train")

from PIL import Image

from thatlook.core.errors import DataError
from thatlook.core.records import Article, Product
from thatlook.core.settings import Settings
from thatlook.data.splits import split_of
from thatlook.search.ranking import Agreement
from thatlook.store.catalog import Catalog, Row
from thatlook.training.calibrate_worn import (
    MOVES,
    JudgedPair,
    fit_worn,
    judged_pairs,
    measure_worn,
)

AGREEMENTS = [
    Agreement("same", "same"),
    Agreement("same", "other"),
    Agreement("other", "similar"),
    Agreement("", ""),
]


def moved(pair):
    return pair.similarity + sum(
        MOVES.get(name, 0)
        for name in (f"{pair.agreement.type} type", f"{pair.agreement.color} color")
    )


def drawn(count, slope=8.0, middle=0.6):
    rng = np.random.default_rng(0)
    for similarity, agreement, dice in zip(
        rng.uniform(0, 1, count), rng.integers(0, 4, count), rng.random(count), strict=True
    ):
        pair = JudgedPair("val", float(similarity), AGREEMENTS[agreement], accepted=False)
        chance = 1 / (1 + math.exp(-slope * (moved(pair) - middle)))
        yield replace(pair, accepted=bool(dice < chance))


def test_the_curve_that_made_the_judgements_is_found():
    pairs = list(drawn(30_000))
    curve = fit_worn(pairs)
    assert curve["slope"] == pytest.approx(8.0, rel=0.05)
    assert curve["middle"] == pytest.approx(0.6, abs=0.01)
    assert curve["moves"] == dict(MOVES)
    found = measure_worn(pairs, curve)
    assert found["score_ece"] < 0.02
    assert found["score_auc"] > 0.8
    assert found["pairs"] == 30_000
    off = measure_worn(pairs, curve | {"middle": 0.9})
    assert off["score_ece"] > 0.15
    assert off["score_auc"] == pytest.approx(found["score_auc"])


def test_judgements_that_cannot_be_fitted():
    pair = JudgedPair("val", 0.5, Agreement(), accepted=True)
    with pytest.raises(DataError, match="accepted and pairs that were not"):
        fit_worn([pair, pair])
    other = replace(pair, similarity=0.9, accepted=False)
    with pytest.raises(DataError, match="accepted less often"):
        fit_worn([pair, other, pair, other])


class FakeAnalyzer:
    def article_in(self, image, box, category, *, worn):
        assert worn
        vector = np.array([1, 0], np.float32)
        return Article(category, box, 1.0, {"type": "shirts", "color": "navy blue"}, vector)


def test_pairs_of_a_file(tmp_path):
    Image.new("RGB", (40, 40)).save(tmp_path / "a.png")
    shirt = Product("1", "x", "topwear", "female", product_type="Shirts", color="Blue")
    vector = np.array([0.6, 0.8], np.float32)
    row = {
        "file": "a.png",
        "category": "topwear",
        "box": [0, 0, 20, 20],
        "products": [{"id": "1", "accept": True}, {"id": "gone", "accept": False}],
    }
    path = tmp_path / "pairs.jsonl"
    path.write_text(json.dumps(row) + "\n")
    with Catalog.open(tmp_path / "c", "fake:1", 2) as catalog:
        catalog.upsert([Row(product=shirt, vector=vector)])
        ask = (tmp_path, catalog, FakeAnalyzer(), Settings())
        (pair,) = judged_pairs(path, *ask)
        assert pair == JudgedPair(
            split_of("a.png"), pytest.approx(0.6), Agreement("same", "similar"), accepted=True
        )
        path.write_text(json.dumps(row | {"box": [1, 2]}) + "\n")
        with pytest.raises(DataError, match=r"pairs\.jsonl:1: expected file, category, box"):
            list(judged_pairs(path, *ask))
