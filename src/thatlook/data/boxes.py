"""What can be wrong with boxes: outside the photo, empty, tiny, twice, or written as corners."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from thatlook.data.notes import Notes
from thatlook.data.records import Dataset, LabelledPhoto

Floats = NDArray[np.float64]

SLACK_PX: Final = 2.0
"""A box may reach this far out of its photo: rounding, and tools that count from 1."""
TINY_PX: Final = 4.0
READ_AS: Final = {"yolo": "center and size", "coco": "corner and size"}
"""How a format wants its four numbers to be read."""
MEND: Final = {
    "yolo": "write (x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0",
    "coco": "write x0, y0, x1 - x0, y1 - y0",
}


def check(dataset: Dataset, notes: Notes) -> None:
    """Adds to `notes` what is wrong with the boxes, what explains most first."""
    for split in dataset.splits:
        photos = [photo for photo in dataset.photos if photo.split == split]
        _as_corners(dataset, split, photos, notes)
    for photo in dataset.photos:
        _boxes(dataset, photo, notes)


def inside(boxes: Floats, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Which boxes (n, 4) lie in a photo of `size`, but for SLACK_PX, and are not empty."""
    low, high = boxes[:, :2], boxes[:, 2:]
    within = (low >= -SLACK_PX) & (high <= np.array(size) + SLACK_PX) & (low < high)
    return np.asarray(within.all(axis=1), np.bool_)


def _boxes(dataset: Dataset, photo: LabelledPhoto, notes: Notes) -> None:
    if not photo.annotations:
        return
    name = where(dataset, photo)
    boxes = np.array([note.box for note in photo.annotations], np.float64)
    sides = boxes[:, 2:] - boxes[:, :2]
    empty = (sides <= 0).any(axis=1)
    tiny = ~empty & (sides < TINY_PX).any(axis=1)
    outside = ~empty & ~inside(boxes, photo.size)
    told = {
        "empty": (empty, "error", "boxes are empty or reversed: x0 < x1 and y0 < y1 must hold"),
        "outside": (outside, "error", f"boxes reach more than {SLACK_PX:g} px out of the photo"),
        "tiny": (tiny, "warning", f"boxes have a side under {TINY_PX:g} px"),
        "repeated": (_repeated(photo), "warning", "boxes are there twice, with the same category"),
    }
    for code, (which, severity, text) in told.items():
        for place in np.flatnonzero(which):
            note = photo.annotations[place]
            shown = " ".join(f"{value:.1f}" for value in note.box)
            place_of = f"{name}: {note.name or note.category} {shown}"
            notes.add(code, severity, text, place_of, photo.path)


def _repeated(photo: LabelledPhoto) -> NDArray[np.bool_]:
    seen: set[tuple[object, ...]] = set()
    found = np.zeros(len(photo.annotations), bool)
    for index, note in enumerate(photo.annotations):
        key = (note.name, *(round(value, 1) for value in note.box))
        found[index] = key in seen
        seen.add(key)
    return found


@dataclass(frozen=True, slots=True)
class Reading:
    """How one photo's boxes fare under both readings of their four numbers.

    `verdict` is "corners" where only they put every box into the photo, "format" where only the
    format's own reading does, "" where both or none do. `overlap` is the mean IoU of the two.
    """

    verdict: str
    overlap: float


def reading_of(photo: LabelledPhoto) -> Reading | None:
    """The Reading of a photo; None where no box has four numbers that could be corners."""
    pairs = [(n.box, n.as_corners) for n in photo.annotations if n.as_corners is not None]
    if not pairs:
        return None
    as_format, as_corners = (np.array(side, np.float64) for side in zip(*pairs, strict=True))
    fits = bool(inside(as_format, photo.size).all())
    fits_as_corners = bool(inside(as_corners, photo.size).all())
    verdict = {(False, True): "corners", (True, False): "format"}.get((fits, fits_as_corners), "")
    return Reading(verdict, float(_iou(as_format, as_corners).mean()))


def _iou(one: Floats, other: Floats) -> Floats:
    """Intersection over union of boxes (n, 4), row by row."""
    shared = np.minimum(one[:, 2:], other[:, 2:]) - np.maximum(one[:, :2], other[:, :2])
    both = np.clip(shared, 0, None).prod(axis=1)
    areas = [np.clip(b[:, 2:] - b[:, :2], 0, None).prod(axis=1) for b in (one, other)]
    found: Floats = both / np.maximum(areas[0] + areas[1] - both, 1e-9)
    return found


def _as_corners(dataset: Dataset, split: str, photos: list[LabelledPhoto], notes: Notes) -> None:
    """Tells when most photos that decide it want their numbers to be read as corners."""
    read = [(photo, reading) for photo in photos if (reading := reading_of(photo)) is not None]
    wrong = [(photo, r) for photo, r in read if r.verdict == "corners"]
    right = sum(r.verdict == "format" for _, r in read)
    if len(wrong) <= right:
        return
    form = READ_AS[dataset.format]
    overlap = float(np.mean([r.overlap for _, r in wrong]))
    text = (
        f"photos{f' of {split}' if split else ''} have their boxes written as corners: of "
        f"{len(read)} photos, {len(wrong)} fit the frame only when the four numbers are read as x0 "
        f"y0 x1 y1, and {right} only when they are read as {form}; the boxes as read overlap the "
        f"meant ones by a mean IoU of {overlap:.2f}; {MEND[dataset.format]}"
    )
    for photo, _ in wrong:
        notes.add("corners", "error", text, where(dataset, photo), photo.path)


def where(dataset: Dataset, photo: LabelledPhoto) -> str:
    """The photo's path inside the data set, as findings name it."""
    root = dataset.root
    path = photo.path
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
