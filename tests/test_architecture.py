"""Imports go down only, heavy packages have one importer each, the public surface is frozen."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib.util import resolve_name
from pathlib import Path

import pytest

import thatlook
from thatlook.core import errors

SOURCE = Path(thatlook.__file__).parent

LAYERS = [
    {"cli", "service", "__main__"},
    {
        "engine",
        "recommender",
        "request",
        "ingest",
        "evaluate",
        "training",
        "acquire",
        "explore",
        "board",
        "sample",
    },
    {"analyzer", "looking", "catalog", "index", "feed"},
    {"stages", "models", "datasets"},
    {
        "records",
        "taxonomy",
        "errors",
        "settings",
        "image",
        "color",
        "ranking",
        "checks",
        "graphics",
    },
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


PUBLIC = {"open": "engine", **thatlook._HOMES}
"""Where a name of the package itself comes from."""


def imports(source: str, package: str) -> set[str]:
    """Full names of what the source of a module of `package` imports, wherever in it, and of what
    it takes from a plain `import thatlook`. Names that are imported count as modules.
    """
    found, own = set(), set()
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
            own |= {alias.asname or "thatlook" for alias in node.names if alias.name == "thatlook"}
        elif isinstance(node, ast.ImportFrom):
            home = resolve_name("." * node.level + (node.module or ""), package)
            found |= {f"{home}.{alias.name}" for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            found |= {f"thatlook.{node.attr}"} if node.value.id in own else set()
    return found


def imports_of(path: Path) -> set[str]:
    package = ".".join(("thatlook", *path.relative_to(SOURCE).parent.parts))
    return imports(path.read_text(encoding="utf-8"), package)


def modules() -> list[Path]:
    found = sorted(SOURCE.rglob("*.py"))
    assert len(found) > 100
    return found


def part_of(name: str) -> str:
    """The part of the package that an imported name is in, "" for what is none of ours."""
    home, _, rest = name.partition(".")
    part = rest.split(".")[0]
    part = PUBLIC.get(part, "errors" if hasattr(errors, part) else part)
    return "" if home != "thatlook" or part == "__version__" else part


def above(mine: str, names: set[str]) -> list[str]:
    """The parts among the imported names that are above the part `mine`."""
    others = {part_of(name) for name in names} - {"", mine}
    return sorted(other for other in others if LEVEL[other] < LEVEL[mine])


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_go_down_only(path):
    mine = path.relative_to(SOURCE).with_suffix("").parts[0]
    if mine == "__init__":  # the public names, each imported at its first use
        return
    assert above(mine, imports_of(path)) == [], f"{mine} must not import what is above it"


@pytest.mark.parametrize(
    "source",
    [
        "import thatlook.engine",
        "import thatlook.engine as x",
        "from thatlook import engine",
        "from thatlook import errors, engine as x",
        "from thatlook import Engine",
        "from thatlook.engine import Engine",
        "from .. import engine",
        "from ..engine import Engine",
        "import thatlook\nthatlook.open('x')",
        "import thatlook as t\nt.Engine",
        "def later():\n    from thatlook import engine",
        "if TYPE_CHECKING:\n    from ..engine import Engine",
    ],
)
def test_every_way_to_import_what_is_above_is_seen(source):
    assert above("feed", imports(source, "thatlook.store.feed")) == ["engine"]


def test_what_is_below_beside_or_elsewhere_may_be_imported():
    source = (
        "import thatlook, os.path\nfrom thatlook import PhotoError, Box, __version__, taxonomy\n"
        "from . import engine\nfrom .rows import x\nfrom engine import y\n"
        "thatlook.__version__, os.engine\nengine.thatlook.engine"
    )
    assert above("feed", imports(source, "thatlook.store.feed")) == []
    assert above("engine", imports("from thatlook import feed", "thatlook")) == []


@pytest.mark.parametrize(("package", "homes"), ONE_IMPORTER.items())
def test_heavy_packages_have_one_home(package, homes):
    for path in modules():
        if package in {name.split(".")[0] for name in imports_of(path)}:
            place = path.relative_to(SOURCE).as_posix()
            assert place.startswith(homes), f"{place} imports {package}"


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


def test_every_module_has_a_level():
    found = {path.relative_to(SOURCE).with_suffix("").parts[0] for path in modules()} - {"__init__"}
    assert found <= set(LEVEL)


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
        "Settings",
        "SettingsError",
        "ThatlookError",
        "SearchRequest",
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
