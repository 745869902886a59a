"""Reads a shop file (TOML) into a Shop; an unknown key or a wrong type is an error."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, TypeVar

from thatlook.core.errors import FeedError, SettingsError
from thatlook.crawl.shop import Limits, ProductPage, Rule, Shop, Source

T = TypeVar("T")


def read_shop_file(path: Path, contact: str = "") -> Shop:
    """The shop that the TOML file describes; `contact`, where given, beats the file's.

    Raises FeedError, which names the file and the key.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise FeedError(f"{path}: expected a shop file (TOML): {error}") from error
    try:
        return shop_of_table(table | ({"contact": contact} if contact else {}))
    except SettingsError as error:
        raise FeedError(f"{path}: {error}") from error


def shop_of_table(table: Mapping[str, Any]) -> Shop:
    """The shop of a parsed shop file. Raises SettingsError."""
    values = dict(table)
    sources = values.pop("source", [])
    if not isinstance(sources, list):
        raise SettingsError("write [[source]], with two brackets: there may be several")
    values["sources"] = tuple(_source(entry) for entry in sources)
    values["limits"] = _made(Limits, values.get("limits", {}), "limits")
    values.setdefault("contact", "")
    return _made(Shop, values, "shop")


def _source(table: Any) -> Source:
    values = _table(table, "source")
    values["fields"] = _rules(values.get("fields", {}))
    if "product" in values:
        page = _table(values["product"], "source.product")
        page["fields"] = _rules(page.get("fields", {}))
        values["product"] = _made(ProductPage, page, "source.product")
    values.setdefault("kind", "pages")
    return _made(Source, values, "source")


def _rules(table: Any) -> dict[str, Rule]:
    return {name: _rule(name, value) for name, value in _table(table, "source.fields").items()}


def _rule(name: str, value: Any) -> Rule:
    """`"h3"` is short for `{css = "h3"}`."""
    table = {"css": value} if isinstance(value, (str, list)) else value
    try:
        return _made(Rule, table, f"fields.{name}")
    except SettingsError as error:
        prefix = "" if f"fields.{name}" in str(error) else f"fields.{name}: "
        raise SettingsError(f"{prefix}{error}") from error


def _table(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SettingsError(f"{name} must be a table, not {value!r}")
    return dict(value)


def _made(kind: type[T], table: Any, name: str) -> T:
    """A frozen record of `table`: known keys only, each of the type its default has."""
    values = _table(table, name)
    known = {entry.name: str(entry.type) for entry in fields(kind)}  # type: ignore[arg-type]
    for key, value in values.items():
        if key not in known:
            raise SettingsError(f"unknown key {name}.{key}; known are {', '.join(known)}")
        values[key] = _typed(f"{name}.{key}", known[key], value)
    for entry in fields(kind):  # type: ignore[arg-type]
        absent = entry.default is MISSING and entry.default_factory is MISSING
        if absent and entry.name not in values:
            raise SettingsError(f"{name} needs the key {entry.name}")
    return kind(**values)


def _typed(name: str, kind: str, value: Any) -> Any:
    if kind == "tuple[str, ...]":
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not all(isinstance(entry, str) for entry in listed):
            raise SettingsError(f"{name} must be a text or a list of texts, not {value!r}")
        return tuple(listed)
    expected = {"str": str, "bool": bool, "int": int, "float": (int, float)}.get(kind)
    wrong_bool = isinstance(value, bool) and kind != "bool"
    if expected is not None and (wrong_bool or not isinstance(value, expected)):  # type: ignore[arg-type]
        raise SettingsError(f"{name} must be a {kind}, not {value!r}")
    return value
