"""What every recipe is told: which data, how long, where checkpoints go."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from thatlook.data.audited import AuditOptions
from thatlook.data.pairs.audited import PairOptions


@dataclass(frozen=True, kw_only=True)
class LoopOptions:
    """What all recipes share.

    `data` is the folder with street/ and catalog/, or labelled photos of one's own, `sample` that
    of the rendered sample. Checkpoints and logs go to `out`; `rate` is the peak learning rate of
    the heads; `every` so many epochs the figures are measured. `resume` goes on from out/last.pt,
    `start` is a checkpoint whose weights are the start. `device` is one of `devices.device_of`.
    """

    data: Path
    out: Path
    sample: Path | None = None
    epochs: int
    batch: int
    rate: float = 2e-3
    seed: int = 0
    threads: int = os.cpu_count() or 4
    workers: int = 2
    every: int = 5
    resume: bool = False
    start: Path | None = None
    device: str = "cpu"


@dataclass(frozen=True, kw_only=True)
class PhotoOptions(LoopOptions, AuditOptions):
    """A recipe that learns from labelled photos; `ignore_audit` trains despite label errors."""

    ignore_audit: bool = False


@dataclass(frozen=True, kw_only=True)
class ArticleOptions(PhotoOptions):
    """How many product photos an epoch shows: lone `products`, `models` who wear them, street
    photos with tags alone (`tagged`). `pseudo` is the file of labels made by a network,
    `eye_labels` the folder of those made by eye; with `shipped` the network that ships goes on.
    """

    epochs: int = 60
    batch: int = 16
    products: int = 160
    models: int = 60
    pseudo: Path | None = None
    eye_labels: Path | None = None
    shipped: bool = False
    tagged: int = 0


@dataclass(frozen=True, kw_only=True)
class PersonOptions(PhotoOptions):
    """`keep_body` trains only what looks at the head."""

    epochs: int = 30
    batch: int = 32
    keep_body: bool = False


@dataclass(frozen=True, kw_only=True)
class EmbeddingOptions(LoopOptions, PairOptions):
    """The embedding's losses and their weights.

    `steps` are the batches of an epoch; `memory` the vectors remembered for mining; `teacher` the
    registry entry of a network that tells what is not known of worn articles; `boxes` JSON of the
    products' own articles by id; `eye_labels` the folder of labels made by eye, which then stand
    for the street photos' own; with `shipped` the start is the network that ships. `feedback` is a
    file of pairs that shoppers judged, as `thatlook feedback export` writes it.
    """

    epochs: int = 12
    batch: int = 64
    steps: int = 200
    backbone: str = ""
    backbone_weights: Path | None = None
    loss: str = ""
    metric_loss_weight: float = 0.1
    dim: int = 128
    memory: int = 2048
    instance_loss_weight: float = 0.5
    consistency_weight: float = 3.0
    names: float = 0.2
    teacher: Path | None = None
    boxes: Path | None = None
    eye_labels: Path | None = None
    shipped: bool = False
    feedback: Path | None = None
    feedback_weight: float = 0.3
