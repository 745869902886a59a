"""Average precision, mask overlap and product categories of a network that finds articles.

Measured on photos kept apart (see `splits`), those with a `suit` region left out, or on labelled
photos of one's own. The network is asked as its entry says, so one's own YOLO export is measured
the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from thatlook.core.errors import DataError
from thatlook.core.settings import Settings
from thatlook.data.product_labels import read_absent_categories
from thatlook.evaluate.detection.metrics import (
    Predictions,
    average_precision,
    predict,
    shown_products,
)
from thatlook.evaluate.detection.paired import add_beside, differences
from thatlook.evaluate.eye import add_drawn, eye_photos_of
from thatlook.evaluate.options import DetectionOptions
from thatlook.evaluate.own_photos import measured_photos
from thatlook.evaluate.report import Report, beside_session, finish, folder_of, session_of
from thatlook.vision.stages.article import ArticleStage

if TYPE_CHECKING:
    from thatlook.data.scenes import Scene
    from thatlook.vision.models.session import Session


def scenes_in(options: DetectionOptions) -> tuple[list[Scene], list[Scene]]:
    """Labelled photos and product photos of `options.data`, those that measure.

    A folder with street/ is the project's own data; anything else is read as labelled photos of
    one's own, without products. Raises DataError where nothing is labelled.
    """
    from thatlook.data.eye_labels import FILE, with_eye_labels
    from thatlook.data.scenes import labelled_scenes, product_scenes, street_scenes

    data = folder_of(options)
    if (data / "street").is_dir():
        street = [
            s for s in street_scenes(data / "street") if s.split == "val" and s.kind == "street"
        ]
        if options.eye:
            street = with_eye_labels(street, data / "street" / FILE)
        if options.no_products:
            return street, []
        return street, [s for s in product_scenes(data / "catalog") if s.split == "val"]
    scenes = labelled_scenes(measured_photos(options))
    if not scenes:
        raise DataError(f"{data}: none of the photos that measure is labelled; --split chooses")
    return scenes, []


def run(options: DetectionOptions) -> int:
    """Measure and report, or list the photos worth labelling; the exit status.

    Raises SettingsError without data, DataError where nothing is labelled.
    """
    eye = eye_photos_of(options, instead=options.eye or options.suggest is not None)
    session = session_of(options, "article")
    stage = ArticleStage.of(session, Settings.load())
    if options.suggest is not None:
        from thatlook.evaluate.detection.suggest import run as suggest

        return suggest(options, options.suggest, stage)
    from thatlook.evaluate.detection.report import article_report

    other = beside_session(options, stage.spec) if options.beside else None
    absent = read_absent_categories(options.labels) if options.labels else {}
    scenes, products = (eye.scenes, []) if eye else scenes_in(options)
    seen = predict(stage, scenes)
    shown = shown_products(stage, products)
    report = article_report(stage.spec, scenes, seen, shown, absent)
    if eye:
        add_drawn(report, eye)
    if other:
        _beside(report, options, scenes, seen, other)
    return finish(options, report)


def _beside(
    report: Report,
    options: DetectionOptions,
    scenes: Sequence[Scene],
    seen: Predictions,
    session: Session,
) -> None:
    """Measures the network of `session` on the same photos."""
    other = predict(ArticleStage.of(session, Settings.load()), scenes)
    found = differences(scenes, (seen.found, other.found), options.rounds)
    add_beside(report, session.spec, average_precision(scenes, other.found), found)
