"""Where the photos and labels of a YOLO folder lie, as its `data.yaml` says.

Ultralytics keeps images/train beside labels/train, Roboflow train/images beside train/labels and
writes `../train/images` in a data.yaml that lies beside train/.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from thatlook.core.errors import DataError, MissingExtraError
from thatlook.core.image import SUFFIXES

KEYS: Final = {"train": ("train",), "val": ("val", "valid", "validation"), "test": ("test",)}
"""The words for each split, in data.yaml and in folder names."""


@dataclass(frozen=True, slots=True)
class YoloFolder:
    """A YOLO folder: class names by index, and per split the places of its photos, None where
    a place that data.yaml names does not exist.
    """

    root: Path
    names: tuple[str, ...]
    count: int
    """How many classes `nc` promises; that of `names` where it is absent."""
    places: tuple[tuple[str, str, Path | None], ...]
    """(split, as written, folder or list of photos)."""


def find(folder: Path) -> Path | None:
    """The `data.yaml` of a YOLO folder, or its only YAML file; None where there is none."""
    found = sorted(path for path in folder.iterdir() if path.suffix in {".yaml", ".yml"})
    named = [path for path in found if path.stem == "data"]
    return (named or found)[0] if named or len(found) == 1 else None


def read(path: Path) -> YoloFolder:
    """The layout in a `data.yaml`. Raises DataError where it is none, MissingExtraError."""
    content = _yaml(path)
    names = _names(content.get("names"), path)
    root = path.parent
    if isinstance(content.get("path"), str) and (root / content["path"]).is_dir():
        root = root / content["path"]
    places = [
        (split, str(value), _place(root, path.parent, str(value)))
        for split, keys in KEYS.items()
        for key in keys
        for value in _listed(content.get(key))
    ]
    if not places:
        places = [(split, str(place), place) for split, place in _customary(root)]
    if not places:
        raise DataError(f"{path}: expected train, val or test to name folders of photos")
    count = content.get("nc", len(names))
    return YoloFolder(root, names, count if isinstance(count, int) else -1, tuple(places))


def _yaml(path: Path) -> dict[str, Any]:
    try:
        import yaml
    except ImportError as error:
        raise MissingExtraError("reading data.yaml", "eval") from error
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise DataError(f"{path}: expected a YAML file: {error}") from error
    if not isinstance(content, dict):
        raise DataError(f"{path}: expected names, train and val, not {content!r}")
    return content


def _names(value: Any, path: Path) -> tuple[str, ...]:
    """Class names by index, of a list or a {0: name, 1: name} table."""
    if isinstance(value, dict) and set(value) == set(range(len(value))):
        value = [value[index] for index in range(len(value))]
    if not isinstance(value, list) or not value:
        raise DataError(f"{path}: names must list the class names by index, not {value!r}")
    return tuple(str(name) for name in value)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def _place(root: Path, beside: Path, written: str) -> Path | None:
    inside = Path(*(part for part in Path(written).parts if part != ".."))
    tried = (root / written, beside / written, root / inside, beside / inside)
    return next((place.resolve() for place in tried if place.exists()), None)


def _customary(root: Path) -> Iterator[tuple[str, Path]]:
    for split, words in KEYS.items():
        tried = [root / word / "images" for word in words] + [root / "images" / w for w in words]
        found = [place for place in tried if place.is_dir()]
        yield from ((split, place) for place in found[:1])


def photos(place: Path) -> list[Path]:
    """The photos in a folder, at any depth, or in a text file that lists them; sorted."""
    if place.is_file():
        lines = place.read_text(encoding="utf-8").split("\n")
        return sorted(place.parent / line.strip() for line in lines if line.strip())
    return sorted(path for path in place.rglob("*") if path.suffix.lower() in SUFFIXES)


def label_of(photo: Path) -> Path:
    """The label file of a photo: `labels` in place of the last `images`, or beside it."""
    parts = list(photo.with_suffix(".txt").parts)
    if "images" in parts[:-1]:
        last = len(parts) - 2 - parts[:-1][::-1].index("images")
        parts[last] = "labels"
    return Path(*parts)
