"""Key points, gender, view and the full-shot gate, measured on photos kept apart.

Or on labelled photos of one's own: COCO key-point JSON.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from thatlook.cli import label_audit
from thatlook.core.errors import SettingsError
from thatlook.data.reading import read
from thatlook.data.splits import split_of
from thatlook.evaluate.person import sheets
from thatlook.evaluate.person.gate import shots
from thatlook.evaluate.report import add_common, add_photos, finish, session_of
from thatlook.vision.stages.person import PersonStage

if TYPE_CHECKING:
    from thatlook.data.scenes import Scene
from thatlook.evaluate.person.metrics import DEFAULTS, seen_by, whole


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the protocol's options to `parser`."""
    add_common(parser)
    add_photos(parser)
    parser.add_argument(
        "--look",
        choices=sheets.KINDS,
        help="draw a contact sheet to look at instead, into --html: key points of 60 photos, "
        "whose article is whose in 100 photos of several people, lone products taken for people",
    )
    label_audit.add_arguments(parser)


def scenes_in(args: argparse.Namespace) -> tuple[list[Scene], list[Scene]]:
    """People in street photos (or one's own labelled photos), and in product photos.

    Raises SettingsError where nobody is labelled with key points.
    """
    from thatlook.data.scenes import labelled_people, product_scenes, street_scenes

    data = Path(args.data)
    if (data / "street").is_dir():
        street = [s for s in street_scenes(data / "street") if s.split == "val"]
        if args.no_products:
            return street, []
        products = product_scenes(data / "catalog")
        return street, [s for s in products if s.split == "val" and s.kind == "model"]
    dataset = read(data, dict(args.map_class))
    wanted = args.split or ("val" if "val" in dataset.splits else "all")
    people = [s for s in labelled_people(dataset) if wanted in ("all", s.split)]
    if not people:
        raise SettingsError(f"{data}: nobody is labelled with key points in {wanted}")
    return people, []


def run(args: argparse.Namespace) -> int:
    """Audit labels where --audit asks, draw what --look names; else measure and report.

    Returns the exit status. Raises SettingsError without --data or --audit.
    """
    if args.audit:
        return label_audit.run(args, split_of, people=True)
    session = session_of(args, "person")
    if args.look:
        return sheets.run(args)
    from thatlook.evaluate.person.report import Measured, report_of

    # A gender threshold of 0 keeps every side: the unknown share is measured at the default.
    stage = PersonStage(session, replace(DEFAULTS, gender_threshold=0.0))
    scenes, worn = scenes_in(args)
    people, median_ms = seen_by(stage, scenes)
    taken = shots(stage, [s for s in scenes if s.kind in ("street", "open") and whole(s)])
    alone = [] if args.no_products else sheets.lone_products(Path(args.data))
    mistaken = sheets.people_in(sheets.analyzer_of(args), alone) if alone else []
    measured = Measured(
        scenes, people, taken, worn, seen_by(stage, worn)[0], len(alone), mistaken, median_ms
    )
    return finish(args, report_of(session.spec, measured))
