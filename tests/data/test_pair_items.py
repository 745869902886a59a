"""Pairs as what a training takes."""

from __future__ import annotations

import numpy as np
from PIL import Image

from thatlook.data.items import HEADS
from thatlook.data.pair_items import paired_items
from thatlook.data.pairs.records import Pair, PairPicture


def test_one_item_per_product_its_own_picture_first(tmp_path):
    product = np.full((100, 80, 3), 255, np.uint8)
    product[20:60, 10:50] = 30
    Image.fromarray(product).save(tmp_path / "p.png")
    Image.fromarray(np.full((200, 100, 3), 90, np.uint8)).save(tmp_path / "s.png")
    own, scene = PairPicture(str(tmp_path / "p.png")), str(tmp_path / "s.png")
    boxed = PairPicture(str(tmp_path / "p.png"), (1, 2, 3, 4))
    pairs = [
        Pair(
            PairPicture(scene, (0.1, 0.2, 0.5, 1.0), shares=True), own, "A", "dress", split="train"
        ),
        Pair(PairPicture(scene, (5, 6, 7, 8)), own, "A", "dress", split="train"),
        Pair(PairPicture(scene), boxed, "B", "bag", split="test"),
    ]
    dress, bag = paired_items(pairs)
    assert dress.crops == (
        (tmp_path / "p.png", (10, 20, 50, 60)),
        (tmp_path / "s.png", (10, 40, 50, 200)),
        (tmp_path / "s.png", (5, 6, 7, 8)),
    )
    assert (dress.id, dress.part, dress.split, dress.kind) == (
        "A",
        "dress/unisex",
        "train",
        "scene",
    )
    assert dict(zip(HEADS, dress.labels, strict=True))["category"] == "dress"
    assert sum(map(bool, dress.labels)) == 1
    assert bag.crops == ((tmp_path / "p.png", (1, 2, 3, 4)), (tmp_path / "s.png", (0, 0, 100, 200)))
    assert bag.split == "val"
