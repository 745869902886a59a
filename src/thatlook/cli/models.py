"""`models list` and `models verify`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from thatlook.cli.command import Group
from thatlook.cli.options import json_option
from thatlook.core.errors import ModelError

if TYPE_CHECKING:
    from thatlook.vision.models.registry import ModelSpec

LINE: Final = 88
"""Characters: a line of figures is indented by 11 and fits 100 columns."""


@click.group(cls=Group)
def models() -> None:
    """The networks that ship: list, verify."""


def _specs() -> list[ModelSpec]:
    from thatlook.core.settings import Settings
    from thatlook.vision.models.registry import TASKS, resolve

    settings = Settings.load()
    return [resolve(task, getattr(settings, f"{task}_model")) for task in TASKS]


@models.command("list", examples=("thatlook models list",))
@json_option
def list_models(as_json: bool) -> int:
    """Task, id, size, license, measured quality and sha256."""
    entries = [_entry(spec) for spec in _specs()]
    if as_json:
        print(json.dumps(entries))
        return 0
    for entry in entries:
        size = f"{entry['bytes'] / 1e6:.1f} MB"
        print(f"{entry['task']:<13} {entry['id']:<15} {size:>8}  {entry['license']}")
        print(f"{'':<13} {_quality(entry['metrics'])}")
        print(f"{'':<13} sha256 {entry['sha256']}")
    return 0


def _quality(metrics: Mapping[str, float]) -> str:
    """The first figures, as many as fit a line: the main ones come first in an entry."""
    shown = [f"{name} {value}" for name, value in metrics.items()]
    more = f", ... (--json has all {len(shown)})"
    while len(", ".join(shown)) > LINE - len(more):
        shown.pop()
    return ", ".join(shown) + (more if len(shown) < len(metrics) else "")


def _entry(spec: ModelSpec) -> dict[str, Any]:
    return {
        "task": spec.task,
        "id": spec.id,
        "bytes": spec.path.stat().st_size if spec.path.exists() else 0,
        "license": spec.license,
        "sha256": spec.sha256,
        "metrics": dict(spec.metrics),
    }


@models.command(examples=("thatlook models verify",))
@json_option
def verify(as_json: bool) -> int:
    """Read all weights and compare their sha256; exit status 1 where one differs."""
    results = []
    for spec in _specs():
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
