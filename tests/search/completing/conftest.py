"""A network small enough to be worked by hand: colors that are alike go together."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from thatlook.core.records import Price, Product
from thatlook.search.completing import Completer
from thatlook.store.catalog import Catalog, Row
from thatlook.vision.models.registry import ModelSpec
from thatlook.vision.stages.compatibility import CompatibilityStage

PARTS = {"look": 2, "type": 3, "color": 3, "pattern": 2}
LENGTHS = {"look": 0.5, "type": 0.5, "color": 0.5, "pattern": 0.5}
LABELS = {
    "type": ("shirts", "jeans", "boots"),
    "color": ("red", "blue", "white"),
    "pattern": ("solid", "striped"),
}
DIM = sum(PARTS.values())


def spec_of(task: str, **more) -> ModelSpec:
    fields = {
        "id": f"{task}-0",
        "task": task,
        "path": Path("none.onnx"),
        "sha256": "0" * 64,
        "license": "Apache-2.0",
        "input": {},
        "labels": {name: list(words) for name, words in LABELS.items()},
    }
    return ModelSpec(**(fields | more))


EMBEDDING = spec_of("embedding", outputs={"embedding": {"dim": DIM, "parts": PARTS}})


def vector(kind: str, color: str, pattern: str = "solid", look: int = 0) -> np.ndarray:
    """A unit vector of four parts of one length, each the direction of a word."""
    found = np.zeros(DIM, np.float32)
    found[look] = 0.5
    found[2 + LABELS["type"].index(kind)] = 0.5
    found[5 + LABELS["color"].index(color)] = 0.5
    found[8 + LABELS["pattern"].index(pattern)] = 0.5
    return found


class Alike:
    """Wants the colors that are given, in all categories; `own` for shoes the pattern, too."""

    def __init__(self) -> None:
        self.spec = spec_of(
            "compatibility",
            outputs={"wanted": {}},
            details={
                "calibration": {"slope": 2.0, "middle": 0.5},
                "together": {
                    "looks": 9,
                    "type": {"boots|jeans": 4, "T-Shirts|shirt": 3},
                    "color": {"red|red": 3},
                },
            },
        )

    def run(self, inputs):
        context = inputs["context"]
        wanted = np.zeros_like(context)
        wanted[:, 3:6] = context[:, 3:6]
        shoes = 8 + 4 * 5  # the place of footwear among the categories, five numbers each
        wanted[:, shoes + 3 : shoes + 5] = 0.5 * context[:, 6:8]
        return {"wanted": wanted}


@pytest.fixture
def stage() -> CompatibilityStage:
    return CompatibilityStage(Alike(), EMBEDDING)


KINDS = {"topwear": "shirts", "bottomwear": "jeans", "footwear": "boots", "bag": "boots"}


def row_of(
    name: str,
    category: str,
    color: str,
    price: str | None = None,
    *,
    gender: str = "female",
    pattern: str = "solid",
    look: int = 0,
    usage: str = "",
    **fields,
) -> Row:
    worn = KINDS.get(category, "shirts")
    kind = fields.pop("kind", worn)
    paid = None if price is None else Price(Decimal(price), fields.pop("currency", "EUR"))
    product = Product(
        name,
        fields.pop("title", name),
        category,
        gender,
        color=color,
        product_type=kind,
        price=paid,
        **fields,
    )
    attributes = {"usage": [usage, 0.9]} if usage else {}
    return Row(product=product, vector=vector(worn, color, pattern, look), attributes=attributes)


Shop = Callable[..., Completer]


@pytest.fixture
def shop(tmp_path, stage):
    """Makes a completer on a catalog of these rows."""
    opened = []

    def made(*rows: Row, in_stock: bool = False) -> Completer:
        catalog = Catalog.open(tmp_path / f"c{len(opened)}", model_key="fake:1", dim=DIM)
        opened.append(catalog)
        catalog.upsert(rows)
        completer = Completer(catalog, stage, in_stock=in_stock)
        completer.catalog = catalog
        return completer

    yield made
    for catalog in opened:
        catalog.close()
