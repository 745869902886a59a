"""Putting a product into the catalog and taking it out, with its picture."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from thatlook.core.errors import CatalogError, UnknownProductError
from thatlook.core.image import decode
from thatlook.core.records import Product
from thatlook.core.taxonomy import OTHER
from thatlook.core.type_words import words_tell_category
from thatlook.engine import Engine
from thatlook.search.stored import Seen
from thatlook.service import pictures
from thatlook.service.problems import Problem
from thatlook.store.catalog import Row, Stored
from thatlook.store.product_row import described_row


@dataclass(frozen=True, slots=True, eq=False)
class Put:
    """What came of a PUT."""

    product: Product
    seen: Seen
    created: bool

    def to_dict(self) -> dict[str, Any]:
        """The answer's JSON."""
        box = self.seen.box
        return {
            "product": self.product.to_dict(),
            "created": self.created,
            "box": [round(value, 1) for value in box.to_list()] if box else None,
            "found": self.seen.found,
            "attributes": dict(self.seen.attributes),
        }


def put(engine: Engine, product: Product, picture: bytes | None) -> Put:
    """Stores a product; on the disk when it returns.

    Without a picture the product keeps the one it has; where its category changed, that one is
    looked at again. Raises PhotoError, CatalogError, Problem 422 for a new product without one.
    """
    before = stored_product(engine, product.id)
    if picture is None:
        row = _kept(engine, product, before)
    else:
        row = _described(engine, product, picture)
    _store(engine, row)
    if before is not None and row.image and row.image != before.image:
        _forget(engine, before.image)
    seen = before if before is not None and row.vector is None else row
    return Put(row.product, seen, before is None)


def _store(engine: Engine, row: Row) -> None:
    """Stores the row; where that fails, as on a full disk, its picture does not stay behind."""
    try:
        engine.catalog.upsert([row])
    except CatalogError:
        with suppress(CatalogError):  # where even that cannot be told, a picture too many is better
            now = stored_product(engine, row.product.id)
            if now is None or now.image != row.image:
                pictures.forget(engine.catalog.home, row.image)
        raise


def remove(engine: Engine, product_id: str) -> None:
    """Removes a product and the picture that came with it. Raises UnknownProductError."""
    stored = engine.catalog.stored(product_id)
    if not engine.catalog.remove([product_id]):
        raise UnknownProductError(product_id)  # another worker was quicker
    _forget(engine, stored.image)


def stored_product(engine: Engine, product_id: str) -> Stored | None:
    """The product as it is stored, or None."""
    try:
        return engine.catalog.stored(product_id)
    except UnknownProductError:
        return None


def _kept(engine: Engine, product: Product, before: Stored | None) -> Row:
    if before is None or before.vector is None:
        words = "a new product needs its picture: send a form with 'product' and 'image'"
        raise Problem(422, "picture_needed", words)
    if product.category == OTHER and not words_tell_category(product):
        # Its words tell no category: that of its picture stays.
        product = replace(product, category=before.product.category)
    path = engine.catalog.home / before.image
    if product.category == before.product.category or not path.is_file():
        return Row(product=product)
    return _row(engine, product, path.read_bytes(), before.image)


def _described(engine: Engine, product: Product, picture: bytes) -> Row:
    row = _row(engine, product, picture, "")
    return replace(row, image=pictures.write(engine.catalog.home, product.id, picture))


def _row(engine: Engine, product: Product, picture: bytes, image: str) -> Row:
    pixels = decode(picture, engine.settings)
    return described_row(product, engine.analyzer.describe([(pixels, product)])[0], image)


def _forget(engine: Engine, image: str) -> None:
    """Deletes a picture that came with a PUT, unless a version of the catalog may show it."""
    if not engine.catalog.has_versions:
        pictures.forget(engine.catalog.home, image)
