"""`thatlook search`."""

from __future__ import annotations

import json

import numpy as np
import pytest

from thatlook.cli import main
from thatlook.core.records import Product
from thatlook.store.catalog import Catalog, Row
from thatlook.vision.models.registry import shipped


@pytest.fixture
def folder(tmp_path):
    spec = shipped("embedding")
    dim = spec.dim_of("embedding")
    vectors = np.eye(dim, dtype=np.float32)
    products = [
        Product("a", "Eva Heels", "footwear", "female", product_type="Heels", color="Red"),
        Product("b", "Brogue", "footwear", "male", product_type="Formal Shoes", color="Red"),
    ]
    with Catalog.open(tmp_path / "c", model_key=spec.key, dim=dim) as catalog:
        catalog.upsert(
            Row(product=product, vector=vectors[n]) for n, product in enumerate(products)
        )
    return str(tmp_path / "c")


def test_what_was_understood_and_found(folder, capsys):
    assert main(["search", "rote Schuhe for men", "--catalog", folder]) == 0
    lines = capsys.readouterr().out.splitlines()
    keys = "red (color:red), Shoes (category:footwear), for men (gender:male)"
    assert lines[0] == f"understood: {keys}"
    assert lines[1].split()[1:] == ["b", "Brogue"]
    assert len(lines) == 2


def test_json_and_what_is_taken_off(folder, capsys):
    given = ["--off", "gender:male", "--json", "-k", "5"]
    assert main(["search", "red shoes for men", "--catalog", folder, *given]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["total"] == 2
    assert found["by_likeness"] is True
    assert [chip["key"] for chip in found["understood"]] == ["color:red", "category:footwear"]


def test_nothing_found(folder, capsys):
    assert main(["search", "red bag", "--catalog", folder]) == 0
    assert "nothing found; take off one of: red, Bag" in capsys.readouterr().out


def test_a_dial_that_cannot_be(folder, capsys):
    assert main(["search", "red", "--catalog", folder, "--text-weight", "2"]) == 2
    assert "text_weight must be within 0..1" in capsys.readouterr().err
