from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn

from thatlook.core.errors import ModelError
from thatlook.training import loop
from thatlook.training.options import LoopOptions
from thatlook.training.scenes import read_scenes


class Line(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 1)

    def forward(self, x):
        return self.conv(x)


class Task:
    """Learns y = 2 x from eight numbers."""

    metric = "fit"

    def __init__(self):
        torch.manual_seed(0)
        self.model = Line()
        self.views = [float(i) for i in range(8)]

    def plan(self, epoch):
        return [[(i + epoch) % 8, (i + 1 + epoch) % 8] for i in range(0, 8, 2)]

    def collate(self, views):
        return torch.tensor(views)[:, None, None, None]

    def loss(self, model, batch):
        off = ((model(batch) - 2 * batch) ** 2).mean()
        return off, {"off": off.item()}

    def measure(self, model):
        return {"fit": 1 / (1 + abs(model.conv.weight.item() - 2))}


def options(out, **more):
    given = {"epochs": 4, "batch": 2, "workers": 0, "every": 2} | more
    return LoopOptions(data=Path("d"), out=out, **given)


def weights(path):
    return torch.load(path, weights_only=True)["average"]["conv.weight"].item()


def rows(out):
    with (out / "log.csv").open() as file:
        return list(csv.DictReader(file))


def test_a_training_leaves_checkpoints_and_a_log(tmp_path):
    best = loop.fit(Task(), options(tmp_path, rate=0.1))
    assert best == tmp_path / "best.pt"
    assert [r["epoch"] for r in rows(tmp_path)] == ["0", "1", "2", "3"]
    assert [bool(r["fit"]) for r in rows(tmp_path)] == [False, True, False, True]
    assert float(rows(tmp_path)[3]["off"]) < float(rows(tmp_path)[0]["off"])
    assert not list(tmp_path.glob("*.part"))


class KilledError(Exception):
    pass


class Fragile(Task):
    def plan(self, epoch):
        self.epoch = epoch
        return super().plan(epoch)

    def measure(self, model):
        if len(rows_or_none(self.out)) == 2:
            raise KilledError
        return super().measure(model)


def rows_or_none(out):
    return rows(out) if (out / "log.csv").is_file() else []


def test_a_killed_training_resumes_to_the_same_end(tmp_path):
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    loop.fit(Task(), options(whole, every=1))
    task = Fragile()
    task.out = broken
    with pytest.raises(KilledError):
        loop.fit(task, options(broken, every=1))
    assert len(rows(broken)) == 2
    loop.fit(Task(), options(broken, every=1, resume=True))
    assert len(rows(broken)) == 4
    assert weights(broken / "last.pt") == pytest.approx(weights(whole / "last.pt"), abs=1e-7)
    assert [r["off"] for r in rows(broken)] == [r["off"] for r in rows(whole)]


def test_a_run_that_is_there_is_neither_overwritten_nor_stretched(tmp_path, capsys):
    loop.fit(Task(), options(tmp_path, resume=True))
    assert f"resume: there is no {tmp_path / 'last.pt'}; a run begins" in capsys.readouterr().out
    kept = weights(tmp_path / "last.pt")
    with pytest.raises(ModelError, match="a run is there already; go on with --resume"):
        loop.fit(Task(), options(tmp_path))
    steps = len(Task().plan(0))
    with pytest.raises(ModelError, match=f"{4 * steps} batches in all, not {6 * steps}; .*--start"):
        loop.fit(Task(), options(tmp_path, epochs=6, resume=True))
    assert loop.fit(Task(), options(tmp_path, resume=True)) == tmp_path / "best.pt"
    assert "resume: all 4 epochs are done" in capsys.readouterr().out
    assert weights(tmp_path / "last.pt") == kept


class Unmeasured(Task):
    def measure(self, model):
        return super().measure(model) | {self.metric: float("nan")}


def test_a_run_with_nothing_to_measure_leaves_a_checkpoint_too(tmp_path):
    assert loop.fit(Unmeasured(), options(tmp_path)).is_file()


def test_the_average_follows_slowly():
    model = Line()
    nn.init.constant_(model.conv.weight, 0.0)
    average = loop.Average(model, decay=0.5)
    nn.init.constant_(model.conv.weight, 1.0)
    average.update(model)
    # The warm-up's first decay is (1 + 1) / (10 + 1).
    assert average.model.conv.weight.item() == pytest.approx(1 - 2 / 11)


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    loop.save(tmp_path / "a.pt", {"average": nn.Linear(2, 2).state_dict()})
    with pytest.raises(ModelError, match="another network"):
        loop.load_weights(Line(), tmp_path / "a.pt")
    with pytest.raises(ModelError, match="no checkpoint"):
        loop.load_weights(Line(), tmp_path / "none.pt")


def test_the_trunk_learns_slower_and_biases_do_not_decay():
    model = nn.Module()
    model.trunk, model.head = nn.Linear(2, 2), nn.Linear(2, 2)
    groups = loop.optimizer(model, 1e-3, 0.1).param_groups
    found = {(g["lr"], g["weight_decay"]) for g in groups}
    assert found == {(2.5e-4, 0.1), (2.5e-4, 0.0), (1e-3, 0.1), (1e-3, 0.0)}


def test_a_start_takes_what_fits_and_leaves_the_rest(tmp_path):
    old = nn.ModuleDict({"same": nn.Linear(2, 2), "wider": nn.Linear(2, 3)})
    new = nn.ModuleDict(
        {"same": nn.Linear(2, 2), "wider": nn.Linear(2, 4), "added": nn.Linear(1, 1)}
    )
    before = new["wider"].weight.detach().clone()
    loop.save(tmp_path / "a.pt", {"average": old.state_dict()})
    left = loop.load_weights(new, tmp_path / "a.pt", whole=False)
    assert left == ["wider.weight", "wider.bias", "added.weight", "added.bias"]
    assert torch.equal(new["same"].weight, old["same"].weight)
    assert torch.equal(new["wider"].weight, before)


def test_a_start_of_which_nothing_fits_is_refused(tmp_path):
    loop.save(tmp_path / "a.pt", {"average": nn.Linear(5, 5).state_dict()})
    with pytest.raises(ModelError, match="another network"):
        loop.load_weights(nn.Linear(2, 2), tmp_path / "a.pt", whole=False)


def test_a_recipe_starts_where_it_is_told(tmp_path, capsys):
    loop.fit(Task(), options(tmp_path / "a", rate=0.1))
    start = tmp_path / "a" / "best.pt"
    more = options(tmp_path / "b", rate=1e-9, start=start, epochs=1, every=1)
    assert loop.train(Task, more, whole=True) == 0
    assert f"tensors from {start}" in capsys.readouterr().out
    assert weights(tmp_path / "b" / "best.pt") == pytest.approx(weights(start), abs=1e-4)
    other = nn.Linear(2, 2).state_dict()
    loop.save(tmp_path / "other.pt", {"average": other})
    with pytest.raises(ModelError, match="another network"):
        loop.train(Task, replace(more, start=tmp_path / "other.pt"), whole=True)


@pytest.mark.data
def test_rendered_looks_are_read_where_they_are_named(data):
    sample = data.parent / "sample"
    if not (sample / "pairs").is_dir():
        pytest.skip(f"needs {sample / 'pairs'}")
    photos = read_scenes(data)
    assert {scene.kind for scene in photos} >= {"street", "model", "product"}
    assert len(read_scenes(data, sample)) > len(photos) > 8000
