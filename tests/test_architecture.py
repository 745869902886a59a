"""Imports go down only, heavy packages have one importer each, the public surface is frozen."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import thatlook

SOURCE = Path(thatlook.__file__).parent
ROOT = SOURCE.parent.parent

ONE_IMPORTER = {
    "onnxruntime": ("vision/models/session.py",),
    "sqlite3": ("store/catalog",),
    "sqlalchemy": ("store/catalog",),
    "psycopg": ("store/catalog",),
    "torch": ("training/",),
    "fastapi": ("service/",),
    "playwright": ("crawl/browser/",),
    "pyarrow": ("core/parquet.py",),
    "pandas": ("core/records/",),
    "ray": ("store/ingest/on_ray.py",),
    "fsspec": ("store/feed/object_stores.py",),
    "pymilvus": ("search/index/milvus/client.py",),
    "grpc": ("search/index/milvus/client.py",),
    "click": ("cli/",),
    "tokenizers": ("vision/pair/text.py",),
    "huggingface_hub": ("vision/pair/hub.py",),
    "argparse": (),
}
"""Which part of the package may import a heavy or central package."""


def imported_by(path: Path) -> set[str]:
    """The top-level packages that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").split(".")[0])
    return found


def modules() -> list[Path]:
    found = sorted(SOURCE.rglob("*.py"))
    assert len(found) > 100
    return found


def done(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def draw_architecture() -> ModuleType:
    """The script as a module of its own."""
    spec = importlib.util.spec_from_file_location("draw", ROOT / "scripts/draw_architecture.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


def test_imports_go_down_only_and_never_in_a_circle():
    """[tool.importlinter] in pyproject.toml has the floors."""
    pytest.importorskip("importlinter", reason="needs the extra dev")
    found = done(str(Path(sys.executable).parent / "lint-imports"), "--no-cache")
    assert found.returncode == 0, found.stdout


def test_the_picture_of_the_rooms_is_true():
    pytest.importorskip("grimp", reason="needs the extra dev")
    found = done(sys.executable, "scripts/draw_architecture.py", "--check")
    assert found.returncode == 0, found.stdout + found.stderr


@pytest.mark.parametrize("check", [True, False])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no drawing\n", "{START} exactly once, not 0 times"),
        ("{START}\n", "{END} exactly once, not 0 times"),
        ("{START} a {END} b {START} a {END}\n", "{START} exactly once, not 2 times"),
        ("{START} a {END} b {END}\n", "{END} exactly once, not 2 times"),
        ("{END} a {START}\n", "{START} before {END}"),
    ],
)
def test_a_page_whose_markers_are_not_one_pair_is_refused(
    monkeypatch, capsys, tmp_path, text, message, check
):
    pytest.importorskip("grimp", reason="needs the extra dev")
    script = draw_architecture()
    marks = {"START": script.START, "END": script.END}
    page = tmp_path / "ARCHITECTURE.md"
    page.write_text(text.format(**marks))
    monkeypatch.setattr(script, "PAGE", page)
    monkeypatch.setattr(sys, "argv", ["draw_architecture.py", *["--check"] * check])
    assert script.main() == 1
    assert f"ARCHITECTURE.md must hold {message.format(**marks)}" in capsys.readouterr().err
    assert page.read_text() == text.format(**marks)


@pytest.mark.parametrize(("package", "homes"), ONE_IMPORTER.items())
def test_heavy_packages_have_one_home(package, homes):
    for path in modules():
        if package in imported_by(path):
            room = path.relative_to(SOURCE).as_posix()
            assert room.startswith(homes), f"{room} imports {package}"


def test_no_option_falls_back_to_a_folder_that_users_do_not_have():
    """A default such as ../shared/data would be right for whoever wrote it, and nobody else."""
    scripts = sorted((SOURCE.parent.parent / "benchmarks").glob("*.py"))
    for path in [*modules(), *scripts]:
        defaults = [
            node.value
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.keyword) and node.arg == "default"
        ]
        words = [part.value for value in defaults for part in ast.walk(value) if is_text(part)]
        assert not [word for word in words if ".." in word], path


def is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def test_the_public_surface():
    assert thatlook.__all__ == [
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
    for name in thatlook.__all__:
        assert getattr(thatlook, name) is not None
    with pytest.raises(AttributeError, match="nothing"):
        _ = thatlook.nothing
    with pytest.warns(DeprecationWarning, match="SearchRequest"):
        assert thatlook.Wish is thatlook.SearchRequest


def test_a_catalog_in_a_folder_needs_no_client_of_databases(tmp_path):
    code = (
        "import sys; from thatlook.store.catalog import Catalog; Catalog.open('c').close(); "
        "print(sorted({'sqlalchemy', 'psycopg'} & set(sys.modules)))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"


def test_import_is_light():
    code = (
        "import sys, thatlook; "
        "heavy = {'torch', 'fastapi', 'onnxruntime', 'faiss', 'numpy', 'PIL'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
