"""The street photos: a `street.jsonl`, one photo per line, boxes as x0, y0, x1, y1 in pixels.

A photo without `articles` is not labelled: its tags say what is worn, but not where. `suit` is a
suit's jacket, sometimes with its trousers in one region, and becomes "other" unless told
otherwise; its photo is flagged.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from thatlook.core.class_names import class_map
from thatlook.core.errors import DataError
from thatlook.core.taxonomy import DETECTOR_CLASSES, OTHER
from thatlook.data.notes import Notes, actual_size, four
from thatlook.data.records import Annotation, Dataset, LabelledPhoto

FILE: Final = "street.jsonl"
SUIT: Final = "suit"
_EXTRAS: Final = ("gender", "view", "full_shot", "odd", "keypoints", "tags")


def read(
    folder: Path,
    explicit: Mapping[str, str] | None = None,
    split_of: Callable[[str], str] | None = None,
) -> Dataset:
    """The data set in a folder with `street.jsonl`, `images` and `masks`.

    `split_of` gives each file name its split; without it there are none. Raises DataError.
    """
    rows = _rows(folder / FILE)
    classes = class_map(_labelled(rows), {SUIT: OTHER, **(explicit or {})})
    notes = Notes()
    reader = _Street(folder, classes, notes, split_of or (lambda _: ""))
    found = [reader.photo(row, f"{FILE}:{n}") for n, row in rows]
    photos = tuple(photo for photo in found if photo is not None)
    return Dataset(folder, "street", photos, classes, notes.findings())


def _labelled(rows: Sequence[tuple[int, Mapping[str, Any]]]) -> list[str]:
    """The classes that any photo has labels of, and the suit: others are known in none."""
    used = {str(a.get("category")) for _, row in rows for a in row.get("articles") or []}
    return [*(name for name in DETECTOR_CLASSES if name in used), SUIT]


def _rows(path: Path) -> list[tuple[int, dict[str, Any]]]:
    rows = []
    try:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            row = json.loads(line)
            if not isinstance(row, dict) or not isinstance(row.get("file"), str):
                raise DataError(f"{path}:{number}: expected an object with a file")
            rows.append((number, row))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"{path}: expected one JSON object per line: {error}") from error
    return rows


@dataclass(frozen=True, slots=True)
class _Street:
    folder: Path
    classes: Mapping[str, str]
    notes: Notes
    split_of: Callable[[str], str]

    def photo(self, row: Mapping[str, Any], where: str) -> LabelledPhoto | None:
        """The photo of a row; None where it cannot be read."""
        path = self.folder / "images" / row["file"]
        size = actual_size(path, row["file"], self.notes, (row.get("width"), row.get("height")))
        if size is None:
            return None
        articles = row.get("articles") or []
        found = [self._annotation(article, where, path) for article in articles]
        mask = self.folder / "masks" / f"{path.stem}.png"
        extras = {name: row[name] for name in _EXTRAS if name in row}
        extras[SUIT] = any(article.get("category") == SUIT for article in articles)
        return LabelledPhoto(
            path,
            size,
            tuple(note for note in found if note is not None),
            self.split_of(row["file"]),
            labelled=bool(articles),
            extras=extras | ({"mask": mask} if mask.is_file() else {}),
        )

    def _annotation(self, article: Mapping[str, Any], where: str, path: Path) -> Annotation | None:
        name, box = str(article.get("category")), four(article.get("box"))
        if name not in self.classes:
            text = "articles are of no known category"
            self.notes.add("unknown_class", "error", text, f"{where}: {name}", path)
            return None
        if box is None:
            self.notes.add("malformed", "error", "boxes are not four numbers", where, path)
            return None
        return Annotation(self.classes[name], box, name)
