"""Losses of the article recipe, and the rule that gives each point its label.

The assignment is task-aligned (Feng et al., "TOOD", ICCV 2021): a point's claim on a label is
its class score times a power of its box overlap. Boxes are x0, y0, x1, y1 in pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from thatlook.training.nets import BINS


@dataclass(frozen=True)
class Labels:
    """Padded labels of a batch: boxes (n, m, 4), classes (n, m), valid (n, m).

    `known` (n, c): all instances of the class have a box; `shown` (n, c): it is there, box or not.
    """

    boxes: Tensor
    classes: Tensor
    valid: Tensor
    known: Tensor
    shown: Tensor


@dataclass(frozen=True)
class Assigned:
    """Per point: positive (n, A), its box (n, A, 4), and soft class targets (n, A, c)."""

    positive: Tensor
    boxes: Tensor
    targets: Tensor


def overlap(a: Tensor, b: Tensor, *, generalized: bool = False) -> Tensor:
    """Intersection over union of boxes (..., 4), broadcast.

    `generalized` gives GIoU (Rezatofighi et al., CVPR 2019).
    """
    low, high = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
    both = (high - low).clamp(min=0).prod(-1)
    area = (a[..., 2:] - a[..., :2]).clamp(min=0).prod(-1) + (b[..., 2:] - b[..., :2]).prod(-1)
    union = (area - both).clamp(min=1e-6)
    if not generalized:
        return both / union
    hull = (torch.maximum(a[..., 2:], b[..., 2:]) - torch.minimum(a[..., :2], b[..., :2])).prod(-1)
    return both / union - (hull - union) / hull.clamp(min=1e-6)


@torch.no_grad()
def assign(
    scores: Tensor, boxes: Tensor, centers: Tensor, labels: Labels, top: int = 10
) -> Assigned:
    """Labels for every point: the `top` best-aligned points inside each box are positive.

    `scores` (n, A, c) after sigmoid, `boxes` (n, A, 4), `centers` (A, 2). A point claimed by
    two boxes goes to the one it overlaps more. Soft targets are the alignment scaled so that
    each box's best point gets its best overlap.
    """
    n, many = labels.valid.shape
    overlaps = overlap(labels.boxes[:, :, None], boxes[:, None])
    claim = scores.transpose(1, 2).gather(
        1, labels.classes[..., None].expand(-1, -1, scores.shape[1])
    )
    middle = (labels.boxes[..., :2] + labels.boxes[..., 2:]) / 2
    # Small things such as glasses would hold no point at all: they count as 10 px wide.
    half = ((labels.boxes[..., 2:] - labels.boxes[..., :2]) / 2).clamp(min=5.0)
    away = (centers - middle[:, :, None]).abs() - half[:, :, None]
    inside = (away.amax(-1) < 0) & labels.valid[..., None]
    alignment = claim.sqrt() * overlaps.pow(6) * inside
    best, index = alignment.topk(min(top, alignment.shape[-1]), dim=-1)
    chosen = torch.zeros_like(alignment).scatter(2, index, (best > 1e-9).to(alignment.dtype))
    if many == 0:
        empty = torch.zeros(boxes.shape[:2], dtype=torch.bool)
        return Assigned(empty, torch.zeros_like(boxes), torch.zeros_like(scores))
    owner = (chosen * (overlaps + 1e-6)).argmax(1)
    positive = chosen.amax(1) > 0
    mine = functional.one_hot(owner, many).transpose(1, 2) * chosen
    aligned = alignment * mine
    scale = (overlaps * mine).amax(2, keepdim=True) / aligned.amax(2, keepdim=True).clamp(min=1e-9)
    weight = (aligned * scale).amax(1)
    classes = labels.classes.gather(1, owner)
    targets = functional.one_hot(classes, scores.shape[2]) * weight[..., None]
    rows = torch.arange(n)[:, None]
    return Assigned(positive, labels.boxes[rows, owner], targets * positive[..., None])


def score_loss(logits: Tensor, assigned: Assigned, known: Tensor) -> Tensor:
    """Sum over points of the binary cross-entropy, easy negatives weighted down.

    The negative weight is the squared score, as in varifocal loss (Zhang et al., CVPR 2021).
    A class that `known` (n, c) leaves open has no negatives in that photo.
    """
    targets = assigned.targets
    plain = functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    score = logits.detach().sigmoid()
    weight = torch.where(targets > 0, 1.0, 0.75 * score.pow(2) * known[:, None])
    return (plain * weight).sum()


def presence_loss(logits: Tensor, labels: Labels) -> Tensor:
    """Mean binary cross-entropy of which categories the picture shows.

    `logits` (n, k). A category that is not shown counts as absent only where `labels.known`.
    """
    many = logits.shape[1]
    shown = labels.shown[:, :many]
    sure = (shown | labels.known[:, :many]).to(logits.dtype)
    plain = functional.binary_cross_entropy_with_logits(
        logits, shown.to(logits.dtype), reduction="none"
    )
    return (plain * sure).sum() / sure.sum().clamp(min=1)


def side_loss(raw: Tensor, distances: Tensor) -> Tensor:
    """Distribution focal loss (k,) (Li et al., NeurIPS 2020): how far the two nearest bins are off.

    `raw` (k, 4, BINS); `distances` (k, 4) in bins.
    """
    target = distances.clamp(0, BINS - 1.01)
    left = target.long()
    share = target - left
    log = raw.log_softmax(-1)
    low = log.gather(-1, left[..., None])[..., 0]
    high = log.gather(-1, left[..., None] + 1)[..., 0]
    return -(low * (1 - share) + high * share).mean(-1)


def mask_loss(logits: Tensor, mask: Tensor) -> Tensor:
    """Binary cross-entropy plus dice over categories; pixels of 255 count nowhere.

    `logits` (n, k, h, w); `mask` (n, h, w) long, 0 background, 1.. category.
    """
    sure = (mask != 255)[:, None].to(logits.dtype)
    if not bool(sure.any()):
        return logits.sum() * 0
    many = logits.shape[1]
    target = functional.one_hot(mask.clamp(max=many), many + 1)[..., 1:].permute(0, 3, 1, 2) * sure
    plain = functional.binary_cross_entropy_with_logits(logits, target, reduction="none")
    probability = logits.sigmoid() * sure
    both = 2 * (probability * target).sum((2, 3))
    dice = 1 - (both + 1) / (probability.sum((2, 3)) + target.sum((2, 3)) + 1)
    present = (target.sum((2, 3)) > 0).to(logits.dtype)
    mean = (dice * present).sum() / present.sum().clamp(min=1)
    return 4 * (plain * sure).sum() / (sure.sum() * many) + mean
