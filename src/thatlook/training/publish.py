"""A checkpoint to the shipped weights: export, then the measured figures into the entry.

python -m thatlook.training.publish article --checkpoint runs/article/best.pt --recipe "..."
python -m thatlook.training.publish person --checkpoint runs/person/best.pt --data DATA
thatlook evaluate article --data DATA --json runs/article.json
python -m thatlook.training.publish article --metrics runs/article.json
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any, Final

from thatlook.core.errors import ModelError
from thatlook.training.recipes import article, embedding, person
from thatlook.training.scenes import read_scenes
from thatlook.vision.models.registry import TASKS, ModelSpec

LIMITS: Final = {
    "article": (
        "Trained on one set of street photos of mostly women, head to feet, and on one shop.",
        "Tops with skirts are taken for dresses and the other way round.",
        "Neckwear and bags under an arm are often missed.",
        "A suit is outerwear at best: photos with that label were left out.",
    ),
    "person": (
        "Key points are those of a teacher network (BlazePose), not of people.",
        "Few men, hardly any backs: quality there is known from few photos.",
        "Gender is how a person is presented, for choosing a department; it is a guess.",
    ),
    "embedding": (
        "Types and colors are one shop's words; rare ones have no class of their own.",
        "Type labels come from product photos: worn articles of other fashions are guessed.",
        "Rendered products are in the training set; their figures say nothing about real ones.",
    ),
}


def export_task(args: argparse.Namespace) -> ModelSpec:
    """Export `args.checkpoint` into `args.out`; the written entry, without figures."""
    entry = {
        "id": args.id or f"{args.task}-1",
        "recipe": args.recipe,
        "seed": args.seed,
        "limits": LIMITS[args.task],
    }
    if args.task == "article":
        return article.export_to(args.out, args.checkpoint, entry)
    if args.task == "person":
        scenes = [s for s in read_scenes(args.data) if s.kind != "product"]
        return person.export_to(args.out, args.checkpoint, scenes, entry)
    items = embedding.items_of(argparse.Namespace(data=args.data, sample=None, boxes=args.boxes))
    return embedding.export_to(args.out, args.checkpoint, items, entry)


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


def main(arguments: Sequence[str] | None = None) -> None:
    """Export a checkpoint, or add figures to an entry."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("task", choices=TASKS)
    parser.add_argument("--checkpoint", type=Path)
    parser.add_argument("--metrics", type=Path)
    parser.add_argument("--boxes", type=Path, help="JSON of the products' own articles by id")
    parser.add_argument("--data", type=Path, help="folder with street/ and catalog/")
    weights = Path(str(resources.files("thatlook.vision.models"))) / "weights"
    parser.add_argument("--out", type=Path, default=weights)
    parser.add_argument("--id", default="")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--recipe", default="", help="the commands that trained the checkpoint")
    args = parser.parse_args(arguments)
    if args.checkpoint and args.task != "article" and not args.data:
        parser.error(
            f"--data is needed to export {args.task}: its numbers are fitted to the photos"
        )
    if args.checkpoint:
        spec = export_task(args)
        sys.stdout.write(f"{spec.path} {spec.sha256}\n")
    if args.metrics:
        add_metrics(args.out / f"{args.task}.json", args.metrics)


if __name__ == "__main__":
    main()
