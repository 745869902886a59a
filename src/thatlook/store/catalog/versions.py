"""Versions of a catalog: kept whole, compared with the present, and brought back.

A version is a catalog of its own in `versions/NAME`. It is made by `snapshot`, or by indexing
the feed into that folder with other weights; either way it can be compared and brought back.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from thatlook.core.errors import CatalogError, unwritable
from thatlook.core.files import sync_folder
from thatlook.core.records import Product, Vector
from thatlook.search.index.query import Filters, Query, genders_for
from thatlook.search.stored import Stored
from thatlook.store.catalog.address import Address
from thatlook.store.catalog.catalog import Catalog
from thatlook.store.catalog.opening import FILE_NAME
from thatlook.store.catalog.pairs import PairShelf

FOLDER: Final = "versions"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def snapshot(catalog: Catalog, name: str) -> Path:
    """Keeps the catalog as it is now under a name; returns the version's folder.

    Others may read and write meanwhile: the version holds one moment. It is there whole or not
    at all, and all of it is checked: raises CatalogDamagedError where the catalog is damaged,
    CatalogError where the name is taken or no name, or the disk is full.
    """
    folder = _folder(catalog, name)
    if folder.exists():
        raise CatalogError(f"{folder}: a version of this name is there already")
    new = folder.with_name(f".new-{name}")
    try:
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        catalog.copy_to(new / FILE_NAME)
        sync_folder(new)
        new.rename(folder)
        sync_folder(folder.parent)
    except OSError as error:
        raise unwritable(folder, error) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return folder


def versions(catalog: Catalog) -> list[str]:
    """The names of the versions, ascending."""
    found = (catalog.folder / FOLDER).glob(f"*/{FILE_NAME}")
    return sorted(path.parent.name for path in found if _NAME.fullmatch(path.parent.name))


def opened(catalog: Catalog, name: str) -> Catalog:
    """A version as a catalog; raises CatalogError where there is none of this name."""
    folder = _folder(catalog, name)
    if not (folder / FILE_NAME).exists():
        known = ", ".join(versions(catalog)) or "none"
        raise CatalogError(f"{catalog.folder}: no version {name!r}; there are: {known}")
    return Catalog.open(Address(folder=folder, home=catalog.home), create=False)


def rollback(catalog: Catalog, name: str) -> int:
    """Makes a version the present, in one transaction; returns how many products changed.

    Products that are the same in both stay untouched; those that the version has not are
    deleted. The catalog's network becomes the version's. The version itself stays. The numbers
    of changes go on, so that every reader and outbox follows. Raises CatalogDamagedError for a
    version that is damaged, CatalogError.
    """
    with opened(catalog, name) as version:
        version.check()
        version.settle()
        file = version.folder / FILE_NAME
    return catalog.take_over(file)


@dataclass(frozen=True, slots=True)
class AnswerChange:
    """A query product whose answer differs: the ids found by the version, and now."""

    product_id: str
    overlap: float
    before: tuple[str, ...]
    now: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A version (before) and the present (now).

    `overlap` is the mean share of the version's best k that are also among the present's best
    k, over the query products; None where no product is in both. `changes` are the queries
    whose answers differ in any place, least overlap first.
    """

    version: str
    model_before: str | None
    model_now: str | None
    only_before: int
    only_now: int
    in_both: int
    queries: int
    k: int
    overlap: float | None
    changes: tuple[AnswerChange, ...]

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `thatlook catalog compare`."""
        return {
            "version": self.version,
            "model_before": self.model_before,
            "model_now": self.model_now,
            "only_before": self.only_before,
            "only_now": self.only_now,
            "in_both": self.in_both,
            "queries": self.queries,
            f"overlap@{self.k}": self.overlap,
            "changes": [
                {"id": c.product_id, "overlap": c.overlap, "before": c.before, "now": c.now}
                for c in self.changes
            ],
        }


def compare(
    catalog: Catalog, name: str, *, queries: int = 200, k: int = 10, ids: Sequence[str] = ()
) -> Comparison:
    """How the answers of a version, or of the catalog at an address, differ from the present's.

    A folder's address has a "/" here, as in "./other": else it would be the name of a version.

    The queries are products that are in both, each with its own vector there, searched in
    its category and for its gender, itself left out: those of `ids`, else `queries` of them
    chosen by the md5 of the id, the same every time.
    """
    with _other(catalog, name) as version:
        before, now = (
            _Side(one.model_key, _ids(one), _answers(one, k)) for one in (version, catalog)
        )
        return _compared(name, before, now, k, _chosen(before, now, queries, ids))


def compare_pair(
    catalog: Catalog, *, queries: int = 200, k: int = 10, ids: Sequence[str] = ()
) -> Comparison:
    """How the answers of the text-image pair's vectors (now) differ from those of the embedding
    network's (before) in one catalog; queries as in `compare`.

    Raises CatalogError where the catalog has no pair.
    """
    shelf = catalog.pair_shelf()
    if shelf is None:
        raise CatalogError(
            f"{catalog.folder}: no text-image pair; name one (THATLOOK_TEXT_IMAGE_MODEL) and index "
            "the feed again"
        )
    known = {i: vector for i in _ids(catalog) if (vector := shelf.vector(i)) is not None}

    def answers(product_id: str) -> tuple[str, ...]:
        return _answer(shelf, catalog.product(product_id), known[product_id], k)

    before = _Side(catalog.model_key, _ids(catalog), _answers(catalog, k))
    now = _Side(shelf.model_key, set(known), answers)
    return _compared("pair", before, now, k, _chosen(before, now, queries, ids))


@dataclass(frozen=True, slots=True)
class _Side:
    """One of two that are compared: its network, its products, and its answers to one of them."""

    model_key: str | None
    ids: set[str]
    answer: Callable[[str], tuple[str, ...]]


def _chosen(before: _Side, now: _Side, queries: int, ids: Sequence[str]) -> list[str]:
    both = before.ids & now.ids
    return [i for i in ids if i in both] if ids else sorted(both, key=_order)[:queries]


def _compared(name: str, before: _Side, now: _Side, k: int, chosen: Sequence[str]) -> Comparison:
    overlaps, changes = [], []
    for product_id in chosen:
        old, new = before.answer(product_id), now.answer(product_id)
        overlap = len(set(old) & set(new)) / len(old) if old else float(not new)
        overlaps.append(overlap)
        if old != new:
            changes.append(AnswerChange(product_id, overlap, old, new))
    return Comparison(
        version=name,
        model_before=before.model_key,
        model_now=now.model_key,
        only_before=len(before.ids - now.ids),
        only_now=len(now.ids - before.ids),
        in_both=len(before.ids & now.ids),
        queries=len(chosen),
        k=k,
        overlap=sum(overlaps) / len(overlaps) if overlaps else None,
        changes=tuple(sorted(changes, key=lambda c: (c.overlap, c.product_id))),
    )


def _other(catalog: Catalog, name: str) -> Catalog:
    """A version by its name; what cannot be one, as it has a "/" or ":", is an address."""
    return opened(catalog, name) if _NAME.fullmatch(name) else Catalog.open(name, create=False)


def _folder(catalog: Catalog, name: str) -> Path:
    if not _NAME.fullmatch(name):
        raise CatalogError(f"a version's name has letters, digits, '.', '_' and '-', not {name!r}")
    return catalog.folder / FOLDER / name


def _ids(catalog: Catalog) -> set[str]:
    return {stored.product.id for stored in _searchable(catalog)}


def _searchable(catalog: Catalog) -> Iterator[Stored]:
    return (s for s in catalog.all_stored() if s.status == "active" and s.vector is not None)


def _order(product_id: str) -> str:
    return hashlib.md5(product_id.encode(), usedforsecurity=False).hexdigest()


def _answers(catalog: Catalog, k: int) -> Callable[[str], tuple[str, ...]]:
    """What answers for products of a catalog by their own vectors."""
    return lambda i: _answer(catalog, catalog.product(i), catalog.vector(i), k)


def _answer(
    searched: Catalog | PairShelf, product: Product, vector: Vector, k: int
) -> tuple[str, ...]:
    query = Query(
        category=product.category,
        genders=genders_for(None if product.gender == "unisex" else product.gender),
        k=k,
        filters=Filters(exclude_ids=frozenset({product.id})),
    )
    hits = searched.search(vector[None], query)[0]
    return tuple(hit.product_id for hit in hits)
