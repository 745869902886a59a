"""Any labelled data set to a Dataset: the form is told from what is there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from thatlook.core.errors import DataError
from thatlook.core.taxonomy import OTHER
from thatlook.data import coco, layout, street, yolo
from thatlook.data.records import Dataset, DatasetFinding


def read(
    path: str | Path,
    explicit: Mapping[str, str] | None = None,
    split_of: Callable[[str], str] | None = None,
) -> Dataset:
    """The labelled photos at `path`, with what the reader stumbled over.

    `path` is a COCO file, a `data.yaml`, or a folder with one of them, with `street.jsonl` or
    with `street/`. `explicit` maps class names to ours, or to "other" to leave a class out;
    `split_of` gives file names their split where the form has none. Raises DataError,
    MissingExtraError.
    """
    found = _read(Path(path), explicit or {}, split_of)
    if split_of is not None:
        found = with_splits(found, split_of)
    unmatched = _unmatched(found, explicit or {})
    return replace(found, findings=(*found.findings, *unmatched))


def with_splits(dataset: Dataset, split_of: Callable[[str], str]) -> Dataset:
    """The data set with a split, by the file's name, for photos that are in none."""
    photos = (p if p.split else replace(p, split=split_of(p.path.name)) for p in dataset.photos)
    return replace(dataset, photos=tuple(photos))


def _read(
    path: Path, explicit: Mapping[str, str], split_of: Callable[[str], str] | None
) -> Dataset:
    if path.suffix in {".yaml", ".yml"}:
        return yolo.read(path, explicit)
    if path.suffix == ".json":
        return coco.read([path], explicit)
    if not path.is_dir():
        raise DataError(f"{path}: expected a folder, a COCO file or a data.yaml")
    for folder in (path, path / "street"):
        if (folder / street.FILE).is_file():
            return street.read(folder, explicit, split_of)
    described, files = layout.find(path), coco.files(path)
    if described is not None:
        return yolo.read(described, explicit)
    if files:
        return coco.read(files, explicit)
    raise DataError(
        f"{path}: no labelled data set: expected data.yaml (YOLO), _annotations.coco.json or "
        f"annotations/*.json (COCO), or {street.FILE}"
    )


def _unmatched(found: Dataset, explicit: Mapping[str, str]) -> tuple[DatasetFinding, ...]:
    """Findings of the classes that became "other" though nobody said so."""
    names = [n for n, category in found.classes.items() if category == OTHER and n not in explicit]
    if not names:
        return ()
    counts = Counter(note.name for photo in found.photos for note in photo.annotations)
    nothing = all(category == OTHER for category in found.classes.values())
    text = "class names are none of our categories, so their boxes are left out; "
    return (
        DatasetFinding(
            "unmatched_class",
            "error" if nothing else "warning",
            text + "map them with --map-class NAME=CATEGORY, or to other to be silent",
            len(names),
            tuple(f"{name} ({counts[name]} boxes)" for name in names),
            tuple(p.path for p in found.photos if any(a.name in names for a in p.annotations))[:20],
        ),
    )
