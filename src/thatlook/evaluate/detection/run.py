"""Average precision, mask overlap and product categories of a network that finds articles.

Measured on photos kept apart (see `splits`), those with a `suit` region left out, or on labelled
photos of one's own. The network is asked as its entry says, so one's own YOLO export is measured
the same way.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from thatlook.cli import label_audit
from thatlook.core.errors import SettingsError
from thatlook.core.settings import Settings
from thatlook.data.reading import read
from thatlook.data.splits import split_of
from thatlook.evaluate.report import add_common, add_photos, finish, session_of
from thatlook.vision.stages.article import ArticleStage

if TYPE_CHECKING:
    from thatlook.data.scenes import Scene
from thatlook.evaluate.detection.metrics import answers, shown_products


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the protocol's options to `parser`."""
    add_common(parser)
    add_photos(parser)
    parser.add_argument(
        "--suggest", type=int, metavar="N", help="list the N photos most worth labelling instead"
    )
    label_audit.add_arguments(parser)


def scenes_in(args: argparse.Namespace) -> tuple[list[Scene], list[Scene]]:
    """Labelled photos and product photos of `args.data`, those that measure.

    A folder with street/ is the project's own data; anything else is read as labelled photos of
    one's own, without products. Raises SettingsError where nothing is labelled.
    """
    from thatlook.data.scenes import labelled_scenes, product_scenes, street_scenes

    data = Path(args.data)
    if (data / "street").is_dir():
        street = [
            s for s in street_scenes(data / "street") if s.split == "val" and s.kind == "street"
        ]
        if args.no_products:
            return street, []
        return street, [s for s in product_scenes(data / "catalog") if s.split == "val"]
    dataset = read(data, dict(args.map_class))
    wanted = args.split or ("val" if "val" in dataset.splits else "all")
    scenes = [s for s in labelled_scenes(dataset) if wanted in ("all", s.split)]
    if not scenes:
        there = ", ".join(split or "(none)" for split in dataset.splits)
        raise SettingsError(f"{data}: no labelled photo in {wanted}; splits there: {there}")
    return scenes, []


def run(args: argparse.Namespace) -> int:
    """Audit labels where --audit asks, list photos worth labelling where --suggest does; else
    measure and report.

    Returns the exit status. Raises SettingsError without --data or --audit.
    """
    if args.audit:
        return label_audit.run(args, split_of)
    session = session_of(args, "article")
    stage = ArticleStage.of(session, Settings.load())
    if args.suggest is not None:
        from thatlook.evaluate.detection.suggest import run as suggest

        return suggest(args, stage)
    from thatlook.evaluate.detection.report import report_of

    scenes, products = scenes_in(args)
    seen = answers(stage, scenes)
    shown = shown_products(stage, products)
    return finish(args, report_of(stage.spec, scenes, seen, shown))
