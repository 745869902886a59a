"""The compatibility network learns what is worn with what, not what is frequent."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra train")

from tests.evaluate.compatibility.test_questions import LAYOUT, made, outfit
from tests.search.completing.conftest import EMBEDDING
from thatlook.core.errors import DataError
from thatlook.data.outfits import Outfit, Piece
from thatlook.evaluate.compatibility.questions import blanks
from thatlook.evaluate.compatibility.raters import Network
from thatlook.training.recipes import compatibility
from thatlook.training.recipes.compatibility import (
    CompatibilityOptions,
    calibrated,
    fitted,
    together,
    written,
)
from thatlook.vision.models.session import Session
from thatlook.vision.stages.compatibility import CompatibilityStage
from thatlook.vision.stages.compatibility import Piece as Worn

COLORS = ("red", "blue", "white")


@pytest.fixture(scope="module")
def found():
    """Most is red, and shirt and boots are of one color."""
    drawn = np.random.default_rng(0).choice(COLORS, size=90, p=(0.6, 0.2, 0.2))
    return made(*(outfit(str(i), c, "train" if i < 60 else "val") for i, c in enumerate(drawn)))


def options(tmp_path=Path(), **changed):
    return CompatibilityOptions(out=tmp_path, steps=60, batch=64, wrong=8, **changed)


def test_what_is_worn_together_is_learned_written_and_asked(found, tmp_path):
    table = fitted(found, range(60), LAYOUT, options())
    curve = calibrated(found, range(60), LAYOUT, options())
    assert curve["slope"] > 0
    more = {"calibration": curve, "together": together(found.outfits[:60])}
    spec = written(table, LAYOUT, EMBEDDING, options(tmp_path), more)
    assert spec.task == "compatibility"
    assert "mean" not in spec.input
    stage = CompatibilityStage(Session(spec, 1), EMBEDDING)
    blue, red = (Worn("topwear", v) for v in (vectors()["blue"], vectors()["red"]))
    for shirt, color in ((blue, "blue"), (red, "red")):
        wanted = stage.wanted([shirt], "footwear").sum(axis=0)
        values = {c: float(stage.layout.rows(v[None])[0] @ wanted) for c, v in vectors().items()}
        assert max(values, key=values.get) == color
        assert stage.score(values[color]) > 0.5
    rater = Network(found, Session(spec, 1), LAYOUT)
    asked = blanks(found, "val")
    sure = [q for q in asked if len({found.pieces[r].words[1] for r in q.choices[1:]} &
            {found.pieces[q.choices[0]].words[1]}) == 0]  # fmt: skip
    assert all(np.argmax(rater.rate(q.given, q.choices)) == 0 for q in sure)


def vectors():
    from tests.search.completing.conftest import vector

    return {color: vector("boots", color) for color in COLORS}


def test_pairs_of_words_are_counted_once_a_look():
    def look(*words):
        return Outfit("x", tuple(Piece(w, "bag", (w, c, "")) for w, c in words))

    looks = [look(("jeans", "blue"), ("shirts", "red"), ("shirts", "blue"))] * 3
    looks += [look(("jeans", ""), ("boots", "red"))] * 2
    assert together(looks) == {
        "looks": 5,
        "worn": {"boots": 2, "jeans": 5, "shirts": 3},
        "type": {"jeans|shirts": 3, "shirts|shirts": 3},
        "color": {"blue|blue": 3, "blue|red": 3},
    }


def test_too_few_outfits_are_refused(monkeypatch, found, tmp_path):
    few = replace(found, outfits=tuple(replace(o, split="val") for o in found.outfits))
    monkeypatch.setattr(compatibility, "gathered", lambda *_: few)
    monkeypatch.setattr(compatibility, "resolve", lambda *_: EMBEDDING)
    with pytest.raises(DataError, match="expected 20 outfits or more to learn from, not 0"):
        compatibility.run(options(tmp_path, threads=1))
