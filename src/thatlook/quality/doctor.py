"""What a bug report needs: versions, weights, the catalog, room, processor, port; nothing personal.

No path, no name of a person, host or product, no key: a setting that is a text is only named.
"""

from __future__ import annotations

import platform
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, fields
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import numpy as np
from PIL import features

from thatlook.core.errors import CatalogError, ModelError, SettingsError
from thatlook.core.ports import why_not_free
from thatlook.core.processes import available_cores
from thatlook.core.settings import Settings
from thatlook.core.version import __version__
from thatlook.store.catalog.address import Address
from thatlook.store.catalog.backup import truth_of
from thatlook.store.catalog.catalog import Catalog
from thatlook.store.catalog.database import SQLITE_VERSION
from thatlook.store.scenes.shelf import SceneFacts
from thatlook.vision.models.registry import TASKS, resolve

LITTLE_ROOM_BYTES: Final = 500_000_000
CODECS: Final = ("jpg", "webp", "avif", "littlecms2")
UNINSTALLED: Final = "not installed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `fine` is False where it keeps thatlook from working."""

    name: str
    told: str
    fine: bool = True

    def to_dict(self) -> dict[str, Any]:
        """As JSON data."""
        return {"name": self.name, "told": self.told, "fine": self.fine}


def examine(catalog: str | Path | None, port: int) -> Iterator[Finding]:
    """Everything, in the order in which it is told; `catalog` and its integrity where it is given.

    All of the catalog is read, so that takes seconds for 100,000 products.
    """
    yield Finding("thatlook", __version__)
    yield Finding("python", f"{platform.python_implementation()} {platform.python_version()}")
    yield Finding("system", f"{platform.system()} {platform.release()} {platform.machine()}")
    yield Finding("sqlite", SQLITE_VERSION)
    yield from _packages()
    yield from _codecs()
    yield from _processor()
    yield from _settings()
    yield from _networks()
    yield _room("free space, temporary files", Path(tempfile.gettempdir()))
    if catalog is not None:
        yield from _catalog(catalog)
    yield _port(port)


def _packages() -> Iterator[Finding]:
    """The packages that thatlook names, with extras; those of its development are left out."""
    try:
        named = metadata.requires("thatlook") or []
    except metadata.PackageNotFoundError:
        yield Finding("packages", "thatlook itself is not installed; it runs from its source")
        return
    told: set[str] = set()
    for text in named:
        name = re.split(r"[^A-Za-z0-9._-]", text)[0]
        extra = re.search(r"extra == ['\"]([\w-]+)['\"]", text)
        group = extra[1] if extra else ""
        if name not in told | {"thatlook"} and group not in {"dev", "all"}:
            told.add(name)
            version = _version(name)
            yield Finding(f"package {name}", version, bool(group) or version != UNINSTALLED)


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return UNINSTALLED


def _codecs() -> Iterator[Finding]:
    for name in CODECS:
        yield Finding(f"codec {name}", str(features.version(name) or "not there"))


def _processor() -> Iterator[Finding]:
    yield Finding("processor", f"{_model()}, {available_cores()} cores")
    config: Any = np.show_config(mode="dicts")
    found = config.get("SIMD Extensions", {}).get("found", [])
    yield Finding("processor features", " ".join(found) or "none beyond the baseline")


def _model() -> str:
    file = Path("/proc/cpuinfo")
    text = file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found[1] if found else platform.processor() or "unknown"


def _settings() -> Iterator[Finding]:
    try:
        settings = Settings.load()
    except SettingsError:
        yield Finding("settings", "cannot be read: any command says why", fine=False)
        return
    for entry in fields(settings):
        value = getattr(settings, entry.name)
        if value != entry.default:
            yield Finding(f"setting {entry.name}", "set" if isinstance(value, str) else str(value))


def _networks() -> Iterator[Finding]:
    for task in TASKS:
        try:
            spec = resolve(task, getattr(Settings.load(), f"{task}_model"))
            spec.read()
        except (ModelError, SettingsError) as error:
            told = f"cannot be used ({type(error).__name__}): thatlook models verify says why"
            yield Finding(f"network {task}", told, fine=False)
        else:
            yield Finding(f"network {task}", f"{spec.id}, sha256 {spec.sha256} as it should be")


def _room(name: str, folder: Path) -> Finding:
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Finding(name, f"not known: {error.strerror}", fine=False)
    return Finding(name, f"{free / 1e9:.1f} GB", free >= LITTLE_ROOM_BYTES)


def _catalog(address: str | Path) -> Iterator[Finding]:
    try:
        yield _room("free space, catalog", Address.of(address).folder)
        with Catalog.open(address, create=False) as catalog:
            yield from _of(catalog)
            yield from _scenes(catalog)
    except CatalogError as error:
        told = f"cannot be opened ({type(error).__name__}): thatlook catalog info says why"
        yield Finding("catalog", told, fine=False)


def _of(catalog: Catalog) -> Iterator[Finding]:
    info, truth = catalog.info(), truth_of(catalog)
    products = f"{info.products} products, {info.left} that left, {info.without_vector} not seen"
    rights = ", can be read alone" if catalog.read_only else ""
    told = f"version {info.version}, {products}, network {info.model_key}{rights}"
    yield Finding("catalog", told)
    damages = len(catalog.damages())
    told = f"{damages} findings: thatlook catalog audit names them" if damages else "whole"
    yield Finding("catalog's integrity", told, not damages)
    sizes = f"database {truth.database_bytes / 1e6:.1f} MB, log {truth.log_bytes / 1e6:.1f} MB"
    yield Finding("catalog's truth", f"{sizes}, {truth.pictures} pictures that were put")
    if truth.missing:
        yield Finding("catalog's pictures", f"{truth.missing} that were put are gone", fine=False)
    yield Finding("catalog's caches", f"{info.cache_bytes / 1e6:.1f} MB")


def _scenes(catalog: Catalog) -> Iterator[Finding]:
    try:
        beside = SceneFacts.of(catalog.home)
    except CatalogError as error:
        told = f"cannot be opened ({type(error).__name__}): delete scenes/ and index them again"
        yield Finding("catalog's scenes", told, fine=False)
        return
    if beside is None:
        return
    told, same = f"{beside.scenes}", beside.model_key == catalog.model_key
    if not same:
        told += f", of the network {beside.model_key}: delete scenes/ and index them again"
    yield Finding("catalog's scenes", told, same)


def _port(port: int) -> Finding:
    """Whether the service could listen. One that is taken may be by thatlook itself: no fault."""
    why = why_not_free("127.0.0.1", port)
    return Finding(f"port {port}", f"cannot be listened on: {why}" if why else "free")
