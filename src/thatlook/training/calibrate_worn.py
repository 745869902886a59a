"""What an eye accepts for a worn article: the one curve that orders, scores and explains matches.

thatlook train calibrate-worn --data DATA --pairs PAIRS --catalog CATALOG --model ENTRY

Each pair of the file is a worn article beside a product, judged by eye. A logistic regression of
"accepted" on the similarity, moved by whether type and color are the same, similar or other in
words (MOVES), is fitted to the pairs of photos of the train side and measured on those of the val
side. It goes into the embedding's registry entry as "worn".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from thatlook.core.errors import DataError
from thatlook.core.files import write_whole
from thatlook.core.image import decode
from thatlook.core.records import Box
from thatlook.core.settings import Settings
from thatlook.data.jsonlines import rows
from thatlook.data.splits import split_of
from thatlook.evaluate.person.metrics import calibration_error
from thatlook.search.ranking import Agreement, Calibration, Curve, Traits, tellable_types
from thatlook.search.recommender import traits_of
from thatlook.store.catalog import Catalog
from thatlook.vision.analyzer import Analyzer
from thatlook.vision.models.registry import resolve

MOVES: Final[Mapping[str, float]] = {
    "same type": 0.06,
    "other type": -0.06,
    "same color": 0.06,
    "similar color": 0.03,
    "other color": -0.06,
}
"""What reasons move the similarity by, so that the order does not contradict them. Of moves tried
(docs/training-log.md) the smallest with which under three rows in a hundred do."""


@dataclass(frozen=True, slots=True)
class JudgedPair:
    """A worn article beside a product: how alike, what agrees, whether an eye accepted it."""

    split: str
    similarity: float
    agreement: Agreement
    accepted: bool


def judged_pairs(
    path: Path, images: Path, catalog: Catalog, analyzer: Analyzer, settings: Settings
) -> Iterator[JudgedPair]:
    """The pairs of a file with what the networks say of them.

    Products that the catalog no longer has are left out. Raises DataError, PhotoError.
    """
    labels = resolve("embedding", settings.embedding_model).labels.get("type", ())
    tellable = tellable_types(labels)
    for number, row in rows(path):
        try:
            box, shown = Box(*map(float, row["box"])), row["products"]
            accepted = {str(one["id"]): bool(one["accept"]) for one in shown}
            category, file = str(row["category"]), str(row["file"])
        except (KeyError, TypeError, ValueError) as error:
            raise DataError(
                f"{path}:{number}: expected file, category, box of four numbers and products "
                f"(id, accept): {error!r}"
            ) from error
        image = decode(images / file, settings)
        article = analyzer.article_in(image, box, category, worn=True)
        traits = Traits.of(article.attributes)
        for stored in catalog.stored_many(list(catalog.states(list(accepted)))):
            if article.vector is None or stored.vector is None:
                continue
            alike = float(article.vector @ stored.vector)
            agreement = Agreement.of(traits, traits_of(stored), tellable)
            yield JudgedPair(split_of(file), alike, agreement, accepted[stored.product.id])


def fit_worn(pairs: Sequence[JudgedPair]) -> dict[str, Any]:
    """The curve of the entry: slope, middle and MOVES. Raises DataError without both kinds."""
    from sklearn.linear_model import LogisticRegression

    accepted = np.array([pair.accepted for pair in pairs], bool)
    if accepted.all() or not accepted.any():
        raise DataError("expected pairs that were accepted and pairs that were not")
    moved = Curve(moves=MOVES)
    worth = np.array([moved.worth(pair.similarity, pair.agreement) for pair in pairs])
    model = LogisticRegression(C=1e4).fit(worth[:, None], accepted)
    slope = float(model.coef_[0, 0])
    if slope <= 0:
        raise DataError("products more alike were accepted less often: these are no such pairs")
    middle = -float(model.intercept_[0]) / slope
    return {"slope": round(slope, 3), "middle": round(middle, 4), "moves": dict(MOVES)}


def measure_worn(pairs: Sequence[JudgedPair], curve: dict[str, Any]) -> dict[str, float]:
    """How good the curve's scores are on `pairs`: calibration error, area under the ROC curve."""
    from sklearn.metrics import roc_auc_score

    worn = Calibration.of({"worn": curve}).curve("", worn=True)
    scores = np.array([worn.score(worn.worth(p.similarity, p.agreement)) for p in pairs])
    accepted = np.array([pair.accepted for pair in pairs])
    return {
        "pairs": float(len(pairs)),
        "accepted": float(accepted.mean()),
        "score_ece": calibration_error(scores, accepted),
        "score_auc": float(roc_auc_score(accepted, scores)),
    }


def calibrate_worn(
    data: Path, model: Path, pairs: Path, catalog: str | Path, threads: int = 0
) -> dict[str, Any]:
    """Fit the curve, write it into the entry `model`; the curve and its figures.

    `data` is the folder with street/, `catalog` that of a catalog made from data/catalog with that
    network. Raises ModelError, DataError, CatalogError.
    """
    settings = replace(Settings.load(), embedding_model=str(model))
    if threads:
        settings = replace(settings, threads=threads)
    analyzer = Analyzer.open(settings)
    with Catalog.open(catalog, analyzer.key, analyzer.dim, create=False) as opened:
        images = data / "street" / "images"
        found = list(judged_pairs(pairs, images, opened, analyzer, settings))
    curve = fit_worn([pair for pair in found if pair.split == "train"])
    measured = measure_worn([pair for pair in found if pair.split == "val"], curve)
    entry: dict[str, Any] = json.loads(model.read_text(encoding="utf-8"))
    entry.setdefault("calibration", {})["worn"] = curve
    write_whole(model, (json.dumps(entry, indent=1, ensure_ascii=False) + "\n").encode())
    return {"curve": curve, "measured": {name: round(v, 4) for name, v in measured.items()}}
