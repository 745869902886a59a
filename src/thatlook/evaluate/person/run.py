"""Key points, gender, view and the full-shot gate, measured on photos kept apart.

Or on labelled photos of one's own: COCO key-point JSON.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from thatlook.core.errors import DataError
from thatlook.evaluate.eye import eye_photos_of
from thatlook.evaluate.options import PersonOptions
from thatlook.evaluate.own_photos import measured_photos
from thatlook.evaluate.person import sheets
from thatlook.evaluate.person.gate import shots
from thatlook.evaluate.report import finish, folder_of, session_of
from thatlook.vision.stages.person import PersonStage

if TYPE_CHECKING:
    from thatlook.data.scenes import Scene
from thatlook.evaluate.person.metrics import DEFAULTS, seen_by, whole


def scenes_in(options: PersonOptions) -> tuple[list[Scene], list[Scene]]:
    """People in street photos (or one's own labelled photos), and in product photos.

    Raises DataError where nobody is labelled with key points.
    """
    from thatlook.data.scenes import labelled_people, product_scenes, street_scenes

    data = folder_of(options)
    if (data / "street").is_dir():
        street = [s for s in street_scenes(data / "street") if s.split == "val"]
        if options.no_products:
            return street, []
        products = product_scenes(data / "catalog")
        return street, [s for s in products if s.split == "val" and s.kind == "model"]
    people = labelled_people(measured_photos(options))
    if not people:
        raise DataError(f"{data}: nobody is labelled with key points in the photos that measure")
    return people, []


def run(options: PersonOptions) -> int:
    """Measure and report, or draw the sheet that `options.look` names.

    Returns the exit status. Raises SettingsError without data, DataError where nobody is labelled.
    """
    eye = eye_photos_of(options, instead=options.look is not None)
    session = session_of(options, "person")
    if options.look:
        return sheets.run(options)
    if eye:
        from thatlook.evaluate.person.gender import gender_report

        return finish(options, gender_report(options, session.spec, eye))
    from thatlook.evaluate.person.report import PersonMeasurements, person_report

    # A gender threshold of 0 keeps every side: the unknown share is measured at the default.
    stage = PersonStage(session, replace(DEFAULTS, gender_threshold=0.0))
    scenes, worn = scenes_in(options)
    people, median_ms = seen_by(stage, scenes)
    taken = shots(stage, [s for s in scenes if s.kind in ("street", "open") and whole(s)])
    alone = [] if options.no_products else sheets.lone_products(folder_of(options))
    mistaken = sheets.people_in(sheets.analyzer_of(options), alone) if alone else []
    measured = PersonMeasurements(
        scenes, people, taken, worn, seen_by(stage, worn)[0], len(alone), mistaken, median_ms
    )
    return finish(options, person_report(session.spec, measured))
