"""Where a catalog is: in a folder, or in a database with its files in a folder.

A folder that holds a `catalog.toml` says with it where the products and the search are; without one
both are in the folder. The URL of a database alone is an address too. A password is never part of
what is shown.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self

from thatlook.core.addresses import without_password
from thatlook.core.errors import CatalogError
from thatlook.core.nearest import did_you_mean

FILE_NAME: Final = "catalog.toml"
BUILT_IN: Final = "built-in"
"""The search in the process that asks, over vectors that it has read from the store."""
KEYS: Final = ("store", "store_password_env", "search", "search_password_env", "folder")
STORES: Final = ("postgresql", "postgres")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a catalog's parts are.

    `folder` holds its caches, versions and pictures, and its products where `store` is "": else
    that is the URL of a database. `search` is BUILT_IN or the URL of an engine. The passwords are
    apart from the URLs; "" leaves them to what the client of the database looks for itself. `home`
    is where the pictures of a version are: its catalog's folder.
    """

    folder: Path
    store: str = ""
    store_password: str = field(default="", repr=False)
    search: str = BUILT_IN
    search_password: str = field(default="", repr=False)
    home: Path | None = None

    @classmethod
    def of(cls, given: str | os.PathLike[str]) -> Self:
        """The address that a folder, a `catalog.toml` or a database's URL is.

        Raises CatalogError for another URL, and for a file that cannot be used.
        """
        text = os.fspath(given)
        if "://" in text:
            store, password = without_password(_checked_store(text))
            return cls(folder=folder_of(store), store=store, store_password=password)
        path = Path(text)
        file = path if path.suffix == ".toml" else path / FILE_NAME
        if path.suffix == ".toml" or file.is_file():
            return cls(**_from_file(file, os.environ))
        return cls(folder=path)

    def check_folder(self) -> None:
        """Raises CatalogError where the products would be in a folder that is not there."""
        if not self.store and not self.folder.is_dir():
            raise CatalogError(
                f"{self}: no catalog here; make one with: thatlook index FEED --catalog {self}"
            )

    def __str__(self) -> str:
        """What messages call the catalog."""
        return self.store or str(self.folder)


def address_of(given: str | os.PathLike[str] | Address) -> Address:
    """The address that is given, as one or as what `Address.of` takes."""
    return given if isinstance(given, Address) else Address.of(given)


def folder_of(store: str) -> Path:
    """The folder for the files of a catalog whose address is the URL of its database alone."""
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    words = re.sub(r"[^A-Za-z0-9.]+", "-", store.partition("://")[2]).strip("-")[:60]
    return Path(data) / "thatlook" / f"{words}-{hashlib.sha256(store.encode()).hexdigest()[:8]}"


def _checked_store(url: str) -> str:
    if url.partition("://")[0] not in STORES:
        shown = without_password(url)[0].partition("?")[0]
        raise CatalogError(
            f"{shown}: a catalog is a folder, a {FILE_NAME}, or a database's address such as "
            "postgresql://USER@HOST/DATABASE; a search cluster is named in that file"
        )
    if "password" in url.rpartition("?")[2].lower() and "?" in url:
        raise CatalogError(
            f"{without_password(url)[0].partition('?')[0]}: a password is no part of what stands "
            f"after '?'; set PGPASSWORD, or name its variable in a {FILE_NAME}"
        )
    return url


def _from_file(file: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    """The parts of the address that a `catalog.toml` names."""
    table = _read(file)
    passwords = {
        part: _password(file, table, f"{part}_password_env", environment)
        for part in ("store", "search")
    }
    for part in passwords:
        if without_password(table.get(part, ""))[1]:
            raise CatalogError(
                f"{file}: {part} holds a password; name the environment variable that holds it "
                f"instead: {part}_password_env"
            )
    store, folder = table.get("store", ""), file.parent / table.get("folder", ".")
    if "://" not in store:  # a folder, from the file's own
        folder, store = folder / store, ""
    return {
        "folder": folder,
        "store": _checked_store(store) if store else "",
        "store_password": passwords["store"],
        "search": table.get("search", BUILT_IN),
        "search_password": passwords["search"],
    }


def _read(file: Path) -> dict[str, str]:
    import tomllib

    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CatalogError(f"{file}: cannot be read: {error}") from error
    for key, value in table.items():
        if key not in KEYS:
            near = did_you_mean(key, KEYS) or f"expected {', '.join(KEYS)}"
            raise CatalogError(f"{file}: no key {key!r}; {near}")
        if not isinstance(value, str):
            raise CatalogError(f"{file}: {key} must be a text, not {value!r}")
    return table


def _password(
    file: Path, table: Mapping[str, str], key: str, environment: Mapping[str, str]
) -> str:
    name = table.get(key, "")
    if name and name not in environment:
        raise CatalogError(f"{file}: {key} names {name}, which is not set in the environment")
    return environment[name] if name else ""
