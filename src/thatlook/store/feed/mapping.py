"""How one shop's feed is to be read where its columns or words are not understood by themselves."""

from __future__ import annotations

import codecs
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Final

from thatlook.core.errors import FeedError
from thatlook.core.nearest import did_you_mean
from thatlook.core.taxonomy import PRODUCT_CATEGORIES, PRODUCT_GENDERS
from thatlook.store.feed.columns import MAPPABLE

_TEXTS: Final = ("encoding", "decimal")


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedMapping:
    """A shop's own columns and words.

    `fields`: field -> column. `categories` and `genders`: the shop's word (compared without
    case) -> thatlook's. `defaults`: field -> text for rows that leave it empty; the additional
    field "currency" is for prices without one. `encoding` is a text feed's, where the guess is
    wrong (a few words do not tell Czech from French). `decimal` is the mark before the decimals of
    prices, "." or ",", where they do not show it: "1.299 EUR" is refused without it.
    """

    fields: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)
    genders: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, str] = field(default_factory=dict)
    encoding: str = ""
    decimal: str = ""

    def __post_init__(self) -> None:
        _known("field", self.fields, MAPPABLE)
        _known("field", self.defaults, MAPPABLE)
        _known("category", self.categories.values(), PRODUCT_CATEGORIES)
        _known("gender", self.genders.values(), PRODUCT_GENDERS)
        if self.encoding and not _is_encoding(self.encoding):
            raise FeedError(f"unknown encoding {self.encoding!r} in the mapping")
        if self.decimal not in {"", ".", ","}:
            raise FeedError(f"decimal must be '.' or ',' in the mapping, not {self.decimal!r}")
        for name in ("categories", "genders"):
            lowered = {word.strip().casefold(): v for word, v in getattr(self, name).items()}
            object.__setattr__(self, name, lowered)

    def with_fields(self, pairs: Iterable[str]) -> FeedMapping:
        """The mapping with `FIELD=COLUMN` texts of the command line added; raises FeedError."""
        added: dict[str, str] = {}
        for pair in pairs:
            name, sign, column = pair.partition("=")
            if not sign or not column:
                raise FeedError(f"expected FIELD=COLUMN, got {pair!r}")
            added[name.strip()] = column.strip()
        return replace(self, fields={**self.fields, **added})


def load_mapping(path: str | Path) -> FeedMapping:
    """A shop's mapping from a TOML file with the tables of FeedMapping; raises FeedError."""
    try:
        data = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FeedError(f"{path}: expected a TOML file with a feed's mapping: {error}") from error
    tables = [entry.name for entry in fields(FeedMapping) if entry.name not in _TEXTS]
    for name, table in data.items():
        if name in _TEXTS and isinstance(table, str):
            continue
        if name not in tables or not isinstance(table, dict):
            known = ", ".join((*_TEXTS, *tables))
            raise FeedError(f"{path}: expected {known}; got {name!r}")
        if not all(isinstance(value, str) for value in table.values()):
            raise FeedError(f"{path}: every value in [{name}] must be a text")
    return FeedMapping(**data)


def _is_encoding(name: str) -> bool:
    try:
        codecs.lookup(name)
    except LookupError:
        return False
    return True


def _known(kind: str, found: Iterable[str], known: tuple[str, ...]) -> None:
    for name in found:
        if name not in known:
            near = did_you_mean(name, known) or f"known are {', '.join(known)}"
            raise FeedError(f"unknown {kind} {name!r} in the mapping; {near}")
