"""What all protocols share: their options, the network they measure, the table and the JSON."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from thatlook.errors import SettingsError
from thatlook.models.registry import ModelSpec, resolve
from thatlook.models.session import Session


def add_common(parser: argparse.ArgumentParser) -> None:
    """Add the data folder, the network and the JSON file to `parser`."""
    parser.add_argument("--data", type=Path, help="folder with street/ and catalog/")
    parser.add_argument("--sample", type=Path, help="folder of the rendered sample, with pairs/")
    parser.add_argument("--model", default="", help="a registry entry (default: what ships)")
    parser.add_argument("--threads", type=int, default=0, help="0: one per core")
    parser.add_argument("--json", type=Path, help="write the figures there")


def session_of(args: argparse.Namespace, task: str) -> Session:
    """The opened network that `args` names for `task`.

    Raises ModelError, and SettingsError where no data was given to measure it on.
    """
    if args.data is None:
        raise SettingsError("--data must name the folder to measure on")
    session = Session(resolve(task, args.model), args.threads)
    session.warm()
    return session


def finish(args: argparse.Namespace, spec: ModelSpec, figures: dict[str, float]) -> int:
    """Print the figures as a table and write them where `args.json` says; exit status 0."""
    wide = max(map(len, figures), default=0)
    lines = [f"{spec.id} {spec.sha256[:12]}"]
    lines += [f"  {name:<{wide}}  {value:8.4f}" for name, value in figures.items()]
    sys.stdout.write("\n".join(lines) + "\n")
    if args.json:
        rounded = {name: round(value, 4) for name, value in figures.items()}
        text = json.dumps({"id": spec.id, "sha256": spec.sha256, "metrics": rounded}, indent=1)
        Path(args.json).write_text(text + "\n", encoding="utf-8")
    return 0
