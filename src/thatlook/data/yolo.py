"""YOLO folders: a data.yaml, photos, and beside each a text file of `class x y width height`.

The four numbers are the middle and the size as shares of the photo's width and height. A row of
more numbers is the class and a polygon, whose extent is the box (Ultralytics, "Object Detection
Datasets" and "Instance Segmentation Datasets").
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from thatlook.core.class_names import class_map
from thatlook.data import layout
from thatlook.data.notes import Notes, actual_size
from thatlook.data.records import Annotation, Corners, Dataset, LabelledPhoto

SHARE: Final = 2.0
"""Above this no share of a width or height is meant: the numbers are pixels."""

PROBLEMS: Final = {
    "malformed": "rows are not a class and four numbers, nor a class and a polygon's x y pairs",
    "unknown_class": "rows have a class number that names does not have",
    "missing_split": "places of photos that data.yaml names do not exist",
    "empty_split": "places that data.yaml names hold no photos",
    "pixels": "rows have numbers far above 1: pixels, where shares of width and height belong",
}


def read(path: Path, explicit: Mapping[str, str] | None = None) -> Dataset:
    """The data set of a `data.yaml`. `explicit` maps class names that do not tell themselves.

    Raises DataError, MissingExtraError.
    """
    found = layout.read(path)
    classes = class_map(found.names, explicit)
    notes = Notes()
    if found.count != len(found.names):
        message = f"nc and names disagree: {found.count} classes, {len(found.names)} names"
        notes.add("class_count", "error", message, path.name)
    folder = _Folder(found.root.resolve(), found.names, classes, notes)
    photos = [
        photo
        for split, written, place in found.places
        for photo in folder.split(split, written, place)
    ]
    return Dataset(path.parent.resolve(), "yolo", tuple(photos), classes, notes.findings())


@dataclass(frozen=True, slots=True)
class _Folder:
    root: Path
    names: Sequence[str]
    classes: Mapping[str, str]
    notes: Notes

    def split(self, split: str, written: str, place: Path | None) -> Iterator[LabelledPhoto]:
        """The photos of one place that data.yaml names."""
        photos = [] if place is None else layout.photos(place)
        if not photos:
            code = "missing_split" if place is None else "empty_split"
            severity = "warning" if split == "test" else "error"
            self.notes.add(code, severity, PROBLEMS[code], f"{split}: {written}")
        for path in photos:
            photo = self._photo(path, split)
            if photo is not None:
                yield photo
        self._strays(photos)

    def _photo(self, path: Path, split: str) -> LabelledPhoto | None:
        size = actual_size(path, self._name(path), self.notes)
        if size is None:
            return None
        label = layout.label_of(path)
        if not label.is_file():
            return LabelledPhoto(path, size, (), split, labelled=False)
        lines = label.read_text(encoding="utf-8", errors="replace").splitlines()
        rows = [
            self._row(line.split(), size, f"{self._name(label)}:{number}", path)
            for number, line in enumerate(lines, start=1)
            if line.strip()
        ]
        return LabelledPhoto(path, size, tuple(row for row in rows if row is not None), split)

    def _row(
        self, words: list[str], size: tuple[int, int], where: str, path: Path
    ) -> Annotation | None:
        found = annotation_of(words, size, self.names, self.classes)
        if isinstance(found, str):
            self.notes.add(found, "error", PROBLEMS[found], where, path)
            return None
        return found

    def _strays(self, photos: Sequence[Path]) -> None:
        known = {layout.label_of(path) for path in photos}
        for folder in sorted({label.parent for label in known}):
            if folder.is_dir():
                for label in sorted(set(folder.glob("*.txt")) - known):
                    if label.name != "classes.txt":
                        text = "label files have no photo; their boxes are lost"
                        self.notes.add("no_photo", "error", text, self._name(label))

    def _name(self, path: Path) -> str:
        inside = path.is_relative_to(self.root)
        return path.relative_to(self.root).as_posix() if inside else str(path)


def annotation_of(
    words: Sequence[str],
    size: tuple[int, int],
    names: Sequence[str],
    classes: Mapping[str, str],
) -> Annotation | str:
    """The annotation in the words of one row, for a photo of `size`, or a code of PROBLEMS."""
    numbers = _numbers(words)
    if numbers is None or len(numbers) < 5 or len(numbers) % 2 == 0:
        return "malformed"
    index, values = numbers[0], numbers[1:]
    if index != int(index) or not 0 <= index < len(names):
        return "unknown_class"
    if max(map(abs, values)) > SHARE:
        return "pixels"
    name = names[int(index)]
    points = [(x * size[0], y * size[1]) for x, y in zip(values[::2], values[1::2], strict=True)]
    if len(values) == 4:
        (x, y), (w, h) = points
        box = (x - w / 2, y - h / 2, x + w / 2, y + h / 2)
        return Annotation(classes[name], box, name, as_corners=(x, y, w, h))
    return Annotation(classes[name], extent(points), name, outline=tuple(points))


def extent(points: Sequence[tuple[float, float]]) -> Corners:
    """The box around (x, y) points."""
    xs, ys = zip(*points, strict=True)
    return (min(xs), min(ys), max(xs), max(ys))


def _numbers(words: Sequence[str]) -> list[float] | None:
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        return None
    return numbers if all(map(math.isfinite, numbers)) else None
