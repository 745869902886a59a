"""What is found in product photos and is not there: false positives by labels made by eye.

A product photo is labelled for its own category alone, so that a bag found on every second
forearm costs no average precision. Here somebody looked at what else is in it.
"""

from __future__ import annotations

from collections.abc import Sequence

from thatlook.core.records import Box
from thatlook.core.taxonomy import CATEGORIES, SMALL_CATEGORIES
from thatlook.data.product_labels import AbsentCategories
from thatlook.evaluate.detection.metrics import Shown
from thatlook.vision.assignment import worn_by
from thatlook.vision.stages.article import Detection


def with_absent_categories(
    products: Sequence[Shown], absent: AbsentCategories
) -> list[tuple[Shown, frozenset[str]]]:
    """The products that somebody looked at, each with what is not in its photo."""
    known = [(shown, absent.get(shown.scene.path.stem)) for shown in products]
    return [(shown, categories) for shown, categories in known if categories is not None]


def false_positives(shown: Shown, absent: frozenset[str]) -> set[str]:
    """The categories found in a product photo that are not in it, as a look tells them: one garment
    under two names counts under the surer one.
    """
    found = [
        Detection(CATEGORIES[label], Box(*map(float, box)), float(score))
        for box, score, label in zip(*shown.found, strict=True)
        if label < len(CATEGORIES)
    ]
    return {one.label for one in worn_by(None, (), found)} & absent


def absent_figures(products: Sequence[Shown], absent: AbsentCategories) -> dict[str, float]:
    """`absent_photos`, how many were looked at; per category `absent_NAME`, the share of photos
    without it in which it is found; `absent_small`, with any of SMALL_CATEGORIES. Nothing without
    labels.
    """
    seen = with_absent_categories(products, absent)
    if not seen:
        return {}
    wrong = [(false_positives(shown, categories), categories) for shown, categories in seen]
    out = {"absent_photos": float(len(seen))}
    for name in CATEGORIES:
        asked = [name in found for found, categories in wrong if name in categories]
        if asked:
            out[f"absent_{name}"] = sum(asked) / len(asked)
    small = [bool(found & set(SMALL_CATEGORIES)) for found, _ in wrong]
    return out | {"absent_small": sum(small) / len(small)}
