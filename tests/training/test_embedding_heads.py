"""The embedding's heads fitted anew on features that stay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra train")

import torch
from PIL import Image

from thatlook.core.errors import DataError
from thatlook.data.items import Item
from thatlook.data.scenes import photo
from thatlook.training import loop
from thatlook.training.nets import TOP, EmbeddingNet, Trunk
from thatlook.training.products import plain_crop
from thatlook.training.recipes.embedding import learned_words
from thatlook.training.recipes.embedding_heads import HeadsOptions, fit, read, taught
from thatlook.training.scenes import tensor

WORDS = {
    "type": ("shirts", "skirts"),
    "color": ("blue", "red", "white"),
    "pattern": ("solid",),
    "usage": ("casual",),
    "category": ("topwear", "bottomwear"),
    "season": ("fall",),
}


@pytest.fixture(scope="module")
def model():
    torch.manual_seed(0)
    return EmbeddingNet(tuple(map(len, WORDS.values())), 8, Trunk(steady=True)).eval()


def options(**changed):
    return HeadsOptions(data=Path(), out=Path(), **changed)


def test_heads_learn_what_features_tell_and_nothing_else_changes(model):
    torch.manual_seed(1)
    classes = torch.stack([torch.arange(240) % 2, torch.arange(240) % 3], 1)
    features = 0.1 * torch.randn(240, TOP + 128)
    features[torch.arange(240), classes[:, 0]] += 3
    features[torch.arange(240), 10 + classes[:, 1]] += 3
    known = torch.cat([classes, torch.full((240, 1), -1)], 1)
    known[:30, 1] = -1  # a color that nobody told
    before = {name: value.clone() for name, value in model.state_dict().items()}
    fit(model, features, known, options(epochs=30, batch=60, rate=0.01))
    _, types, colors, *_ = model.read(features)
    assert (types.argmax(1) == classes[:, 0]).float().mean() > 0.98
    assert (colors.argmax(1) == classes[:, 1]).float().mean() > 0.98
    after = model.state_dict()
    changed = {name for name, value in before.items() if not torch.equal(value, after[name])}
    heads = {f"heads.{k}.{part}" for k in (0, 1) for part in ("weight", "bias")}
    # Nobody told a pattern: its weights only decay, and its bias stays.
    assert changed - {"heads.2.weight", "heads.2.bias"} == heads


def test_views_and_classes_of_items(model, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (60, 50, 3), np.uint8)
    path = tmp_path / "a.png"
    Image.fromarray(pixels).save(path)
    crop = ((path, (5.0, 5.0, 45.0, 55.0)),)
    items = [
        Item("1", "topwear/male", "train", crop, ("shirts", "red", "", "", "topwear", "")),
        Item("2", "x/male", "train", crop, ("", "white", "solid", "", "", ""), "street"),
    ]
    features, classes = read(model, items, WORDS, seed=0)
    assert features.shape == (2 + 4, TOP + 128)
    assert classes.tolist() == [[0, 1, -1]] * 2 + [[-1, 2, 0]] * 4
    with torch.no_grad():
        plain = model.features(tensor([plain_crop(photo(path), crop[0][1])]))[0]
    torch.testing.assert_close(features[0], plain, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(features[2], plain, atol=1e-4, rtol=1e-4)
    assert not torch.allclose(features[1], plain, atol=1e-3)


def item(type_="", color="", split="train"):
    labels = (type_, color, "", "casual", "topwear", "")
    return Item("1", "topwear", split, ((Path("1.jpg"), (0, 0, 1, 1)),), labels)


def test_words_of_other_shops_teach_nothing_and_are_told(capsys):
    items = [
        item("shirts", "rot"),
        item("Hemden", "red"),
        item("Hemden"),
        item("skirts", split="val"),
    ]
    assert taught(items, WORDS) == items[:2]
    told = capsys.readouterr().out.splitlines()
    assert told == [
        "type: no class of the network, teaches nothing: Hemden",
        "color: no class of the network, teaches nothing: rot",
    ]
    with pytest.raises(DataError, match="without --shipped"):
        taught(items[2:], WORDS)


def test_a_checkpoint_says_which_labels_it_learned(tmp_path):
    told = {head: list(words) for head, words in WORDS.items()}
    loop.save(tmp_path / "best.pt", {"average": {}, "words": told})
    loop.save(tmp_path / "other.pt", {"average": {}})
    assert learned_words(tmp_path / "best.pt") == WORDS
    assert learned_words(tmp_path / "other.pt") == {}
