"""Opens what an address names: the store of a catalog, and what searches it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final

from thatlook.core.addresses import without_password
from thatlook.core.errors import (
    CatalogError,
    CatalogReadOnlyError,
    MissingExtraError,
    unwritable,
)
from thatlook.core.files import sync_folder
from thatlook.search.index.milvus.place import SCHEME as MILVUS
from thatlook.search.index.milvus.place import MilvusPlace
from thatlook.store.catalog.address import BUILT_IN, Address
from thatlook.store.catalog.backend import Backend
from thatlook.store.catalog.cluster import ClusterFinder
from thatlook.store.catalog.database import Database
from thatlook.store.catalog.index import CatalogIndex, Finder
from thatlook.store.catalog.kept import Changes
from thatlook.store.catalog.reads import mismatch
from thatlook.store.catalog.schema import VERSION, migrate, version_of
from thatlook.store.catalog.sqlite_errors import damaged_file
from thatlook.store.catalog.store import Store

FILE_NAME: Final = "catalog.sqlite"


def database_at(address: Address, *, create: bool) -> Backend:
    """The database of a catalog, its tables of the newest version.

    Raises CatalogError where it is missing (and not `create`) or cannot be used.
    """
    if address.store:
        return _postgres(address, create=create)
    file = address.folder / FILE_NAME
    if not file.exists():
        _made(file, create=create)
    if file.stat().st_size == 0:
        raise damaged_file(file, "the file is empty")
    database = Database(file)
    try:
        _check(database)
        _check_newest(database)
        migrate(database)
    except BaseException:
        database.close()
        raise
    return database


def _postgres(address: Address, *, create: bool) -> Backend:
    try:
        from thatlook.store.catalog.postgres import opened
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("thatlook"):
            raise
        raise MissingExtraError("a catalog in PostgreSQL", "cluster") from error
    return opened(address, create=create)


def finder_at(address: Address, changes: Changes) -> Finder:
    """What searches the catalog, as its address says. Raises CatalogError for what is not known."""
    if address.search == BUILT_IN:
        return CatalogIndex(address.folder, changes.store)
    if not address.search.startswith(f"{MILVUS}:"):
        raise CatalogError(
            f"{address}: search must be {BUILT_IN!r} or {MILVUS}://HOST:PORT/COLLECTION, not "
            f"{without_password(address.search)[0]!r}"
        )
    return ClusterFinder(changes, MilvusPlace.of(address.search, address.search_password))


CHECKED_BYTES: Final = 256_000_000
"""A larger file is not read whole whenever it is opened: `check` is for that."""


def _made(file: Path, *, create: bool) -> None:
    """Makes an empty catalog, there whole or not at all: an empty file never is one."""
    folder = file.parent
    if not create:
        raise CatalogError(f"{folder}: no catalog is there; make one with: thatlook index")
    log = file.with_name(f"{file.name}-wal")
    if log.exists() and log.stat().st_size:
        raise damaged_file(file, f"the file is gone, its log {log.name} is there")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=folder) as place:
            new = Path(place) / file.name
            database = Database(new)
            try:
                migrate(database)
                database.settle()
            finally:
                database.close()
            _put(new, file)
    except OSError as error:
        raise unwritable(folder, error) from error


def _put(new: Path, file: Path) -> None:
    """Moves a new catalog to its place, unless another process was quicker."""
    try:
        file.hardlink_to(new)
    except FileExistsError:
        return
    except OSError:  # a file system without hard links
        if not file.exists():
            new.rename(file)
    sync_folder(file.parent)


def _check(database: Database) -> None:
    """Raises CatalogDamagedError where the file is empty, foreign or, at a quick look, damaged."""
    if version_of(database) == 0:
        raise damaged_file(database.path, "no products, not even none, are in it")
    if database.path.stat().st_size <= CHECKED_BYTES and (found := database.damages(quick=True)):
        raise damaged_file(database.path, found[0])


def _check_newest(database: Database) -> None:
    """Raises CatalogReadOnlyError where tables would have to be upgraded that cannot be written."""
    found = version_of(database)
    if database.read_only and found < VERSION:
        raise CatalogReadOnlyError(
            f"{database.path}: the catalog has version {found}, and cannot be upgraded to "
            f"{VERSION} here; open it once where it can be written: thatlook catalog info"
        )


def store_of(database: Backend, model_key: str | None, dim: int | None) -> Store:
    """The store, its network named in the catalog where none was named yet."""
    if (model_key is None) != (dim is None):
        raise CatalogError("give both model_key and dim, or neither")
    kept: tuple[Any, ...] = database.one("SELECT model_key, dim FROM state") or (None, None)
    if model_key is None:
        return Store(database, kept[0], kept[1])
    if kept[0] is None:
        with database.writing():
            database.execute(
                "UPDATE state SET model_key = ?, dim = ? WHERE model_key IS NULL", (model_key, dim)
            )
        kept = database.one("SELECT model_key, dim FROM state") or (None, None)
    if kept != (model_key, dim):
        raise mismatch(database.name, kept[0], model_key)
    store = Store(database, model_key, dim)
    store.takes_vectors = True
    return store
