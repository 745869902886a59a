"""Outfits of a shop's products, by the catalog that has them."""

from __future__ import annotations

from tests.search.completing.conftest import DIM, row_of
from thatlook.data.outfits import Outfit, Piece
from thatlook.evaluate.compatibility.wardrobe import sold_outfits
from thatlook.store.catalog import Catalog


def test_products_that_the_catalog_has_become_pieces_in_the_shops_words(tmp_path):
    rows = [
        row_of("shirt", "topwear", "red"),
        row_of("boots", "footwear", "blue"),
    ]
    bought = [
        Outfit("1", tuple(map(Piece, ("boots", "gone", "shirt")))),
        Outfit("2", tuple(map(Piece, ("shirt", "gone")))),
    ]
    with Catalog.open(tmp_path, model_key="fake:1", dim=DIM) as catalog:
        catalog.upsert(rows)
        found, vectors = sold_outfits(bought, catalog)
    assert [outfit.id for outfit in found] == ["1"]  # of the other one thing is left
    assert found[0].pieces == (
        Piece("boots", "footwear", ("boots", "blue", "")),
        Piece("shirt", "topwear", ("shirts", "red", "")),
    )
    assert vectors.tolist() == [rows[1].vector.tolist(), rows[0].vector.tolist()]
