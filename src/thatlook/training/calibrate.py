"""From similarity to a probability that two crops match: the curve of each category.

thatlook train calibrate --data DATA --model ENTRY [--rounds 2]

Queries are products kept apart, seen as a phone would see them: other crop, light, blur, JPEG,
often another background. Each is searched among all products of its category and gender; a
neighbour is a good match when it is the product itself, or of the same type and of the same color
or a shade of it. The logistic curve of Platt (1999) is fitted to the first 20 neighbours of half
of the queries (by md5), and measured on the other half: expected calibration error and the
threshold's precision. The curves go into the embedding's registry entry.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from thatlook.core.color import related
from thatlook.core.errors import DataError
from thatlook.core.files import write_whole
from thatlook.core.progress import Progress
from thatlook.core.settings import Settings
from thatlook.data.items import HEADS, Item, catalog_items
from thatlook.evaluate.detection.own_boxes import own_boxes
from thatlook.evaluate.person.metrics import calibration_error
from thatlook.evaluate.retrieval import crop_vectors
from thatlook.training.products import ItemViews
from thatlook.vision.models.registry import resolve, shipped
from thatlook.vision.models.session import Session, to_batch
from thatlook.vision.stages.article import ArticleStage
from thatlook.vision.stages.embedding import EmbeddingStage, unit

NEIGHBOURS: Final = 20
MIN_PAIRS: Final = 400
"""A category with fewer pairs to fit, or fewer than a tenth of one kind, has no own curve."""

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Pairs:
    """Query and neighbour: similarity, whether they match, the category, the query's half."""

    similarity: Floats
    good: NDArray[np.bool_]
    category: NDArray[np.str_]
    held: NDArray[np.bool_]


def fitted(similarity: Floats, good: NDArray[np.bool_]) -> dict[str, float]:
    """The slope and middle of the logistic curve of greatest likelihood."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=1e4).fit(similarity[:, None], good)
    slope = float(model.coef_[0, 0])
    return {"slope": round(slope, 3), "middle": round(-float(model.intercept_[0]) / slope, 4)}


def score(similarity: Floats, curve: Mapping[str, float]) -> Floats:
    """The curve at each similarity."""
    return np.asarray(1 / (1 + np.exp(-curve["slope"] * (similarity - curve["middle"]))))


def is_good(query: Item, other: Item) -> bool:
    """Whether a shopper who asks for `query` would take `other` for a match."""
    if query.id == other.id:
        return True
    color = bool(query.labels[1]) and related(query.labels[1], other.labels[1])
    return color and query.labels[0] == other.labels[0]


def pairs_of(
    session: Session, items: Sequence[Item], streets: Sequence[Path], rounds: int
) -> Pairs:
    """The first NEIGHBOURS of every view of every product kept apart."""
    gallery = crop_vectors(EmbeddingStage(session), [item.crops[0] for item in items])
    parts = np.array([item.part for item in items])
    asked = [row for row, item in enumerate(items) if item.split == "val"]
    # Which classes there are does not matter: views alone are wanted.
    words: dict[str, list[str]] = {head: [] for head in HEADS}
    views = ItemViews(items, words, streets)
    found: list[tuple[float, bool, str, bool]] = []
    for seed in range(rounds):
        for start in Progress(range(0, len(asked), 64), desc="views"):
            rows = asked[start : start + 64]
            batch = to_batch([views[row, seed].image for row in rows], session.spec)
            vectors = unit(session.run({"crop": batch})["embedding"])
            for row, vector in zip(rows, vectors, strict=True):
                found += _neighbours(items, gallery, parts, row, vector)
    similarity, good, category, held = np.array(found, object).reshape(-1, 4).T
    pairs = Pairs(
        similarity.astype(np.float32), good.astype(bool), category.astype(str), held.astype(bool)
    )
    check_both_kinds(pairs, len(asked))
    return pairs


def check_both_kinds(pairs: Pairs, asked: int) -> None:
    """Raises DataError where the half that fits, or the other, lacks matches of one kind."""
    for half in (pairs.good[pairs.held], pairs.good[~pairs.held]):
        if len(set(half.tolist())) < 2:
            raise DataError(
                f"{asked} products are kept apart from training, too few to fit a curve: both "
                "halves of them need neighbours that match and neighbours that do not"
            )


def _neighbours(
    items: Sequence[Item], gallery: Floats, parts: NDArray[Any], row: int, vector: Floats
) -> list[tuple[float, bool, str, bool]]:
    own = items[row]
    rows = np.flatnonzero(parts == own.part)
    alike = gallery[rows] @ vector
    held = int(hashlib.md5(own.id.encode(), usedforsecurity=False).hexdigest(), 16) % 2 == 0
    category = own.part.split("/")[0]
    best = np.argsort(-alike, kind="stable")[:NEIGHBOURS]
    return [(float(alike[k]), is_good(own, items[rows[k]]), category, held) for k in best]


def curves_of(pairs: Pairs) -> dict[str, dict[str, float]]:
    """The default curve and those of the categories that have enough pairs, from half of them."""
    use = ~pairs.held
    curves = {"default": fitted(pairs.similarity[use], pairs.good[use])}
    for name in sorted(set(pairs.category.tolist())):
        mine = use & (pairs.category == name)
        share = float(pairs.good[mine].mean()) if mine.any() else 0.0
        if mine.sum() >= MIN_PAIRS and 0.1 <= share <= 0.9:
            curves[name] = fitted(pairs.similarity[mine], pairs.good[mine])
    return curves


def figures_of(pairs: Pairs, curves: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Measured on the other half: calibration error, and what a score of 0.5 promises."""
    similarity, category = pairs.similarity[pairs.held], pairs.category[pairs.held]
    given = score(similarity, curves["default"])
    for name in curves.keys() & set(category.tolist()):
        given[category == name] = score(similarity[category == name], curves[name])
    good = pairs.good[pairs.held]
    winning, right = np.maximum(given, 1 - given), (given >= 0.5) == good
    return {
        "pairs": float(len(good)),
        "share_good": float(good.mean()),
        "score_ece": calibration_error(winning, right),
        "good_above_half": float(good[given >= 0.5].mean()),
        "kept_above_half": float((given >= 0.5)[good].mean()),
    }


def calibrate(
    data: Path, model: Path, boxes: Path | None = None, rounds: int = 2
) -> dict[str, Any]:
    """Fits the curves, writes them into the entry `model`; the curves and their figures.

    `data` is the folder with street/ and catalog/, `boxes` JSON of the products' own articles.
    Raises ModelError, DataError where too few products are kept apart to fit a curve.
    """
    spec = resolve("embedding", str(model))
    catalog = data / "catalog"
    if boxes:
        known = json.loads(boxes.read_text(encoding="utf-8"))
    else:
        known = own_boxes(ArticleStage.of(Session(shipped("article")), Settings()), catalog)
    items = catalog_items(catalog, known)
    streets = sorted((data / "street" / "images").glob("*.jpg"))
    pairs = pairs_of(Session(spec), items, streets, rounds)
    curves = curves_of(pairs)
    entry: dict[str, Any] = json.loads(model.read_text(encoding="utf-8"))
    worn = entry.get("calibration", {}).get("worn")
    entry["calibration"] = curves | ({"worn": worn} if worn else {})
    write_whole(model, (json.dumps(entry, indent=1, ensure_ascii=False) + "\n").encode())
    measured = {name: round(value, 4) for name, value in figures_of(pairs, curves).items()}
    return {"curves": curves, "measured": measured}
