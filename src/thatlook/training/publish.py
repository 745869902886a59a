"""A checkpoint to a registry entry: export, then the measured figures into the entry.

thatlook train publish article --checkpoint runs/article/best.pt --out FOLDER --recipe "..."
thatlook train publish person --checkpoint runs/person/best.pt --out FOLDER --data DATA
thatlook evaluate article --data DATA --json runs/article.json
thatlook train publish article --out FOLDER --metrics runs/article.json
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from thatlook.core.errors import ModelError, SettingsError
from thatlook.training.recipes import article, embedding, person
from thatlook.training.scenes import read_scenes
from thatlook.vision.models.registry import ModelSpec

LIMITS: Final = {
    "article": (
        "Trained on one set of street photos of mostly women, head to feet, and on one shop.",
        "Tops with skirts are taken for dresses and the other way round.",
        "Neckwear and bags under an arm are often missed.",
        "On photos of another collection far less is found than on those of the val side.",
        "A suit is outerwear at best: photos with that label were left out.",
    ),
    "person": (
        "Key points are those of a teacher network (BlazePose), not of people.",
        "Few men, hardly any backs: quality there is known from few photos.",
        "Gender is how a person is presented, for choosing a department; it is a guess.",
    ),
    "embedding": (
        "Types and colors are one shop's words; rare ones have no class of their own.",
        "Type and color of worn articles come from one set of street photos, read by one eye.",
        "Rendered products are in the training set; their figures say nothing about real ones.",
    ),
}


def export_task(  # noqa: PLR0913 - what is written into the entry, by name
    task: str,
    checkpoint: Path,
    out: Path,
    *,
    data: Path | None = None,
    boxes: Path | None = None,
    model_id: str = "",
    recipe: str = "",
    seed: int = 0,
    trained_on: Sequence[tuple[str, str]] = (),
    own_license: str = "Apache-2.0",
) -> ModelSpec:
    """Export `checkpoint` into `out`; the written entry, without figures.

    `data` is the folder whose photos fit a person's or an embedding's last numbers. `trained_on`
    are the data that taught it, (name, license) each; without, the entry names the project's, and
    its limits. Raises SettingsError where `data` is needed and missing.
    """
    if task not in LIMITS:
        raise SettingsError(f"--checkpoint is not for {task}: its training writes the entry itself")
    entry: dict[str, Any] = {"id": model_id or f"{task}-1", "recipe": recipe, "seed": seed}
    entry |= {"license": own_license, "limits": LIMITS[task]}
    if trained_on:
        entry["data"] = [{"name": name, "license": terms} for name, terms in trained_on]
        entry |= {"limits": (), "metrics_command": ""}
    if task == "article":
        return article.export_to(out, checkpoint, entry)
    if data is None:
        raise SettingsError(f"--data is needed to export {task}: its numbers are fitted to photos")
    if task == "person":
        scenes = [s for s in read_scenes(data) if s.kind != "product"]
        return person.export_to(out, checkpoint, scenes, entry)
    return embedding.export_to(out, checkpoint, embedding.items_of(data, boxes), entry)


def add_metrics(path: Path, measured: Path) -> None:
    """Write the figures that `thatlook evaluate --json` left in `measured` into the entry `path`.

    Raises ModelError where they were measured on other weights.
    """
    entry: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    found: dict[str, Any] = json.loads(measured.read_text(encoding="utf-8"))
    if found["sha256"] != entry["sha256"]:
        raise ModelError(f"{measured}: measured on {found['id']}, other weights than {path} names")
    # Times are the machine's, not the network's.
    entry["metrics"] = {k: v for k, v in found["metrics"].items() if not k.endswith("_ms")}
    path.write_text(json.dumps(entry, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
