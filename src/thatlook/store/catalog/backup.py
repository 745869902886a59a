"""What is truth in a catalog's folder, kept elsewhere and brought back."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from thatlook.core.errors import CatalogDamagedError, CatalogError, unwritable
from thatlook.core.files import sync_folder, write_whole
from thatlook.store.catalog.address import Address, address_of
from thatlook.store.catalog.catalog import Catalog
from thatlook.store.catalog.opening import FILE_NAME

PICTURES: Final = "pictures"
"""Where a catalog's folder keeps the pictures that came with PUT: their only copy."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What a catalog holds that nothing else does.

    `log_bytes` are in the log beside a folder's database, which belongs to it. `pictures` are files
    of `pictures/`, `missing` those of them that products name and that are not there.
    """

    database_bytes: int
    log_bytes: int
    pictures: int
    picture_bytes: int
    missing: int

    def to_dict(self) -> dict[str, int]:
        """As JSON data."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds: products, and pictures that came with PUT.

    `missing` pictures were gone before.
    """

    folder: str
    products: int
    pictures: int
    missing: int

    def to_dict(self) -> dict[str, Any]:
        """The JSON of `thatlook catalog backup`."""
        return asdict(self)


def truth_of(catalog: Catalog) -> Truth:
    """What the catalog holds that nothing else does, as of now: its database, pictures put."""
    log = catalog.folder / f"{FILE_NAME}-wal"
    log_bytes = log.stat().st_size if log.exists() else 0
    sizes = [path.stat().st_size for path in _pictures(catalog.home)]
    return Truth(
        database_bytes=catalog.size_bytes - log_bytes,
        log_bytes=log_bytes,
        pictures=len(sizes),
        picture_bytes=sum(sizes),
        missing=_missing(catalog, catalog.home),
    )


def backup(catalog: Catalog, folder: Path) -> Backup:
    """Copies the database and the pictures that came with PUT; the copy is a catalog.

    Others may read and write meanwhile: the products are those of one moment. There whole or not
    at all, and all of it is checked. Raises CatalogDamagedError where the catalog is damaged,
    CatalogError where the folder holds anything or cannot be written.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CatalogError(f"{folder}: expected a folder that is empty or not there")
    new = folder.with_name(f".{folder.name}.new")
    try:
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        # Pictures before and after: one that is replaced meanwhile is in the first lot.
        copy_pictures(catalog.home, new)
        catalog.copy_to(new / FILE_NAME)
        copy_pictures(catalog.home, new)
        done = _told(new, folder)
        sync_folder(new)
        new.replace(folder)
        sync_folder(folder.parent)
    except OSError as error:
        raise unwritable(folder, error) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return done


def restore(source: Path, target: str | os.PathLike[str] | Address) -> int:
    """Makes a backup the present of the catalog at `target`; returns how many products changed.

    One transaction where a catalog is there, which readers follow. A damaged one in a folder is
    moved to `damaged-N` first, which needs that no process has it open. Raises CatalogDamagedError
    where the backup is damaged; then nothing is changed.
    """
    with Catalog.open(source, create=False) as kept:
        kept.check()
        kept.settle()
    address = address_of(target)
    try:
        with _present(address) as catalog:
            copy_pictures(source, catalog.home)
            return catalog.take_over(source / FILE_NAME)
    except OSError as error:
        raise unwritable(address.folder, error) from error


def _present(address: Address) -> Catalog:
    """The catalog that is there, else a new one; a damaged one is out of the way."""
    try:
        catalog = Catalog.open(address)
    except CatalogDamagedError:
        return _instead(address)
    try:
        catalog.check()
    except CatalogDamagedError:
        catalog.close()
        return _instead(address)
    return catalog


def _instead(address: Address) -> Catalog:
    """A new catalog in the place of a damaged one; raises what is wrong with one in a database."""
    if address.store:
        raise CatalogError(
            f"{address}: is damaged; bring the database back with its own tools (pg_restore), or "
            "name another schema"
        )
    _move_aside(address.folder)
    return Catalog.open(address)


def _move_aside(folder: Path) -> None:
    number = 1
    while (aside := folder / f"damaged-{number}").exists():
        number += 1
    aside.mkdir()
    for path in sorted(folder.glob(f"{FILE_NAME}*")):
        path.rename(aside / path.name)


def _told(new: Path, folder: Path) -> Backup:
    with Catalog.open(new, create=False) as copy:
        pictures = sum(1 for _ in _pictures(new))
        return Backup(str(folder), copy.info().products, pictures, _missing(copy, new))


def _pictures(home: Path, folder: str = PICTURES) -> Iterator[Path]:
    found = (home / folder).rglob("*")
    return (path for path in found if path.is_file() and path.suffix != ".part")


def copy_pictures(home: Path, to: Path, folder: str = PICTURES) -> None:
    """Copies what is not there yet: a picture's name is never used for another."""
    for path in _pictures(home, folder):
        target = to / path.relative_to(home)
        if target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            write_whole(target, path.read_bytes())
        except FileNotFoundError:
            continue  # its product was put again or removed meanwhile


def _missing(catalog: Catalog, home: Path) -> int:
    """How many products name a picture of `pictures/` that is not there."""
    places = catalog.pictures_put(f"{PICTURES}/")
    return sum(1 for place in places if not (home / place).is_file())
