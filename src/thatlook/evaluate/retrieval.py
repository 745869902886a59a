"""Precision and recall of the embedding network's neighbours on products kept apart."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from thatlook.evaluate.article import network_of
from thatlook.evaluate.report import Report, add_common, finish, session_of
from thatlook.models.registry import shipped
from thatlook.models.session import Session
from thatlook.records import Box
from thatlook.stages.embedding import EmbeddingStage
from thatlook.taxonomy import DETECTOR_CLASSES

if TYPE_CHECKING:
    from thatlook.evaluate.data import Scene
    from thatlook.evaluate.items import Item

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]


def neighbours(vectors: Floats, parts: Sequence[str], k: int) -> list[Ints]:
    """Per row, the rows of the same part most like it: at most `k`, best first, never itself.

    `vectors` (n, dim) of unit length; ties go to the earlier row.
    """
    found: list[Ints] = [np.zeros(0, np.int64)] * len(vectors)
    names = np.asarray(parts)
    for name in np.unique(names):
        rows = np.flatnonzero(names == name)
        scores = vectors[rows] @ vectors[rows].T
        np.fill_diagonal(scores, -np.inf)
        order = np.argsort(-scores, axis=1, kind="stable")[:, : min(k, len(rows) - 1)]
        for i, row in enumerate(rows):
            found[row] = rows[order[i]]
    return found


def precision(found: Sequence[Ints], labels: Sequence[str], k: int = 10) -> float:
    """The mean share of each query's first `k` neighbours that carry its label.

    A query without any neighbour counts nowhere; one with fewer than `k` is divided by what
    it has. NaN where no query is left.
    """
    names = np.asarray(labels)
    shares = [float((names[n[:k]] == names[i]).mean()) for i, n in enumerate(found) if len(n)]
    return float(np.mean(shares)) if shares else float("nan")


def ceiling(parts: Sequence[str], labels: Sequence[str], k: int = 10) -> float:
    """The best precision at `k` that any ranking could reach: many labels are rarer than `k`."""
    pairs = list(zip(parts, labels, strict=True))
    shares = []
    for part, label in pairs:
        most = min(k, sum(p == part for p in parts) - 1)
        if most:
            shares.append(min(most, pairs.count((part, label)) - 1) / most)
    return float(np.mean(shares)) if shares else float("nan")


def recall(queries: Floats, gallery: Floats, answers: Sequence[int], k: int) -> float:
    """The share of queries whose answer (a row of `gallery`) is among their `k` best rows."""
    scores = queries @ gallery.T
    mine = scores[np.arange(len(queries)), list(answers)]
    # Equal scores count against the answer: a network that says one thing of all is not right.
    rank = (scores >= mine[:, None]).sum(1)
    return float((rank <= k).mean())


def embedded(stage: EmbeddingStage, crops: Sequence[tuple[Path, Sequence[float]]]) -> Floats:
    """The vectors (n, dim) of (photo, box) crops."""
    from thatlook.evaluate.data import photo

    found = []
    for start in range(0, len(crops), 256):
        part = [(photo(path), Box(*box)) for path, box in crops[start : start + 256]]
        found += [e.vector for e in stage.run_many(part)]
    return np.stack(found).astype(np.float32)


def words_of(items: Sequence[Item]) -> dict[str, list[str]]:
    """The labels that a neighbour may share: type, color, both."""
    return {
        "type": [i.labels[0] for i in items],
        "color": [i.labels[1] for i in items],
        "both": [f"{i.labels[0]}/{i.labels[1]}" for i in items],
    }


def product_figures(vectors: Floats, items: Sequence[Item]) -> dict[str, float]:
    """Precision at 10 within category and gender by type, color and both, with its ceiling."""
    parts = [item.part for item in items]
    found = neighbours(vectors, parts, 10)
    labels = words_of(items)
    out = {f"p10_{name}": precision(found, words) for name, words in labels.items()}
    return out | {f"p10_{name}_ceiling": ceiling(parts, words) for name, words in labels.items()}


def whole_shop_figures(vectors: Floats, items: Sequence[Item]) -> dict[str, float]:
    """Precision at 10 of the val products among all products, those of training included.

    This is how the shop is searched; the other figures are about unseen products alone.
    """
    found = neighbours(vectors, [item.part for item in items], 10)
    mine = [k for k, item in enumerate(items) if item.split == "val"]
    out = {}
    for name, words in words_of(items).items():
        names = np.asarray(words)
        shares = [float((names[found[k]] == names[k]).mean()) for k in mine if len(found[k])]
        out[f"shop_p10_{name}"] = float(np.mean(shares))
    return out


def rendered_figures(
    stage: EmbeddingStage, products: Sequence[Item], scenes: Sequence[Scene], folder: Path
) -> dict[str, float]:
    """Recall of the exact product for articles of rendered looks, among its category's products.

    Boxes are the labelled ones.
    """
    looks = {}
    for line in (folder / "looks.jsonl").read_text(encoding="utf-8").splitlines():
        look = json.loads(line)
        looks[Path(look["file"]).name] = look["articles"]
    rows = {item.id: k for k, item in enumerate(products)}
    queries, answers = [], []
    for scene in scenes:
        for article in looks[scene.path.name]:
            if article["product_id"] in rows and article["visible_px"] > 400:
                queries.append((scene.path, article["box"]))
                answers.append(rows[article["product_id"]])
    gallery = embedded(stage, [item.crops[0] for item in products])
    scores = embedded(stage, queries) @ gallery.T
    category = np.array([DETECTOR_CLASSES.index(item.labels[4]) for item in products])
    scores[category[answers][:, None] != category] = -np.inf
    mine = scores[np.arange(len(queries)), answers]
    rank = (scores >= mine[:, None]).sum(1)
    return {f"rendered_r{k}": float((rank <= k).mean()) for k in (1, 5, 10)}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the protocol's options to `parser`."""
    add_common(parser)
    parser.add_argument(
        "--boxes", type=Path, help="JSON of the products' own articles by id; else found"
    )


def run(args: argparse.Namespace) -> int:
    """Measure, print the table, write --json; the exit status."""
    from thatlook.evaluate.data import pair_scenes
    from thatlook.evaluate.items import catalog_items, own_boxes, pair_items

    session = session_of(args, "embedding")
    stage = EmbeddingStage(session)
    catalog = Path(args.data) / "catalog"
    if args.boxes:
        boxes = json.loads(args.boxes.read_text(encoding="utf-8"))
    else:
        boxes = own_boxes(network_of(Session(shipped("article"), args.threads)), catalog)
    items = catalog_items(catalog, boxes)
    started = time.perf_counter()
    vectors = embedded(stage, [item.crops[0] for item in items])
    spent = (time.perf_counter() - started) / max(1, len(items))
    val = np.array([item.split == "val" for item in items])
    figures = product_figures(vectors[val], [i for i in items if i.split == "val"])
    figures |= whole_shop_figures(vectors, items)
    if args.sample:
        pairs = args.sample / "pairs"
        kept = [s for s in pair_scenes(pairs) if s.split == "val"]
        figures |= rendered_figures(stage, pair_items(pairs), kept, pairs)
    report = Report("Retrieval", session.spec, figures | {"mean_ms": spent * 1000})
    return finish(args, report)
