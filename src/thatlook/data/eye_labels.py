"""Photos of people as an eye saw them: what the main person really wears, box by box."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from thatlook.core.errors import DataError
from thatlook.core.image import size_of
from thatlook.core.taxonomy import DETECTOR_CLASSES, VIEWS
from thatlook.data.jsonlines import parsed
from thatlook.data.scenes import PERSON, Scene

FILE = "eye_labels.jsonl"
ODD = "odd"
"""The note of photos that measure nothing: several people, no real person, a silhouette."""

_ARTICLES = "file, articles (category, box of four numbers, box_wrong) and unboxed (category)"
_PERSON = "size (width, height) and person (gender, view, skin, notes)"


def with_eye_labels(scenes: Sequence[Scene], path: Path) -> list[Scene]:
    """The scenes that the file names, with its categories and boxes in place of the old ones.

    A category of which an article has no box, or a wrong one, is not known in that photo: neither
    a label nor a background; nor is one that the file names nowhere. The person stays as known as
    before. Raises DataError.
    """
    seen = dict(parsed(path, lambda row: (row["file"], _read(row)), _ARTICLES))
    named = np.zeros(len(DETECTOR_CLASSES), bool)
    for row in seen.values():
        named[[*row.labels, *row.unsure]] = True
    return [_seen(s, seen[s.path.name], named) for s in scenes if s.path.name in seen]


@dataclass(frozen=True, eq=False)
class EyePhoto:
    """A photo with all that an eye read in it: articles, gender and view are the scene's.

    `size` is that of the photo that was read (width, height), `skin` the main person's tone group;
    `drawn` of the scene's boxes are the reader's, the others a network's own that were accepted.
    """

    scene: Scene
    size: tuple[int, int]
    skin: str
    notes: frozenset[str]
    drawn: int


@dataclass(frozen=True, eq=False)
class EyePhotos:
    """The photos of a file of eye labels that measure, and how many `odd` ones were left out."""

    photos: tuple[EyePhoto, ...]
    odd: int

    @property
    def scenes(self) -> list[Scene]:
        """Their scenes; nobody labelled the box of a person there."""
        return [photo.scene for photo in self.photos]

    @property
    def drawn_share(self) -> float:
        """Which share of the articles has a box that the reader drew; NaN without any."""
        boxes = sum(len(photo.scene.boxes) for photo in self.photos)
        return sum(photo.drawn for photo in self.photos) / boxes if boxes else float("nan")


def eye_photos(folder: Path, path: Path) -> EyePhotos:
    """The photos of `folder` that a file of eye labels names, by these labels alone.

    Raises DataError for a row that is none, a photo that is missing or of another size than the
    one that was read, and where no photo is left.
    """
    rows = list(parsed(path, lambda row: _eye_photo(folder, row), f"{_ARTICLES}, {_PERSON}"))
    kept = tuple(row for row in rows if ODD not in row.notes)
    if not kept:
        raise DataError(f"{path}: no photo without the note {ODD}")
    _check_files(folder, path, kept)
    return EyePhotos(tuple(_as_named(kept)), len(rows) - len(kept))


def _as_named(photos: Sequence[EyePhoto]) -> Iterator[EyePhoto]:
    """The photos; a class that the file names nowhere is not known in any."""
    named = np.zeros(len(DETECTOR_CLASSES), bool)
    for photo in photos:
        named |= ~photo.scene.known
        named[photo.scene.labels] = True
    for photo in photos:
        yield replace(photo, scene=replace(photo.scene, known=photo.scene.known & named))


def _eye_photo(folder: Path, row: dict[str, Any]) -> EyePhoto:
    person, labels = row["person"], _read(row)
    gender = "unclear" if person["gender"] == "unknown" else person["gender"]
    if gender not in ("female", "male", "unclear") or person["view"] not in VIEWS:
        raise ValueError(f"no such gender or view: {person['gender']}, {person['view']}")
    none = np.zeros((0, 4), np.float32), np.zeros(0, np.int64)
    known = np.zeros(len(DETECTOR_CLASSES), bool)
    scene = Scene(folder / row["file"], "street", "", *none, known)
    every = np.ones(len(DETECTOR_CLASSES), bool)
    scene = replace(_seen(scene, labels, every), gender=gender, view=person["view"])
    drawn = sum(bool(a.get("drawn")) for a in row["articles"] if not a["box_wrong"])
    width, height = row["size"]
    return EyePhoto(scene, (width, height), str(person["skin"]), frozenset(person["notes"]), drawn)


def _check_files(folder: Path, path: Path, photos: Sequence[EyePhoto]) -> None:
    files = [photo.scene.path for photo in photos]
    missing = [file.name for file in files if not file.is_file()]
    origin = "labels/README.md of the repository says where the photos come from"
    if missing:
        raise DataError(
            f"{folder}: {len(missing)} of {len(files)} photos of {path.name} are missing, "
            f"first {missing[0]}; {origin}"
        )
    for photo in photos:
        found = size_of(photo.scene.path)
        if found != photo.size:
            raise DataError(f"{photo.scene.path}: {found}, but {photo.size} was read; {origin}")


@dataclass(frozen=True)
class _Row:
    """Boxes with the labels of the sound articles; the labels of those without a sound box."""

    boxes: list[list[float]]
    labels: list[int]
    unsure: list[int]


def _read(row: dict[str, Any]) -> _Row:
    articles = row["articles"]
    sound = [article for article in articles if not article["box_wrong"]]
    unsound = [*(article for article in articles if article["box_wrong"]), *row["unboxed"]]
    boxes = [[float(edge) for edge in article["box"]] for article in sound]
    if any(len(box) != 4 for box in boxes):
        raise ValueError("a box without four edges")
    return _Row(boxes, [_label(a) for a in sound], [_label(a) for a in unsound])


def _label(article: dict[str, Any]) -> int:
    return DETECTOR_CLASSES.index(article["category"])


def _seen(scene: Scene, row: _Row, named: NDArray[np.bool_]) -> Scene:
    person = scene.labels == PERSON
    boxes = [*row.boxes, *scene.boxes[person].tolist()]
    labels = [*row.labels, *scene.labels[person].tolist()]
    known = named.copy()
    known[PERSON] = scene.known[PERSON]
    known[row.unsure] = False
    made = scene.with_boxes(np.array(boxes, np.float32), np.array(labels, np.int64))
    return replace(made, known=known, mask=None)
