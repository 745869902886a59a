"""COCO JSON: images, categories, annotations with `bbox` as x, y, width, height in pixels.

Key points of persons and polygons are kept; regions of many (`iscrowd`) and run-length masks are
not (https://cocodataset.org/#format-data).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from thatlook.core.class_names import class_map
from thatlook.core.errors import DataError
from thatlook.core.taxonomy import KEYPOINTS
from thatlook.data.layout import KEYS
from thatlook.data.notes import Notes, actual_size, four
from thatlook.data.records import Annotation, Dataset, Keypoints, LabelledPhoto

PARTS: Final[dict[str, set[str]]] = {
    "images": {"id", "file_name"},
    "annotations": set(),
    "categories": {"id", "name"},
}
"""The lists of a COCO file, and what each of their entries must have."""
PATTERNS: Final = (
    "*/_annotations.coco.json",
    "_annotations.coco.json",
    "annotations/instances_*.json",
    "annotations/*.json",
)


def files(folder: Path) -> list[Path]:
    """The COCO files of a folder: Roboflow's one per split, or those under `annotations`."""
    found = (sorted(folder.glob(pattern)) for pattern in PATTERNS)
    return next((paths for paths in found if paths), [])


def read(paths: Iterable[Path], explicit: Mapping[str, str] | None = None) -> Dataset:
    """The data set of COCO files of one set of classes. Raises DataError."""
    paths = list(paths)
    contents = [(path, _content(path)) for path in paths]
    names = {str(c["name"]): None for _, content in contents for c in content["categories"]}
    classes = class_map(list(names), explicit)
    notes = Notes()
    photos: list[LabelledPhoto] = []
    for path, content in contents:
        photos += _File(path, content, classes, notes).photos()
    root = paths[0].parent if len(paths) == 1 else paths[0].parent.parent
    return Dataset(root, "coco", tuple(photos), classes, notes.findings())


