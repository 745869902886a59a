"""What a training runs on. No card is needed: a mode watches that none of a loss's tensors was left
on the processor.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from pytorch_metric_learning.losses import CrossBatchMemory, NTXentLoss
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten
from torch.utils.weak import WeakIdKeyDictionary

from thatlook.core.errors import SettingsError
from thatlook.core.taxonomy import CATEGORIES, DETECTOR_CLASSES, KEYPOINTS, VIEWS
from thatlook.data.items import HEADS
from thatlook.evaluate.person.metrics import CROP_SIZE, STRIDE
from thatlook.training import loop
from thatlook.training.devices import device_of, moved
from thatlook.training.losses import Labels
from thatlook.training.nets import ArticleNet, EmbeddingNet, PersonNet
from thatlook.training.options import EmbeddingOptions
from thatlook.training.recipes.article import ArticleTask
from thatlook.training.recipes.embedding import EmbeddingTask, metric_loss
from thatlook.training.recipes.person import PersonTask


class LeftBehindError(Exception):
    """A tensor of the processor met one of the card."""


class Card(TorchDispatchMode):
    """Plays a card: what is made within is on it, as within `with device:`; other tensors are not
    until they are put there. An operation on both, but for single numbers, is an error.
    """

    def __init__(self):
        super().__init__()
        self.on = WeakIdKeyDictionary()

    def put(self, thing):
        """Puts tensors, or a module's, on the card."""
        if isinstance(thing, torch.nn.Module):
            for one in (*thing.parameters(), *thing.buffers()):
                self.on[one] = True
        for one in tree_flatten(thing)[0]:
            if isinstance(one, torch.Tensor):
                self.on[one] = True
        return thing

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        flat = tree_flatten((args, kwargs or {}))[0]
        given = [one for one in flat if isinstance(one, torch.Tensor)]
        left = [one for one in given if one not in self.on and one.ndim]
        fresh = func.name() == "aten::lift_fresh"  # torch.tensor([1, 2])
        if left and any(one in self.on for one in given):
            raise LeftBehindError(f"{func}: {[tuple(one.shape) for one in left]}")
        out = func(*args, **(kwargs or {}))
        return self.put(out) if fresh or not left else out


@pytest.fixture
def card(monkeypatch):
    def never(_):
        raise LeftBehindError("torch.from_numpy gives a tensor of the processor")

    monkeypatch.setattr(torch, "from_numpy", never)
    return Card()


def test_the_mode_sees_what_was_left_behind(card):
    there, here = card.put(torch.ones(3)), torch.ones(3)
    with card:
        assert (there * torch.tensor([1.0, 2, 3]) + torch.arange(3)).sum() == 9
        with pytest.raises(LeftBehindError, match="mul"):
            there * here


def learns(card, task, model, batch):
    """The loss of a batch on the card, and that its gradient reaches the model."""
    card.put(model)
    with card:
        total, parts = task.loss(model, batch)
        total.backward()
    assert total in card.on
    assert torch.isfinite(total)
    assert parts
    return total


def test_the_loss_of_articles_leaves_nothing_behind(card):
    torch.manual_seed(0)
    many = len(DETECTOR_CLASSES)
    labels = Labels(
        boxes=torch.tensor([[[10.0, 10, 50, 60], [0, 0, 9, 9]]] * 2),
        classes=torch.tensor([[0, 4]] * 2),
        valid=torch.tensor([[True, False], [True, True]]),
        known=torch.ones(2, many, dtype=torch.bool),
        shown=torch.zeros(2, many, dtype=torch.bool),
    )
    masks = torch.randint(0, 3, (2, 24, 16))
    images = torch.rand(2, 3, 96, 64)
    card.put(_parts(labels))
    task = ArticleTask.__new__(ArticleTask)
    task.options = SimpleNamespace(shipped=False)
    batch = (card.put(images), labels, card.put(masks))
    learns(card, task, ArticleNet(many, len(CATEGORIES)), batch)


def _parts(labels):
    return [getattr(labels, name) for name in labels.__dataclass_fields__]


def test_the_loss_of_people_leaves_nothing_behind(card):
    torch.manual_seed(0)
    width, height = CROP_SIZE
    joints = len(KEYPOINTS)
    cells = (height // STRIDE, width // STRIDE)
    batch = [torch.rand(2, 3, height, width), torch.rand(2, joints, *cells), torch.ones(2, joints)]
    batch += [torch.tensor([0, -1]), torch.tensor([2, 0])]
    task = PersonTask.__new__(PersonTask)
    learns(card, task, PersonNet(joints, len(VIEWS)), card.put(batch))


def test_the_loss_of_the_embedding_takes_its_own_tables_along(card, monkeypatch):
    torch.manual_seed(0)
    task = EmbeddingTask.__new__(EmbeddingTask)
    task.options = EmbeddingOptions(data=Path(), out=Path())
    task.groups, task.named = torch.tensor([0, 1]), torch.tensor([[1.0, 0], [0.5, 0.5]])
    task.metric_loss = metric_loss("supcon", 8, 32)
    task.instance_loss = CrossBatchMemory(NTXentLoss(temperature=0.1), 8, memory_size=32)
    model = EmbeddingNet((3,) * len(HEADS), 8, words=2)
    rows, classes = torch.tensor([0, 0, 1, 1]), torch.zeros(4, len(HEADS), dtype=torch.long)
    batch = card.put([torch.rand(4, 3, 64, 64), rows, classes])
    for memory in (task.metric_loss, task.instance_loss):
        card.put(memory)  # the library moves it by itself
    with pytest.raises(LeftBehindError):  # the task's tables are on the processor
        learns(card, task, model, batch)
    moves = torch.Tensor.to
    monkeypatch.setattr(
        torch.Tensor, "to", lambda self, *to, **more: card.put(moves(self, *to, **more))
    )
    learns(card, task, model, batch)


def test_a_batch_is_moved_whole():
    many = Labels(*(torch.ones(2, 1) for _ in range(5)))
    images, labels, (masks, name) = moved(
        (torch.ones(1), many, [torch.ones(3), "a"]), torch.device("meta")
    )
    assert {one.device.type for one in (images, masks, *_parts(labels))} == {"meta"}
    assert name == "a"


def test_a_device_that_is_not_there_is_told_with_what_is(monkeypatch):
    assert device_of("cpu").type == "cpu"
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert device_of("auto").type == "cpu"
    with pytest.raises(SettingsError, match=r"--device cuda: PyTorch .* it can use cpu\. "):
        device_of("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert device_of("auto").type == "cuda"
    with pytest.raises(SettingsError, match=r"--device mps: .* can use cpu, cuda\. "):
        device_of("mps")


def test_a_training_tells_it_before_it_reads_anything(monkeypatch, tmp_path):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    def make():
        raise AssertionError("was made")

    options = EmbeddingOptions(data=tmp_path, out=tmp_path / "out", device="cuda")
    with pytest.raises(SettingsError, match="--device cuda"):
        loop.train(make, options)
    assert not (tmp_path / "out").exists()
