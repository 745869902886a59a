"""Changes the code wrongly, one place at a time, and says whether a test notices.

A mutation swaps a comparison, an operator, a number or a boolean somewhere in the rooms named.
Each is tried in a copy of the repository, with the tests of its room.

    python scripts/mutate.py [--count 20] [--seed 0] [ROOM=TESTS ...]
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROOMS = {
    "search/ranking": "tests/search",
    "search/recommender.py": "tests/search",
    "search/index": "tests/search/index",
    "vision/analyzer.py": "tests/vision",
    "vision/assignment.py": "tests/vision",
    "store/ingest": "tests/store/ingest",
}
COMPARISONS = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
OPERATORS = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult}


@dataclass(frozen=True)
class Mutation:
    """The file, the line, what stood there and what stands there now; `text` is the new file."""

    path: Path
    line: int
    before: str
    after: str
    text: str


def mutations(path: Path) -> Iterator[Mutation]:
    """All mutations of a file."""
    source = path.read_text(encoding="utf-8")
    for index, node in enumerate(ast.walk(ast.parse(source))):
        if _changed(node) is None:
            continue
        tree = ast.parse(source)
        found = next(n for i, n in enumerate(ast.walk(tree)) if i == index)
        before = ast.unparse(found)
        _changed(found)
        yield Mutation(path, found.lineno, before, ast.unparse(found), ast.unparse(tree))


def _changed(node: ast.AST) -> ast.AST | None:
    """The node, changed in place; None where there is nothing to change."""
    if isinstance(node, ast.Compare) and type(node.ops[0]) in COMPARISONS:
        node.ops[0] = COMPARISONS[type(node.ops[0])]()
    elif isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
        node.op = OPERATORS[type(node.op)]()
    elif isinstance(node, ast.BoolOp):
        node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        node.value = node.value * 2 if node.value else 1
    else:
        return None
    return node


def noticed(copy: Path, mutation: Mutation, tests: str) -> bool:
    """Whether a test fails with the mutation in the copy of the repository."""
    target = copy / mutation.path.relative_to(ROOT)
    before = target.read_text(encoding="utf-8")
    target.write_text(mutation.text, encoding="utf-8")
    try:
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", tests]
        env = {**os.environ, "PYTHONPATH": str(copy / "src")}
        done = subprocess.run(
            command, cwd=copy, env=env, capture_output=True, timeout=900, check=False
        )
    finally:
        target.write_text(before, encoding="utf-8")
    return done.returncode != 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rooms", nargs="*", metavar="ROOM=TESTS", help="instead of the usual ones")
    parser.add_argument("--count", type=int, default=20, help="mutations, shared among the rooms")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    rooms = dict(one.split("=", 1) for one in args.rooms) or ROOMS
    rng = random.Random(args.seed)
    chosen = []
    for room, tests in rooms.items():
        path = ROOT / "src" / "thatlook" / room
        files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
        found = [one for file in files for one in mutations(file)]
        share = min(len(found), -(-args.count // len(rooms)))
        chosen += [(one, tests) for one in rng.sample(found, share)]
    caught = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv*", "runs", "demo"))
        for mutation, tests in chosen:
            seen = noticed(copy, mutation, tests)
            caught += seen
            where = f"{mutation.path.relative_to(ROOT / 'src' / 'thatlook')}:{mutation.line}"
            change = f"{mutation.before}  ->  {mutation.after}"
            print(f"{'caught' if seen else 'SURVIVED':<9} {where:<32} {change}", flush=True)
    print(f"{caught} of {len(chosen)} caught")
    return 0


if __name__ == "__main__":
    sys.exit(main())
