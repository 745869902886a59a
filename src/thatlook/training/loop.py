"""The training loop of all recipes: one cycle, a moving average, logs, resuming after a kill."""

from __future__ import annotations

import copy
import csv
import ctypes
import io
import os
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from thatlook.core.errors import ModelError
from thatlook.core.files import write_whole
from thatlook.core.progress import Progress
from thatlook.training.devices import device_of, moved
from thatlook.training.options import LoopOptions


class Task(Protocol):
    """What a recipe gives the loop."""

    model: nn.Module
    metric: str

    @property
    def views(self) -> Dataset[Any]:
        """What the keys of a plan are looked up in."""

    def plan(self, epoch: int) -> list[list[Any]]:
        """The keys of each batch of an epoch: the same whenever asked, and always as many."""

    def collate(self, views: Sequence[Any]) -> Any:
        """The batch of these views."""

    def loss(self, model: nn.Module, batch: Any) -> tuple[Tensor, dict[str, float]]:
        """The loss of one batch and its parts for the log."""

    def measure(self, model: nn.Module) -> dict[str, float]:
        """Validation figures; `metric` names the one that picks the best checkpoint."""


class Average:
    """An exponential moving average of a model's weights (Polyak averaging), with a warm-up."""

    def __init__(self, model: nn.Module, decay: float = 0.998):
        self.model = copy.deepcopy(model).eval()
        self.decay = decay
        self.steps = 0

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Take a step towards `model`; buffers such as batch norm statistics follow too."""
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        for mine, theirs in zip(
            self.model.state_dict().values(), model.state_dict().values(), strict=True
        ):
            if mine.dtype.is_floating_point:
                mine.lerp_(theirs, 1 - decay)
            else:
                mine.copy_(theirs)


def save(path: Path, state: dict[str, Any]) -> None:
    """Write `state` whole or not at all: to a temporary name, synced, renamed."""
    data = io.BytesIO()
    torch.save(state, data)
    write_whole(path, data.getvalue())


def load_weights(model: nn.Module, path: Path, *, whole: bool = True) -> list[str]:
    """Load the averaged weights of checkpoint `path` into `model`; what of it stays as it is.

    Unless `whole`, that is what the checkpoint lacks or has in another shape, such as a head that
    was changed since: names of parameters.

    Raises ModelError where the file is missing or belongs to another network: nothing fits.
    """
    if not path.is_file():
        raise ModelError(f"{path}: no checkpoint; train first, or name another with --start")
    state = torch.load(path, weights_only=True, map_location="cpu")
    try:
        found, mine = state["average"], model.state_dict()
        fits = {k for k, v in found.items() if k in mine and mine[k].shape == v.shape}
        if not whole and fits:
            found = mine | {k: found[k] for k in fits}
        model.load_state_dict(found)
    except (KeyError, RuntimeError) as error:
        raise ModelError(f"{path}: a checkpoint of another network ({error})") from error
    return [name for name in mine if name not in fits]


def loader(task: Task, first: int, options: LoopOptions) -> Any:
    """A DataLoader over all epochs from `first` on; its processes give way to the training's."""
    plans = [task.plan(epoch) for epoch in range(first, options.epochs)]
    return DataLoader(
        task.views,
        batch_sampler=list(chain.from_iterable(plans)),
        num_workers=options.workers,
        collate_fn=task.collate,
        worker_init_fn=_polite,
        prefetch_factor=6 if options.workers else None,
    )


def _polite(_worker: int) -> None:
    os.nice(3)
    torch.set_num_threads(1)


M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT_BYTES: Final = 2**31 - 1


def keep_freed_memory() -> None:
    """Tell glibc to keep freed memory for the next batch instead of giving it back.

    Batches free and ask for the same large blocks again and again. Where the system maps them anew
    each time, page faults cost a good part of a step: benchmarks/bench_train_step.py.
    Elsewhere than on glibc nothing changes.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, KEPT_BYTES)
        mallopt(M_TRIM_THRESHOLD, KEPT_BYTES)


def seed_all(seed: int, threads: int) -> None:
    """Seed Python, NumPy and torch and set torch's threads."""
    keep_freed_memory()
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - pytorch-metric-learning draws from it
    torch.manual_seed(seed)
    torch.set_num_threads(threads)


def optimizer(model: nn.Module, rate: float, decay: float = 0.02) -> torch.optim.AdamW:
    """AdamW: trunks learn at a quarter of `rate`, norms and biases do not decay."""
    sets: dict[tuple[bool, bool], list[nn.Parameter]] = {}
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            sets.setdefault(("trunk" in name.split("."), weight.ndim > 1), []).append(weight)
    found = [
        {
            "params": weights,
            "lr": rate * (0.25 if trunk else 1),
            "weight_decay": decay if matrix else 0.0,
        }
        for (trunk, matrix), weights in sets.items()
    ]
    return torch.optim.AdamW(found)


