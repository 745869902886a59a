"""Imports go down only, heavy packages have one importer each, the public surface is frozen."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import thatlook

SOURCE = Path(thatlook.__file__).parent

LAYERS = [
    {"cli", "service", "__main__"},
    {
        "engine",
        "recommender",
        "wish",
        "ingest",
        "evaluate",
        "training",
        "acquire",
        "explore",
        "board",
        "sample",
    },
    {"analyzer", "catalog", "index", "feed"},
    {"stages", "models", "datasets"},
    {"records", "taxonomy", "errors", "settings", "image", "color", "ranking", "graphics"},
]
LEVEL = {name: depth for depth, names in enumerate(LAYERS) for name in names}

ONE_IMPORTER = {
    "onnxruntime": ("models/session.py",),
    "sqlite3": ("catalog",),
    "torch": ("training/",),
    "fastapi": ("service/",),
    "selenium": ("acquire/",),
}
"""Which part of the package may import a heavy or central package."""


def imports(path: Path) -> set[str]:
    """Full names of the modules a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def modules() -> list[Path]:
    return sorted(SOURCE.rglob("*.py"))


def part_of(name: str) -> str:
    return name.split(".")[1] if "." in name else ""


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_go_down_only(path):
    mine = path.relative_to(SOURCE).with_suffix("").parts[0]
    if mine == "__init__":
        return
    for name in imports(path):
        if name.split(".")[0] != "thatlook" or not part_of(name) or part_of(name) == mine:
            continue
        other = part_of(name)
        assert LEVEL[other] >= LEVEL[mine], f"{mine} must not import {other}, which is above it"


@pytest.mark.parametrize(("package", "homes"), ONE_IMPORTER.items())
def test_heavy_packages_have_one_home(package, homes):
    for path in modules():
        if package in {name.split(".")[0] for name in imports(path)}:
            place = path.relative_to(SOURCE).as_posix()
            assert place.startswith(homes), f"{place} imports {package}"


def test_every_module_has_a_level():
    found = {path.relative_to(SOURCE).with_suffix("").parts[0] for path in modules()} - {"__init__"}
    assert found <= set(LEVEL)


def test_the_public_surface():
    assert thatlook.__all__ == [
        "Article",
        "Box",
        "CatalogError",
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
        "Settings",
        "SettingsError",
        "ThatlookError",
        "Wish",
        "open",
    ]
    for name in thatlook.__all__:
        assert getattr(thatlook, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        _ = thatlook.nothing


def test_import_is_light():
    code = (
        "import sys, thatlook; "
        "heavy = {'torch', 'fastapi', 'onnxruntime', 'faiss', 'numpy', 'PIL'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
