"""Buy me that look: a photo of a dressed person in, the most similar products of a shop out.

import thatlook
engine = thatlook.open("catalog/")
engine.index("feed.csv", images="images/")
result = engine.recommend("photo.jpg", k=10)
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from thatlook.core.errors import (
    CatalogError,
    DataError,
    FeedError,
    FetchError,
    MissingExtraError,
    ModelError,
    PhotoError,
    SettingsError,
    ThatlookError,
)
from thatlook.core.version import __version__ as __version__

if TYPE_CHECKING:
    from thatlook.core.records import (
        Article,
        Box,
        Look,
        Match,
        Person,
        Product,
        Recommendation,
        Result,
    )
    from thatlook.core.settings import Settings
    from thatlook.engine import Engine
    from thatlook.search.request import SearchRequest

_HOMES = {
    "Engine": "engine",
    "SearchRequest": "search.request",
    "Settings": "core.settings",
    **dict.fromkeys(
        ("Article", "Box", "Look", "Match", "Person", "Product", "Recommendation", "Result"),
        "core.records",
    ),
}

__all__ = [
    "Article",
    "Box",
    "CatalogError",
    "DataError",
    "Engine",
    "FeedError",
    "FetchError",
    "Look",
    "Match",
    "MissingExtraError",
    "ModelError",
    "Person",
    "PhotoError",
    "Product",
    "Recommendation",
    "Result",
    "SearchRequest",
    "Settings",
    "SettingsError",
    "ThatlookError",
    "open",
]


def open(catalog: str | Path, settings: Settings | None = None) -> Engine:  # noqa: A001 - the contract's name
    """An engine on the catalog at an address, which is created if it is not there.

    An address is a folder, a `catalog.toml` or a database's URL. Raises CatalogError for a catalog
    that is damaged or cannot be reached, ModelMismatchError for vectors of another network,
    ModelError for weights that are damaged.
    """
    from thatlook.engine import Engine

    return Engine.open(catalog, settings)


def __getattr__(name: str) -> Any:
    """The public classes, imported at their first use so that `import thatlook` stays light."""
    if name == "Wish":
        warnings.warn("Wish is now called SearchRequest", DeprecationWarning, stacklevel=2)
        name = "SearchRequest"
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
