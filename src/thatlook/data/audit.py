"""The label audit: what is wrong with a data set, before a network learns it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from thatlook.core.errors import DataError, PhotoError
from thatlook.core.near_duplicates import Print, equal_groups, near_pairs, print_of
from thatlook.core.taxonomy import CATEGORIES, OTHER, PERSON_CLASS
from thatlook.data import boxes, joints
from thatlook.data.notes import Notes
from thatlook.data.records import Dataset, DatasetFinding, LabelledPhoto

RARE: Final = 20
"""Fewer boxes than this of a category are too few to learn it."""
THREADS: Final = 4


@dataclass(frozen=True, slots=True)
class DatasetAudit:
    """What was found: errors first. `balance` counts boxes per category and split."""

    name: str
    counts: Mapping[str, int]
    balance: Mapping[str, Mapping[str, int]]
    findings: tuple[DatasetFinding, ...]

    @property
    def errors(self) -> tuple[DatasetFinding, ...]:
        """The findings that should stop a training."""
        return tuple(found for found in self.findings if found.severity == "error")

    def require(self, ignore: bool = False) -> None:
        """Raises DataError when there are errors, unless they are to be ignored."""
        if self.errors and not ignore:
            told = "; ".join(f"{found.count} {found.message}" for found in self.errors)
            raise DataError(f"{self.name}: the labels have errors: {told}")

    def to_dict(self) -> dict[str, Any]:
        """Its JSON."""
        return {
            "name": self.name,
            "ok": not self.errors,
            "counts": dict(self.counts),
            "balance": {name: dict(row) for name, row in self.balance.items()},
            "findings": [found.to_dict() for found in self.findings],
        }


def audit(dataset: Dataset, threads: int = THREADS, *, people: bool = False) -> DatasetAudit:
    """What is wrong with a data set. Reads every photo once, `threads` at a time.

    `people` looks at people and their key points too, and not at how rare categories are.
    """
    notes = Notes()
    boxes.check(dataset, notes)
    if people:
        joints.check(dataset, notes)
    _labels(dataset, notes)
    prints = _prints(dataset, notes, threads)
    _twice(dataset, prints, notes)
    balance = _balance(dataset)
    _rare(dataset, balance, notes, (PERSON_CLASS,) if people else CATEGORIES)
    findings = (*dataset.findings, *notes.findings())
    ordered = sorted(findings, key=lambda found: found.severity != "error")
    name = f"{dataset.root} ({dataset.format})"
    return DatasetAudit(name, _counts(dataset), balance, tuple(ordered))


def _labels(dataset: Dataset, notes: Notes) -> None:
    for photo in dataset.photos:
        if not photo.labelled:
            text = "photos have no labels; a training leaves them out"
            notes.add("no_label", "warning", text, photo.path.name, photo.path)
        elif not photo.annotations:
            text = "photos are labelled as showing nothing; if nobody looked, take them out"
            notes.add("no_box", "warning", text, photo.path.name, photo.path)


def _prints(dataset: Dataset, notes: Notes, threads: int) -> list[tuple[LabelledPhoto, Print]]:
    def taken(photo: LabelledPhoto) -> Print | PhotoError:
        try:
            return print_of(photo.path)
        except PhotoError as error:
            return error

    with ThreadPoolExecutor(max(1, threads)) as pool:
        found = list(pool.map(taken, dataset.photos))
    kept = []
    for photo, result in zip(dataset.photos, found, strict=True):
        if isinstance(result, PhotoError):
            text = "photos are damaged; mend them or take them out"
            notes.add("damaged", "error", text, f"{photo.path.name}: {result.message}", photo.path)
        else:
            kept.append((photo, result))
    return kept


def _twice(dataset: Dataset, prints: Sequence[tuple[LabelledPhoto, Print]], notes: Notes) -> None:
    """Photos that are there twice: a leak where they are in two splits."""
    photos = [photo for photo, _ in prints]
    only = [found for _, found in prints]
    for places in equal_groups(only):
        _same(dataset, [photos[place] for place in places], notes, "")
    for pair in near_pairs(only):
        _same(dataset, [photos[place] for place in pair], notes, "near_")


def _same(dataset: Dataset, photos: Sequence[LabelledPhoto], notes: Notes, near: str) -> None:
    where = " = ".join(f"{photo.split}/{photo.path.name}".lstrip("/") for photo in photos)
    kind = "nearly the same" if near else "the same"
    if len({photo.split for photo in photos}) > 1:
        severity = "warning" if near else "error"
        text = f"groups of {kind} photos are in two splits: what is measured was learnt"
        notes.add(f"{near}duplicate_across", severity, text, where, photos[0].path)
    else:
        text = f"groups of {kind} photos"
        text += "; keep each on one side of a split" if dataset.splits == ("",) else ""
        notes.add(f"{near}duplicate", "warning", text, where, photos[0].path)


def _balance(dataset: Dataset) -> dict[str, dict[str, int]]:
    found = Counter(
        (note.category, photo.split) for photo in dataset.photos for note in photo.annotations
    )
    names = (*CATEGORIES, PERSON_CLASS, OTHER)
    return {name: {split: found[name, split] for split in dataset.splits} for name in names}


def _rare(
    dataset: Dataset,
    balance: Mapping[str, Mapping[str, int]],
    notes: Notes,
    names: Sequence[str],
) -> None:
    if not dataset.splits:
        notes.add("no_photos", "error", "no photo can be read", str(dataset.root))
        return
    first = dataset.splits[0]  # train where there is one
    for name in names:
        count = balance[name][first]
        if count < RARE:
            text = f"categories have fewer than {RARE} boxes to learn from"
            notes.add("rare", "warning", text, f"{name} ({count})")
        missing = [split for split in dataset.splits if count and not balance[name][split]]
        for split in missing:
            text = "categories are learnt in one split and absent from another"
            notes.add("absent", "warning", text, f"{name} in {split or 'no split'}")


def _counts(dataset: Dataset) -> dict[str, int]:
    def boxes_of(photos: Iterable[LabelledPhoto]) -> int:
        return sum(len(photo.annotations) for photo in photos)

    counts = {
        "photos": len(dataset.photos),
        "labelled": sum(photo.labelled for photo in dataset.photos),
        "boxes": boxes_of(dataset.photos),
        "kept": sum(len(photo.kept) for photo in dataset.photos),
    }
    for split in filter(None, dataset.splits):
        counts[f"photos_{split}"] = sum(photo.split == split for photo in dataset.photos)
    return counts
