"""What every reader gives: photos with their labels as they were written, right or wrong.

A box here may be empty, reversed or outside its photo: the audit says so. Numbers are pixels of
the photo after its EXIF rotation.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from thatlook.core.errors import DataError
from thatlook.core.records import ReadOnly
from thatlook.core.taxonomy import DETECTOR_CLASSES, OTHER

Corners = tuple[float, float, float, float]
Keypoints = tuple[tuple[float, float, float], ...]

SPLITS: Final = ("train", "val", "test", "")
"""The last is a photo that nobody assigned."""

SEVERITIES: Final = ("error", "warning")


@dataclass(frozen=True, slots=True)
class Annotation:
    """One labelled thing.

    `category` is one of DETECTOR_CLASSES, or "other" for a `name` that is none of them. `box` is
    x0, y0, x1, y1 as the format says to read it; `as_corners` the same four numbers read as
    x0, y0, x1, y1 where the format means something else, else None. `keypoints` are (x, y,
    visibility) in COCO order, `outline` the (x, y) of a polygon, `attributes` what else the label
    says, such as a person's gender.
    """

    category: str
    box: Corners
    name: str = ""
    as_corners: Corners | None = None
    keypoints: Keypoints = ()
    outline: tuple[tuple[float, float], ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.category not in {*DETECTOR_CLASSES, OTHER}:
            known = ", ".join((*DETECTOR_CLASSES, OTHER))
            raise DataError(f"category must be one of {known}, not {self.category!r}")


@dataclass(frozen=True, slots=True)
class LabelledPhoto:
    """A photo and what is labelled in it. `size` is (width, height).

    `labelled` is False where nobody looked: no box is then no evidence. `extras` is what else
    the format knows, by the format's own words.
    """

    path: Path
    size: tuple[int, int]
    annotations: tuple[Annotation, ...]
    split: str = ""
    labelled: bool = True
    extras: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.split not in SPLITS:
            raise DataError(f"split must be one of {SPLITS}, not {self.split!r}")
        object.__setattr__(self, "extras", ReadOnly(self.extras))

    @property
    def kept(self) -> tuple[Annotation, ...]:
        """The annotations of DETECTOR_CLASSES: what a training can use."""
        return tuple(note for note in self.annotations if note.category != OTHER)


@dataclass(frozen=True, slots=True)
class DatasetFinding:
    """Something wrong, or to be known, about a data set.

    `code` is stable; `message` is for people and says what to do; `count` how many things it is
    about, `examples` where some of them are, `photos` their photos.
    """

    code: str
    severity: str
    message: str
    count: int = 1
    examples: tuple[str, ...] = ()
    photos: tuple[Path, ...] = ()

    def __post_init__(self) -> None:
        if self.severity not in SEVERITIES:
            raise DataError(f"severity must be one of {SEVERITIES}, not {self.severity!r}")

    def to_dict(self) -> dict[str, Any]:
        """Its JSON; the photos are left to the examples."""
        names = ("code", "severity", "message", "count")
        return {name: getattr(self, name) for name in names} | {"examples": list(self.examples)}


@dataclass(frozen=True, slots=True)
class Dataset:
    """Photos with labels. `classes` maps the source's class names to ours; `findings` is what
    the reader itself stumbled over. `format` is "yolo", "coco" or "street".
    """

    root: Path
    format: str
    photos: tuple[LabelledPhoto, ...]
    classes: Mapping[str, str]
    findings: tuple[DatasetFinding, ...] = ()

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that have photos, train first."""
        found = Counter(photo.split for photo in self.photos)
        return tuple(split for split in SPLITS if split in found)
