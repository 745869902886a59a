"""One's own pairs in the recipe of the embedding: audited before, then learnt from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from thatlook.core.errors import DataError
from thatlook.data.items import SIDE
from thatlook.data.pairs.audited import PairOptions
from thatlook.training.products import ItemViews
from thatlook.training.recipes import embedding


@pytest.fixture
def options(tmp_path, monkeypatch):
    """Nothing to learn from but one pair."""
    monkeypatch.setattr(embedding, "catalog_items", lambda *_: [])
    monkeypatch.setattr(embedding, "street_scenes", lambda *_: [])
    for name, grey in (("scene", 90), ("product", 180)):
        Image.fromarray(np.full((120, 90, 3), grey, np.uint8)).save(tmp_path / f"{name}.png")
    (tmp_path / "pairs.csv").write_text(
        "scene,box,product,category,split\nscene.png,10 10 80 110,product.png,dress,train\n"
    )
    return PairOptions(pairs=[tmp_path])


def test_pairs_are_items_of_the_training(options, tmp_path, monkeypatch, capsys):
    (item,) = embedding.items_of(tmp_path, None, None, options)
    assert [path.name for path, _ in item.crops] == ["product.png", "scene.png"]
    assert "pair audit of" in capsys.readouterr().err
    words = {
        head: ["dress"] for head in ("type", "color", "pattern", "usage", "category", "season")
    }
    views = ItemViews([item], words, [tmp_path / "scene.png"])

    def elsewhere(*_):
        raise AssertionError("a scene has its own background")

    monkeypatch.setattr(ItemViews, "_elsewhere", elsewhere)
    for seed in range(20):
        assert views[0, seed].image.shape == (SIDE, SIDE, 3)


def test_pairs_with_errors_stop_the_training(options, tmp_path):
    (tmp_path / "pairs.csv").write_text(
        "scene,box,product,category\nscene.png,80 10 10 110,product.png,dress\n"
    )
    with pytest.raises(DataError, match="boxes in a scene are empty or reversed"):
        embedding.items_of(tmp_path, None, None, options)
    ignoring = replace(options, ignore_pair_audit=True)
    assert len(embedding.items_of(tmp_path, None, None, ignoring)) == 1