def train(make: Callable[[], Task], options: LoopOptions, *, whole: bool = False) -> int:
    """Seed, make the task, start from `options.start` where there is one, fit; the exit status.

    `whole` as in `load_weights`. Raises ModelError where the start does not fit, SettingsError
    where there is no such device.
    """
    device_of(options.device)  # told before minutes of reading
    seed_all(options.seed, options.threads)
    task = make()
    if options.start:
        new = load_weights(task.model, options.start, whole=whole)
        count = len(task.model.state_dict())
        # A part that starts afresh without a word could be a wrong file.
        print(f"start: {count - len(new)} of {count} tensors from {options.start}", flush=True)
        for part in sorted({name.split(".")[0] for name in new}):
            print(f"start: all or some of `{part}` begins anew", flush=True)
    fit(task, options)
    return 0


def fit(task: Task, options: LoopOptions) -> Path:
    """Train for `options.epochs` epochs; the path of the best checkpoint.

    Writes last.pt after every epoch, best.pt by `task.metric`, and log.csv. With
    `options.resume` the run continues after the last whole epoch. Raises ModelError as
    `_last_state`, SettingsError where there is no such device.
    """
    device = device_of(options.device)
    options.out.mkdir(parents=True, exist_ok=True)
    model = task.model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = Average(model)
    adam = optimizer(model, options.rate)
    steps = len(task.plan(0))
    peak = [group["lr"] for group in adam.param_groups]
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        adam, peak, total_steps=options.epochs * steps + 1, pct_start=0.08, final_div_factor=100
    )
    first, best = 0, -1.0
    last = options.out / "last.pt"
    state = _last_state(last, options, int(cycle.total_steps))
    if state is not None:
        model.load_state_dict(state["model"])
        average.model.load_state_dict(state["average"])
        adam.load_state_dict(state["adam"])
        cycle.load_state_dict(state["cycle"])
        first, best, average.steps = state["epoch"] + 1, state["best"], state["steps"]
    batches = iter(loader(task, first, options))
    for epoch in range(first, options.epochs):
        started = time.monotonic()
        row = {"epoch": float(epoch)} | _epoch(task, average, (adam, cycle), islice(batches, steps))
        row["train_s"] = time.monotonic() - started
        if (epoch + 1) % options.every == 0 or epoch + 1 == options.epochs:
            row |= task.measure(_at_rest(average.model, device))
            if not row[task.metric] <= best:  # not a number, where nothing is there to measure
                best = row[task.metric]
                save(options.out / "best.pt", {"average": average.model.state_dict()})
        _log(options.out / "log.csv", row)
        print(" ".join(f"{key} {value:.4g}" for key, value in row.items()), flush=True)
        state = {"model": model.state_dict(), "average": average.model.state_dict()}
        state |= {"adam": adam.state_dict(), "cycle": cycle.state_dict()}
        save(last, state | {"epoch": epoch, "best": best, "steps": average.steps})
    return Path(options.out / "best.pt")


def _at_rest(model: nn.Module, device: torch.device) -> nn.Module:
    """The model on the processor, where it is measured as it will be used."""
    return model if device.type == "cpu" else copy.deepcopy(model).cpu()


def _last_state(last: Path, options: LoopOptions, total_steps: int) -> dict[str, Any] | None:
    """The state to go on from, None where a run begins.

    Raises ModelError where a run is there that is not to be resumed, or was to take another number
    of steps: the learning rate falls along one cycle.
    """
    if not last.is_file():
        if options.resume:
            print(f"resume: there is no {last}; a run begins", flush=True)
        return None
    if not options.resume:
        raise ModelError(
            f"{last}: a run is there already; go on with --resume, or name another --out"
        )
    state: dict[str, Any] = torch.load(last, weights_only=True, map_location="cpu")
    planned = state["cycle"]["total_steps"]
    if planned != total_steps:
        raise ModelError(
            f"{last}: a run of {planned - 1} batches in all, not {total_steps - 1}; go on with its "
            f"--epochs, --batch and data, or begin another --out with --start {last.parent}/best.pt"
        )
    if state["epoch"] + 1 >= options.epochs:
        print(f"resume: all {options.epochs} epochs are done", flush=True)
    return state


def _epoch(
    task: Task, average: Average, movers: tuple[Any, Any], batches: Iterator[Any]
) -> dict[str, float]:
    """One pass; the mean of each part of the loss."""
    adam, cycle = movers
    task.model.train()
    sums: dict[str, float] = {}
    count = 0
    bar = Progress(batches, leave=False)
    device = next(task.model.parameters()).device
    for batch in bar:
        with device:  # where losses make tensors of their own
            loss, parts = task.loss(task.model, moved(batch, device))
        adam.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(task.model.parameters(), 10.0)
        adam.step()
        cycle.step()
        average.update(task.model)
        for key, value in parts.items():
            sums[key] = sums.get(key, 0.0) + value
        bar.set_postfix({k: f"{v:.3f}" for k, v in parts.items()}, refresh=False)
        count += 1
    return {key: value / count for key, value in sums.items()}


def _log(path: Path, row: dict[str, float]) -> None:
    """Append a row; the file starts anew with more columns when one was not seen before."""
    rows: list[dict[str, Any]] = []
    if path.is_file():
        with path.open(encoding="utf-8", newline="") as file:
            rows = [r for r in csv.DictReader(file) if float(r["epoch"]) < row["epoch"]]
    rows.append({key: f"{value:.5g}" for key, value in row.items()})
    columns = list(dict.fromkeys(key for r in rows for key in r))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
