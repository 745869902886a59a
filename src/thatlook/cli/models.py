"""`models list` and `models verify`."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from thatlook.cli.command import Command
from thatlook.core.errors import ModelError
from thatlook.core.settings import Settings
from thatlook.vision.models.registry import TASKS, ModelSpec, resolve


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `thatlook models`."""
    parser.add_argument("action", choices=("list", "verify"))
    parser.add_argument("--json", action="store_true", help="the result as JSON")


def run(args: argparse.Namespace) -> int:
    """Lists the networks, or reads all weights and compares their sha256."""
    settings = Settings.load()
    specs = [resolve(task, getattr(settings, f"{task}_model")) for task in TASKS]
    return _listed(specs, args.json) if args.action == "list" else _verified(specs, args.json)


def _listed(specs: list[ModelSpec], as_json: bool) -> int:
    entries = [_entry(spec) for spec in specs]
    if as_json:
        print(json.dumps(entries))
        return 0
    for entry in entries:
        quality = ", ".join(f"{name} {value}" for name, value in entry["metrics"].items())
        size = f"{entry['bytes'] / 1e6:.1f} MB"
        print(f"{entry['task']:<10} {entry['id']:<14} {size:>8}  {entry['license']}  {quality}")
        print(f"{'':<10} sha256 {entry['sha256']}")
    return 0


def _entry(spec: ModelSpec) -> dict[str, Any]:
    return {
        "task": spec.task,
        "id": spec.id,
        "bytes": spec.path.stat().st_size if spec.path.exists() else 0,
        "license": spec.license,
        "sha256": spec.sha256,
        "metrics": dict(spec.metrics),
    }


def _verified(specs: list[ModelSpec], as_json: bool) -> int:
    results = []
    for spec in specs:
        try:
            spec.read()
            results.append({"id": spec.id, "ok": True})
        except ModelError as error:
            results.append({"id": spec.id, "ok": False, "message": str(error)})
            print(f"thatlook: {error}", file=sys.stderr)
    if as_json:
        print(json.dumps(results))
    else:
        for result in results:
            print(f"{result['id']}: {'ok' if result['ok'] else 'not ok'}")
    return 0 if all(result["ok"] for result in results) else 1


MODELS = Command(add_arguments, run)
