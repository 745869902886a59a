"""The labelled photos that a recipe learns from, audited first: the project's, or one's own."""

from __future__ import annotations

from thatlook.core.errors import DataError
from thatlook.data.audited import audited
from thatlook.data.scenes import Scene, labelled_people, labelled_scenes, pair_scenes
from thatlook.data.splits import split_of
from thatlook.training.options import PhotoOptions
from thatlook.training.scenes import read_scenes


def scenes_of(options: PhotoOptions, *, people: bool = False) -> list[Scene]:
    """All scenes of `options.data` and `options.sample`.

    A folder with street/ is the project's data. Anything else is labelled photos of one's own: a
    YOLO folder or COCO JSON, for `people` with key points. Photos that the data puts into no split
    get one by name.

    Raises DataError where the labels hold errors, unless `options.ignore_audit`, and where
    there is nothing to train or to measure on.
    """
    if (options.data / "street").is_dir():
        _, found = audited(options.data / "street", options, split_of, people=people)
        found.require(options.ignore_audit)
        return read_scenes(options.data, options.sample)
    dataset, found = audited(options.data, options, split_of, people=people)
    found.require(options.ignore_audit)
    scenes = labelled_people(dataset) if people else labelled_scenes(dataset)
    what = "people with key points" if people else "labelled photos"
    for side, needed in (("train", options.batch), ("val", 1)):
        there = sum(scene.split == side for scene in scenes)
        if there < needed:
            raise DataError(
                f"{options.data}: {there} {what} in {side}, at least {needed} are needed"
                + (" (--batch)" if side == "train" else "")
            )
    return scenes + (pair_scenes(options.sample / "pairs") if options.sample else [])