def _content(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: expected a COCO file in JSON: {error}") from error
    parts = content if isinstance(content, dict) else {}
    for part, needed in PARTS.items():
        rows = parts.get(part)
        if not isinstance(rows, list) or not all(
            isinstance(row, dict) and needed <= set(row) for row in rows
        ):
            about = f" of objects with {', '.join(sorted(needed))}" if needed else " of objects"
            raise DataError(f"{path}: a COCO file has a list {part}{about}")
    return parts


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    content: dict[str, Any]
    classes: Mapping[str, str]
    notes: Notes

    def photos(self) -> list[LabelledPhoto]:
        """The photos that the file describes and that can be read."""
        names = self._names()
        self._order()
        by_image: dict[Any, list[dict[str, Any]]] = defaultdict(list)
        for row in self.content["annotations"]:
            by_image[row.get("image_id")].append(row)
        split, folders = split_in(self.path), _folders(self.path)
        found = []
        for image in self._once():
            file, rows = str(image["file_name"]), by_image.pop(image["id"], [])
            path = next((f / file for f in folders if (f / file).is_file()), None)
            if path is None:
                text = f"photos are not there; looked for beside {self.path.name}, in images/ and "
                text += "in a folder of the split's name, also one folder up"
                self.notes.add("unreadable", "error", text, f"{file}: no such file")
                continue
            promised = (image.get("width"), image.get("height"))
            size = actual_size(path, file, self.notes, promised)
            if size is not None:
                notes = (self._annotation(row, names, file, path) for row in rows)
                found.append(
                    LabelledPhoto(path, size, tuple(n for n in notes if n is not None), split)
                )
        for key, rows in by_image.items():
            text = "annotations are of an image that images does not list"
            self.notes.add("no_photo", "error", text, f"image_id {key}: {len(rows)}")
        return found

    def _names(self) -> dict[Any, str]:
        names: dict[Any, str] = {}
        for category in self.content["categories"]:
            first = names.setdefault(category["id"], str(category["name"]))
            if first != str(category["name"]):
                text = "category ids are there twice, of which the first counts"
                where = f"{category['id']}: {first} and {category['name']}"
                self.notes.add("repeated_class", "error", text, where)
        return names

    def _once(self) -> Iterator[dict[str, Any]]:
        """The images, those left out whose id another had before: whose labels would be whose?"""
        files: dict[Any, str] = {}
        for image in self.content["images"]:
            file = str(image["file_name"])
            first = files.get(image["id"])
            if first is None:
                files[image["id"]] = file
                yield image
                continue
            text = "image ids are there twice, so labels may be another photo's; the first counts"
            self.notes.add("repeated_id", "error", text, f"{image['id']}: {first} and {file}")

    def _order(self) -> None:
        for category in self.content["categories"]:
            told = category.get("keypoints") or list(KEYPOINTS)
            if [str(name).lower() for name in told] != list(KEYPOINTS):
                text = f"categories have other key points than COCO's: {', '.join(KEYPOINTS)}"
                self.notes.add("keypoint_order", "error", text, f"{category['name']}: {told}")

    def _annotation(
        self, row: Mapping[str, Any], names: Mapping[Any, str], file: str, path: Path
    ) -> Annotation | None:
        where = f"{file}: annotation {row.get('id')}"
        name, numbers = names.get(row.get("category_id")), four(row.get("bbox"))
        if row.get("iscrowd"):
            text = "regions of many things in one (iscrowd) are left out"
            self.notes.add("crowd", "warning", text, where, path)
        elif name is None:
            text = "annotations have a category_id that categories does not list"
            self.notes.add("unknown_class", "error", text, where, path)
        elif numbers is None:
            text = "annotations have no bbox of four numbers"
            self.notes.add("malformed", "error", text, where, path)
        else:
            x, y, w, h = numbers
            points, outline = _keypoints(row.get("keypoints")), _outline(row.get("segmentation"))
            if row.get("keypoints") and not points:
                text = f"people have key points that are not {len(KEYPOINTS)} rows of x, y, v"
                self.notes.add("keypoint_count", "error", text, where, path)
            return Annotation(
                self.classes[name],
                (x, y, x + w, y + h),
                name,
                numbers,
                points,
                outline,
                _attributes(row.get("attributes")),
            )
        return None


def split_in(path: Path) -> str:
    """The split that a COCO file's name or folder tells, "" where none does."""
    words = [*path.stem.lower().replace("2017", "").split("_"), path.parent.name.lower()]
    return next((s for s, known in KEYS.items() if set(known) & set(words)), "")


def _folders(path: Path) -> list[Path]:
    """Where the photos of a COCO file may lie: beside it, in `images`, in its split's folder."""
    tail, above = path.stem.split("_")[-1], path.parent.parent
    places = [path.parent, path.parent / "images", above, above / "images"]
    return [*places, above / tail, above / "images" / tail, path.parent / tail]


def _attributes(value: object) -> dict[str, str]:
    """The attributes that are words: what CVAT and others write beside a label."""
    if not isinstance(value, dict):
        return {}
    return {str(name): word for name, word in value.items() if isinstance(word, str)}


def _keypoints(values: object) -> Keypoints:
    """(x, y, visibility) of a person's key points; none where there are not 17."""
    if not isinstance(values, list) or len(values) != 3 * len(KEYPOINTS):
        return ()
    return tuple(
        (float(x), float(y), float(v))
        for x, y, v in zip(values[::3], values[1::3], values[2::3], strict=True)
    )


def _outline(value: object) -> tuple[tuple[float, float], ...]:
    """The longest polygon of a segmentation; none of a run-length one."""
    if not isinstance(value, list) or not value or not isinstance(value[0], list):
        return ()
    longest = max(value, key=len)
    return tuple((float(x), float(y)) for x, y in zip(longest[::2], longest[1::2], strict=False))
