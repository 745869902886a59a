"""What shoppers judged alike, in the recipe of the embedding."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from tests.training.test_recipes import Fixed, item
from thatlook.data.judged_pairs import KIND, JudgedPair, JudgedProduct, judged_items
from thatlook.data.splits import split_of
from thatlook.training.judged import Judgements, split_items
from thatlook.training.recipes import embedding


@pytest.fixture
def product(tmp_path):
    def made(name: str) -> JudgedProduct:
        path = tmp_path / f"{name}.png"
        Image.new("RGB", (40, 60), "navy").save(path)
        return JudgedProduct(name, path, (0.0, 0.0, 40.0, 60.0))

    return made


def pair(product, one, other, alike, lists=1):
    return JudgedPair(product(one), product(other), "dress", alike, lists)


@pytest.fixture
def pairs(product):
    """a is alike b and not c; nothing is said of b and c."""
    return [pair(product, "a", "b", True), pair(product, "a", "c", False)]


@pytest.fixture
def items(pairs):
    """Two of the shop's, then the three that were judged."""
    shop = [item(str(i), "shirts", "blue", "x.png") for i in range(2)]
    return shop + judged_items(pairs)


def unit(*degrees):
    turned = np.radians(degrees)
    return np.stack([np.cos(turned), np.sin(turned)], 1).astype(np.float32)


def test_rows_of_the_judged_come_last(pairs, items):
    judged = Judgements(pairs, items)
    assert (judged.first, len(judged)) == (2, 2)
    assert judged.pairs.tolist() == [[2, 3], [2, 4]]
    assert judged.alike.tolist() == [True, False]
    assert len(Judgements(pairs, items[:3])) == 0  # of no pair both are there
    assert Judgements([], items[:2]).first == 2


def test_the_loss_by_hand(pairs, items):
    judged = Judgements(pairs, items)
    # a at 0, b at 60 degrees (cosine 0.5: 0.4 below the margin), c at 45 (0.7071: 0.2071 above).
    vectors = torch.from_numpy(unit(0, 60, 45, 10))
    found = judged.loss(vectors, torch.tensor([2, 3, 4, 0]))
    assert found.item() == pytest.approx(0.4 + 0.2071, abs=1e-4)
    # Near enough, far enough: nothing is to be learned. b and c may lie as they like.
    vectors = torch.from_numpy(unit(0, 20, 65))
    assert judged.loss(vectors, torch.tensor([2, 3, 4])).item() == 0
    assert judged.loss(vectors, torch.tensor([3, 4, 0])).item() == 0


def test_pairs_are_drawn_by_the_root_of_the_lists(product):
    pairs = [pair(product, "a", "b", True, 9), pair(product, "c", "d", False)]
    judged = Judgements(pairs, judged_items(pairs))
    rows = judged.drawn(np.random.default_rng(0), 4000)
    assert len(rows) == 8000
    assert {tuple(two) for two in np.reshape(rows, (-1, 2)).tolist()} == {(0, 1), (2, 3)}
    assert rows.count(0) / 4000 == pytest.approx(3 / 4, abs=0.03)


def test_the_figure_by_hand(product):
    pairs = [
        pair(product, "a", "b", True),
        pair(product, "a", "c", False),
        pair(product, "b", "d", True),
        pair(product, "c", "d", False),
    ]
    judged = Judgements(pairs, judged_items(pairs))
    # Cosines: ab 20 degrees, ac 30, bd 60, cd 50. Of the four comparisons ab wins two, bd none.
    assert judged.auc(unit(0, 20, 30, 80)) == 0.5
    assert np.isnan(Judgements(pairs[:1], judged_items(pairs)).auc(unit(0, 20, 30, 80)))


def test_what_pairs_connect_is_on_one_side(product):
    names = [f"n{i}" for i in range(40)]
    pairs = [pair(product, one, other, True) for one, other in pairwise(names)]
    assert {one.split for one in split_items(pairs)} == {split_of("n0")}
    apart = [pair(product, f"l{i}", f"r{i}", True) for i in range(40)]
    sides = {one.id: one.split for one in split_items(apart)}
    assert set(sides.values()) == {"train", "val"}
    assert all(sides[f"l{i}"] == sides[f"r{i}"] == split_of(f"l{i}") for i in range(40))


def task_of(pairs, items):
    task = embedding.EmbeddingTask.__new__(embedding.EmbeddingTask)
    task.train, task.groups = items, embedding._groups(items)
    task.judged = Judgements(pairs, items)
    return task


def test_judged_pairs_come_on_top_of_a_batch(pairs, items):
    task = task_of(pairs, items)
    task.options = SimpleNamespace(batch=32, steps=3, seed=0)
    for batch in task.plan(0):
        rows = [row for row, _, _ in batch]
        assert rows[0::2] == rows[1::2]
        assert set(rows[:-8]) <= {0, 1}
        assert all(two in ([2, 3], [2, 4]) for two in np.reshape(rows[-8::2], (-1, 2)).tolist())


def test_the_judged_have_no_part_in_likeness_by_labels(pairs, items):
    task = task_of(pairs, items)
    weights = ("metric_loss", "instance_loss", "consistency")
    zero = {f"{name}_weight": 0.0 for name in weights}
    task.options = SimpleNamespace(feedback_weight=0.3, **zero)
    seen = []
    task.metric_loss = lambda _, groups: seen.append(groups.tolist()) or torch.tensor(7.0)
    task.instance_loss = lambda *_: torch.tensor(7.0)
    vectors = torch.from_numpy(unit(0, 0, 60, 45))
    logits = [torch.zeros(4, 3) for _ in embedding.HEADS]
    unknown = torch.full((4, len(embedding.HEADS)), -1)
    total, parts = task.loss(Fixed(vectors, *logits), (None, torch.tensor([0, 2, 3, 4]), unknown))
    assert seen == [[0]]
    assert parts["judged"] == pytest.approx(0.4 + 0.2071, abs=1e-4)
    assert total.item() == pytest.approx(0.3 * parts["judged"], rel=1e-5)


def test_the_kind_is_that_of_the_items(items):
    assert [one.kind for one in items[2:]] == [KIND] * 3
