"""Labelled photos of one's own: which of them measure, and what is said of the others."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import replace

from thatlook.core.errors import DataError
from thatlook.data import boxes
from thatlook.data.notes import Notes
from thatlook.data.reading import read, with_splits
from thatlook.data.records import Dataset
from thatlook.data.splits import split_of
from thatlook.evaluate.options import PhotoOptions
from thatlook.evaluate.report import folder_of


def measured_photos(options: PhotoOptions) -> Dataset:
    """The data set at `options.data` with only the photos that measure.

    These are of the split that `options` name, else of val, else all. Photos that the data puts
    into no split are split by name, as a training does it: what was learned does not measure.
    What is wrong with the labels, and how many photos measure, is told on standard error.

    Raises DataError where no photo is on that side.
    """
    found = read(folder_of(options), dict(options.map_class))
    dataset = with_splits(found, split_of)
    _tell_findings(dataset)
    wanted = options.split or ("val" if "val" in dataset.splits else "all")
    chosen = tuple(photo for photo in dataset.photos if wanted in ("all", photo.split))
    if not chosen:
        there = _sides(dataset) or "none that can be read"
        raise DataError(f"{options.data}: no photo in {wanted}; photos there: {there}")
    whose = ", split by name" if "" in found.splits else ""
    _tell(f"{len(chosen)} photos measure, {wanted} of {_sides(dataset)}{whose}; --split chooses")
    return replace(dataset, photos=chosen)


def _tell_findings(dataset: Dataset) -> None:
    notes = Notes()
    boxes.check(dataset, notes)
    for found in (*dataset.findings, *notes.findings()):
        examples = f"{', '.join(found.examples[:2])}{', ...' if found.count > 2 else ''}"
        _tell(f"{found.severity}: {found.count} {found.message} ({examples})")


def _sides(dataset: Dataset) -> str:
    counts = Counter(photo.split for photo in dataset.photos)
    return ", ".join(f"{counts[split]} {split or 'in no split'}" for split in dataset.splits)


def _tell(text: str) -> None:
    print(f"thatlook: {text}", file=sys.stderr)
