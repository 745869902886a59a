"""Draws the rooms and their imports into ARCHITECTURE.md, floor by floor: `make architecture`.

A room stands one floor above the highest room that it imports; arrows that a longer way implies
are left out.

    python scripts/draw_architecture.py [--check]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import grimp

PAGE = Path(__file__).resolve().parent.parent / "ARCHITECTURE.md"
START, END = "<!-- drawn by make architecture -->", "<!-- end of the drawing -->"
PACKAGE = "thatlook"
NO_ROOMS = {"__main__", "sample"}


def imports() -> dict[str, set[str]]:
    """Each room, and the rooms that something in it imports."""
    graph = grimp.build_graph(PACKAGE, cache_dir=None)
    rooms = {name.split(".")[1] for name in graph.find_children(PACKAGE)} - NO_ROOMS
    found: dict[str, set[str]] = {room: set() for room in rooms}
    for room in rooms:
        for other in rooms - {room}:
            chain = graph.direct_import_exists(
                importer=f"{PACKAGE}.{room}", imported=f"{PACKAGE}.{other}", as_packages=True
            )
            if chain:
                found[room].add(other)
    return found


def floors(needs: dict[str, set[str]]) -> dict[str, int]:
    """Each room's floor, 1 for the ground. Raises ValueError for a circle."""
    found: dict[str, int] = {}
    while len(found) < len(needs):
        ready = [r for r in needs if r not in found and needs[r] <= found.keys()]
        if not ready:
            raise ValueError(f"a circle among {sorted(needs.keys() - found.keys())}")
        found |= {r: 1 + max((found[n] for n in needs[r]), default=0) for r in ready}
    return found


def below(room: str, needs: dict[str, set[str]]) -> set[str]:
    """Everything that a room imports, directly or not."""
    return needs[room].union(*(below(n, needs) for n in needs[room]))


def drawing(needs: dict[str, set[str]]) -> str:
    """The Mermaid flowchart."""
    floor = floors(needs)
    lines = ["```mermaid", "flowchart TD"]
    for level in sorted(set(floor.values()), reverse=True):
        lines.append(f"  subgraph floor{level} [floor {level}]")
        lines += [f"    {room}" for room in sorted(r for r in floor if floor[r] == level)]
        lines.append("  end")
    for room in sorted(needs, key=lambda r: (-floor[r], r)):
        implied = set().union(*(below(n, needs) for n in needs[room]))
        lines += [f"  {room} --> {other}" for other in sorted(needs[room] - implied)]
    return "\n".join([*lines, "```"])


def around(text: str) -> tuple[str, str]:
    """What stands before and after the drawing.

    Raises ValueError unless each marker occurs exactly once, START before END.
    """
    for marker in (START, END):
        if (count := text.count(marker)) != 1:
            raise ValueError(f"{PAGE.name} must hold {marker} exactly once, not {count} times")
    before, _, rest = text.partition(START)
    if END in before:
        raise ValueError(f"{PAGE.name} must hold {START} before {END}")
    return before, rest.partition(END)[2]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="only say whether the page is true")
    args = parser.parse_args()
    text = PAGE.read_text(encoding="utf-8")
    try:
        before, after = around(text)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    new = f"{before}{START}\n\n{drawing(imports())}\n\n{END}{after}"
    if args.check:
        if new != text:
            print("ARCHITECTURE.md is not what the imports are; run: make architecture")
        return int(new != text)
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
