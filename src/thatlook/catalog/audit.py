"""What is wrong with a catalog: the store itself, its rows, its pictures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from thatlook.catalog.catalog import Catalog
from thatlook.catalog.rows import UNIT_TOLERANCE, Stored
from thatlook.records import Product


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong; `product_id` is "" for the catalog as a whole."""

    SEVERE: ClassVar = frozenset({"damaged", "no_vector", "bad_vector", "other_model", "no_image"})
    """Codes of what keeps a product from being found or shown; the others are notes."""

    code: str
    product_id: str
    message: str

    @property
    def severe(self) -> bool:
        """Whether it keeps a product from being found or shown."""
        return self.code in self.SEVERE

    def to_dict(self) -> dict[str, Any]:
        """As JSON data."""
        return {"code": self.code, "id": self.product_id, "message": self.message}


def audit(catalog: Catalog) -> Iterator[Finding]:
    """Everything found wrong, the store first, then product by product, ascending ids.

    Codes: `damaged` (SQLite's own check), `no_vector`, `bad_vector`, `other_model` (than the
    catalog's), `no_category` (it is "other"), `no_price`, `no_image` (the picture is gone),
    `not_found` (the detector did not see the article in the picture).
    """
    for problem in catalog.damages():
        yield Finding("damaged", "", problem)
    for stored in catalog.all_stored():
        if stored.status == "active":
            yield from _of(catalog, stored)


def _of(catalog: Catalog, stored: Stored) -> Iterator[Finding]:
    product = stored.product
    for code, message in (*_vector(catalog, stored), *_row(product)):
        yield Finding(code, product.id, message)
    if stored.vector is None:
        return
    if not (catalog.home / stored.image).is_file():
        yield Finding("no_image", product.id, f"the picture is gone: {stored.image}")
    if not stored.found and product.category != "other":
        message = f"the detector saw no {product.category} in the picture"
        yield Finding("not_found", product.id, message)


def _vector(catalog: Catalog, stored: Stored) -> Iterator[tuple[str, str]]:
    if stored.vector is None:
        yield "no_vector", "there is no vector; index the feed again"
        return
    length = float(np.linalg.norm(stored.vector))
    if stored.vector.shape != (catalog.dim,) or not abs(length - 1) <= UNIT_TOLERANCE:
        shape = stored.vector.shape
        yield (
            "bad_vector",
            f"expected a unit vector of {catalog.dim}, got {shape}, {length:.3f} long",
        )
    if stored.model_key != catalog.model_key:
        yield "other_model", f"the vector was made by {stored.model_key}"


def _row(product: Product) -> Iterator[tuple[str, str]]:
    if product.category == "other":
        kind = product.product_type or product.title
        yield "no_category", f"no category fits: {kind!r}"
    if product.price is None and product.sale_price is None:
        yield "no_price", "there is no price; price filters will not find it"
