"""A whole catalog to another address: its products, and the pictures in its folder."""

from __future__ import annotations

import os
from typing import Final

from thatlook.core.errors import CatalogError, unwritable
from thatlook.core.progress import Progress
from thatlook.store.catalog.address import Address, address_of
from thatlook.store.catalog.backup import PICTURES, copy_pictures
from thatlook.store.catalog.catalog import Catalog
from thatlook.store.catalog.transfer import Copied

FETCHED: Final = "images"
"""Where pictures are that came from addresses, which may answer no more."""


def copy_catalog(
    source: str | os.PathLike[str] | Address,
    target: str | os.PathLike[str] | Address,
    *,
    progress: bool = False,
) -> Copied:
    """Makes the catalog at `target` a copy of that at `source`; makes it if it is not there.

    Pictures first, so that no product is without its own. It may be interrupted at any moment, and
    goes on from there when it is called again; both are compared in the end. Versions stay behind,
    caches are made anew. Raises CatalogError, ModelMismatchError.
    """
    one, other = address_of(source), address_of(target)
    if (one.store, one.folder) == (other.store, other.folder):
        raise CatalogError(f"{one}: is the same catalog twice; name two")
    with Catalog.open(one, create=False) as original, Catalog.open(other) as copy:
        try:
            for folder in (PICTURES, FETCHED):
                copy_pictures(original.home, copy.home, folder)
        except OSError as error:
            raise unwritable(copy.home, error) from error
        info = original.info()
        with Progress(total=info.products + info.left, unit="product", disable=not progress) as bar:
            return copy.copy_from(original, bar.update)
