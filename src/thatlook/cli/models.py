"""`models list`, `models verify` and `models add`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import click

from thatlook.cli.command import Group
from thatlook.cli.options import PATH, json_option
from thatlook.core.errors import ModelError

if TYPE_CHECKING:
    from thatlook.vision.models.registry import ModelSpec

LINE: Final = 88
"""Characters: a line of figures is indented by 11 and fits 100 columns."""


@click.group(cls=Group)
def models() -> None:
    """The networks: list, verify, add one's own."""


def _specs() -> list[ModelSpec]:
    """Those that ship or stand in their place, and the text-image pair where there is one."""
    from thatlook.core.settings import Settings
    from thatlook.vision.models.registry import PAIR, TASKS, resolve

    settings = Settings.load()
    specs = [resolve(task, getattr(settings, f"{task}_model")) for task in TASKS]
    pair = settings.text_image_model
    return [*specs, resolve(PAIR, pair)] if pair else specs


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
        if entry["metrics"]:
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
    """Read all weights and compare their sha256; exit status 1 where one differs.

    What an entry says of its input is read too, and a text-image pair is run: it must give the
    vectors that it gave when it was added.
    """
    results = []
    for spec in _specs():
        try:
            _verify(spec)
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


def _verify(spec: ModelSpec) -> None:
    """Raises ModelError where a network is not what its entry says."""
    from thatlook.vision.models.inputs import input_of
    from thatlook.vision.models.registry import PAIR
    from thatlook.vision.pair.checking import compare_with_entry
    from thatlook.vision.pair.spec import PairSpec

    if spec.task == PAIR:
        compare_with_entry(PairSpec.of(spec))
    else:
        input_of(spec)
        spec.read()


@models.command(
    "add",
    extra="clip",
    needs=("tokenizers",),
    examples=(
        "thatlook models add Marqo/marqo-fashionSigLIP --out my-pair",
        "thatlook models add my-pair --license MIT --parity vectors.json",
    ),
)
@click.argument("source", metavar="FOLDER|HUB_ID")
@click.option("--task", type=click.Choice(("text-image",)), default="text-image", help="what it is")
@click.option(
    "--out",
    default="",
    metavar="DIR",
    help="where files of the hub go (default: a folder of its name)",
)
@click.option("--revision", default="", help="a branch, tag or commit of the hub (default: main)")
@click.option("--variant", default="", metavar="END", help="such as quantized: smaller networks")
@click.option("--name", default="", help="what the entry is called (default: as the folder)")
@click.option("--license", default="", help="default: what the model card says")
@click.option(
    "--parity", type=PATH, metavar="FILE", help="vectors computed elsewhere, to be compared"
)
@click.option("--threads", type=int, default=0, help="0, the default: one per core")
@json_option
def add_model(task: str, as_json: bool, **given: Any) -> int:  # noqa: ARG001 - one task so far
    """Register a text-image pair of one's own: CLIP, SigLIP and their like, as ONNX.

    FOLDER holds the networks, their tokenizer.json and preprocessor_config.json; HUB_ID names a
    repository of the Hugging Face hub, whose files are downloaded. The entry lies beside them.
    """
    from thatlook.vision.pair.adding import Addition, add

    done = add(Addition(**given))
    if as_json:
        print(json.dumps({"entry": str(done.entry)} | _entry(done.pair.image) | done.to_dict()))
        return 0
    print("\n".join(done.lines()))
    return 0
