"""What shoppers judged alike, in the training of the embedding."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import torch
from pytorch_metric_learning.distances import CosineSimilarity
from pytorch_metric_learning.losses import ContrastiveLoss
from sklearn.metrics import roc_auc_score
from torch import Tensor

from thatlook.core.near_duplicates import groups
from thatlook.data.items import Item
from thatlook.data.judged_pairs import KIND, JudgedPair, judged_items
from thatlook.data.scenes import Floats
from thatlook.data.splits import split_of

MARGINS: Final = {"pos_margin": 0.9, "neg_margin": 0.5}
"""Products judged alike have no loss from this cosine on, those judged not up to the other: what
was dismissed was near enough to be shown, and need not become the opposite."""


def split_items(pairs: Sequence[JudgedPair]) -> list[Item]:
    """The judged products as items, those that pairs connect on one side.

    Raises PhotoError where a picture cannot be read.
    """
    items = judged_items(pairs)
    rows = {item.id: row for row, item in enumerate(items)}
    joined = [(rows[pair.one.id], rows[pair.other.id]) for pair in pairs]
    group = groups([item.id for item in items], joined)
    return [replace(item, split=split_of(group[item.id])) for item in items]


class Judgements:
    """The judged pairs of `items`, by the rows of those of their kind; the others come first."""

    def __init__(self, pairs: Sequence[JudgedPair], items: Sequence[Item]) -> None:
        self.rows = {item.id: row for row, item in enumerate(items) if item.kind == KIND}
        self.first = min(self.rows.values(), default=len(items))
        ids = [(pair.one.id, pair.other.id) for pair in pairs]
        there = [k for k, two in enumerate(ids) if self.rows.keys() >= set(two)]
        self.pairs = np.array([[self.rows[one] for one in ids[k]] for k in there], np.int64)
        self.alike = np.array([pairs[k].alike for k in there], bool)
        lists = np.sqrt([pairs[k].lists for k in there])
        self._shares = lists / lists.sum() if there else lists
        self._told = {
            (int(a), int(b)): bool(alike)
            for (one, other), alike in zip(self.pairs, self.alike, strict=True)
            for a, b in ((one, other), (other, one))
        }
        self._loss = ContrastiveLoss(**MARGINS, distance=CosineSimilarity())

    def __len__(self) -> int:
        return len(self.pairs)

    def drawn(self, rng: np.random.Generator, count: int) -> list[int]:
        """The rows of `count` pairs, by the root of the lists that say so: one pair everybody
        agrees on does not crowd out the rest.
        """
        found: list[int] = (
            self.pairs[rng.choice(len(self.pairs), count, p=self._shares)].ravel().tolist()
        )
        return found

    def loss(self, vectors: Tensor, rows: Tensor) -> Tensor:
        """The contrastive loss (Hadsell, Chopra and LeCun, CVPR 2006, with cosines) of the judged
        pairs among unit vectors (n, dim) of `rows` (n,); 0 where there are none.
        """
        told = [
            (i, j, self._told[one, other])
            for i, one in enumerate(rows.tolist())
            for j, other in enumerate(rows.tolist())
            if (one, other) in self._told
        ]
        near = torch.tensor([(i, j) for i, j, alike in told if alike], dtype=torch.long)
        far = torch.tensor([(i, j) for i, j, alike in told if not alike], dtype=torch.long)
        both = (*near.reshape(-1, 2).T, *far.reshape(-1, 2).T)
        found: Tensor = self._loss(vectors, indices_tuple=both)
        return found

    def auc(self, vectors: Floats) -> float:
        """How often a pair judged alike is nearer than one that is not; `vectors` (items, dim) of
        unit length. NaN where there are not both.
        """
        if len(np.unique(self.alike)) < 2:
            return float("nan")
        one, other = vectors[self.pairs[:, 0]], vectors[self.pairs[:, 1]]
        return float(roc_auc_score(self.alike, (one * other).sum(1)))
