"""The photos with their labels, as the recipes read them, and what is wrong with the labels.

Photos are RGB uint8 arrays; boxes are x0, y0, x1, y1 in pixels of the photo as stored.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from thatlook.core.errors import DataError
from thatlook.core.taxonomy import (
    CATEGORIES,
    DETECTOR_CLASSES,
    KEYPOINTS,
    LONE_CATEGORIES,
    PERSON_CLASS,
    category_of,
    tag_words,
)
from thatlook.data import jsonlines
from thatlook.data.boxes import inside
from thatlook.data.records import Dataset, LabelledPhoto
from thatlook.data.splits import catalog_split, split_of

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

PERSON: Final = DETECTOR_CLASSES.index(PERSON_CLASS)
NO_MASK: Final = 255
"""In a mask: nothing is known about this pixel. 0 is background, k is CATEGORIES[k - 1]."""

FACE: Final = 5
"""The first key points, which a headless crop surely lacks."""

_RENDERED_WITHOUT: Final = ("bag", "eyewear", "neckwear")
"""What no rendered look has: nobody modelled any. They are labelled as absent, so to say."""

STYLES: Final = ("id", "gender", "articleType", "productDisplayName")
"""The columns that a table of product photos must have."""
STYLES_KNOWN_AT_TIMES: Final = ("baseColour", "season", "usage")
"""Those that it may have; NA is not known."""

_UNCLEAR_OTHER: Final = frozenset(
    {"Socks", "Stockings", "Tights", "Briefs", "Trunk", "Bra", "Boxers", "Gloves", "Wallets"}
)


@dataclass(frozen=True)
class Scene:
    """One labelled photo.

    `known` says per detector class whether all of its instances are labelled: where False, a
    missing box is no evidence. A class that a data set never labels is known in none of its
    photos. `kind` is street, tagged, open, pair, product (lone) or model.
    """

    path: Path
    kind: str
    split: str
    boxes: Floats
    labels: NDArray[np.int64]
    known: NDArray[np.bool_]
    mask: Path | None = None
    hint: str = ""
    """What is known without a box: the product's category, or a street photo's tags."""
    gender: str = ""
    view: str = ""
    keypoints: Floats | None = None
    full_shot: bool | None = None

    def with_boxes(self, boxes: Floats, labels: NDArray[np.int64]) -> Scene:
        """Itself with these boxes (k, 4) and class indices (k,)."""
        return replace(self, boxes=boxes.reshape(-1, 4), labels=labels)


def worn(scene: Scene) -> set[int]:
    """The indices of the categories that a tagged street photo's words name."""
    tags = set(scene.hint.split())
    return {CATEGORIES.index(name) for name, listed in tag_words().items() if tags & set(listed)}


@cache
def photo(path: Path) -> Pixels:
    """The (h, w, 3) RGB photo, kept in memory: an epoch reads it again.

    Raises FileNotFoundError where it is missing or no image.
    """
    # Not turned to RGB afterwards: OpenCV's threads for that spin, and what is timed next
    # took twice as long.
    rgb = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    if rgb is None:
        raise FileNotFoundError(f"{path}: expected an image; check the data folder")
    return np.asarray(rgb, np.uint8)


@cache
def _mask_table(path: Path) -> Pixels:
    """Street mask value -> 0 background, 1.. category, NO_MASK unclear (suit)."""
    words: list[str] = json.loads(path.read_text(encoding="utf-8"))
    category = {tag: name for name, listed in tag_words().items() for tag in listed}
    table = np.zeros(256, np.uint8)
    for value, word in enumerate(words):
        if word == "suit":
            table[value] = NO_MASK
        elif word in category:
            table[value] = CATEGORIES.index(category[word]) + 1
    return table


@cache
def street_mask(path: Path, size: tuple[int, int]) -> tuple[Pixels, Pixels]:
    """Category mask and person silhouette (0 or 1), each (h, w) uint8 for `size` (w, h)."""
    raw = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if raw is None:
        raise FileNotFoundError(f"{path}: expected a mask; check the data folder")
    raw = cv2.resize(raw, size, interpolation=cv2.INTER_NEAREST)
    table = _mask_table(path.parent.parent / "mask_labels.json")
    return table[raw], (np.asarray(raw) > 0).astype(np.uint8)


_PAPER, _WHITE = (243, 243, 243), (255, 255, 255)


def foreground_mask(image: Pixels) -> Pixels:
    """The (h, w) uint8 mask, 0 or 1, of what is not white paper, holes filled."""
    paper = cv2.inRange(image, _PAPER, _WHITE)
    seen = np.asarray(paper == 0).astype(np.uint8)
    outlines, _ = cv2.findContours(seen, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    min_area = 0.002 * seen.size
    kept = [line for line in outlines if cv2.contourArea(line) > min_area]
    filled = np.zeros_like(seen)
    cv2.drawContours(filled, kept, -1, 1, cv2.FILLED)
    return np.asarray(filled, np.uint8)


def extent(mask: Pixels) -> Floats | None:
    """The box (4,) float32 around the non-zero pixels, or None where there are none."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    if not len(rows):
        return None
    return np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1], np.float32)


def plausible_person(points: Floats) -> bool:
    """Whether 17 key points (17, 3) can be an upright person: head above shoulders of some width.

    The teacher of the product photos also sees people in shoes and bags.
    """
    nose, left, right = points[0], points[5], points[6]
    width = float(np.hypot(*(left - right)[:2]))
    middle = (left + right) / 2
    sure = min(nose[2], left[2], right[2]) > 0.85
    upright = nose[1] < middle[1] - 0.2 * width and abs(nose[0] - middle[0]) < 0.8 * width
    return bool(sure and width > 25 and nose[:2].min() >= 0 and upright)


def faces_camera(points: Floats) -> bool:
    """Whether the left shoulder lies well to the right of the other, as in a front view.

    Well means by half the distance from shoulders to hips; of a plausible person.
    """
    shoulders, hips = points[[5, 6], :2], points[[11, 12], :2]
    tall = float(np.hypot(*(shoulders.mean(0) - hips.mean(0))))
    return bool(shoulders[0, 0] - shoulders[1, 0] > 0.5 * tall)


def _boxed(articles: Sequence[tuple[str, Sequence[float]]]) -> tuple[Floats, NDArray[np.int64]]:
    boxes = np.array([box for _, box in articles], np.float32).reshape(-1, 4)
    return boxes, np.array([DETECTOR_CLASSES.index(name) for name, _ in articles], np.int64)


def known_classes(names: Iterable[str]) -> NDArray[np.bool_]:
    """Which detector classes are among the names: those of which a data set's labels speak."""
    spoken_of = set(names)
    return np.array([name in spoken_of for name in DETECTOR_CLASSES])


def _lines(path: Path) -> list[dict[str, Any]]:
    return [row for _, row in jsonlines.rows(path)]


def street_scenes(folder: Path) -> list[Scene]:
    """All street photos but those with a `suit` region; kind `tagged` where there are no boxes."""
    scenes = []
    rows = _lines(folder / "street.jsonl")
    labelled = known_classes(a["category"] for row in rows for a in row.get("articles") or [])
    for row in rows:
        articles = [(a["category"], a["box"]) for a in row.get("articles") or []]
        if any(name == "suit" for name, _ in articles) or row["odd"]:
            continue
        mask = folder / "masks" / (Path(row["file"]).stem + ".png")
        points = row.get("keypoints") or None
        scenes.append(
            Scene(
                folder / "images" / row["file"],
                "street" if articles else "tagged",
                split_of(row["file"]),
                *_boxed(articles),
                labelled & bool(articles),
                mask if articles and mask.is_file() else None,
                " ".join(row.get("tags", [])),
                row["gender"],
                row["view"],
                None if points is None else np.array(points, np.float32),
                row["full_shot"],
            )
        )
    return scenes


def labelled_people(dataset: Dataset) -> list[Scene]:
    """Everyone labelled with key points in one's own data, one scene each: kind `street` where the
    labels' attributes name gender and view, else `open`.
    """
    known = known_classes([PERSON_CLASS])
    return [
        Scene(
            found.path,
            "street" if {"gender", "view"} <= set(note.attributes) else "open",
            found.split,
            *_boxed([(PERSON_CLASS, note.box)]),
            known,
            gender=note.attributes.get("gender", ""),
            view=note.attributes.get("view", ""),
            keypoints=np.array(note.keypoints, np.float32),
        )
        for found in dataset.photos
        for note in found.kept
        if note.category == PERSON_CLASS and any(v > 0 for _, _, v in note.keypoints)
    ]


def labelled_scenes(dataset: Dataset) -> list[Scene]:
    """The labelled photos of one's own data: kind `street`, classes of no category left out.

    A class that the data does not have is not known anywhere in it, and in a photo one of whose
    boxes is empty or reaches out of it (`boxes.inside`) that box's class is not: such boxes are
    left out.
    """
    known = known_classes(dataset.classes.values())
    return [_labelled_scene(found, known) for found in dataset.photos if found.labelled]


def _labelled_scene(found: LabelledPhoto, known: NDArray[np.bool_]) -> Scene:
    corners = np.array([note.box for note in found.kept], np.float64).reshape(-1, 4)
    sound = inside(corners, found.size)
    broken = {note.category for note, fits in zip(found.kept, sound, strict=True) if not fits}
    kept = [note for note, fits in zip(found.kept, sound, strict=True) if fits]
    return Scene(
        found.path,
        "street",
        found.split,
        *_boxed([(note.category, note.box) for note in kept]),
        known & ~known_classes(broken),
    )


def pair_scenes(folder: Path) -> list[Scene]:
    """The rendered looks of `folder`/looks.jsonl with exact boxes and key points."""
    scenes = []
    rows = _lines(folder / "looks.jsonl")
    worn_names = {a["category"] for row in rows for a in row["articles"]}
    known = known_classes({*worn_names, *_RENDERED_WITHOUT, PERSON_CLASS})
    for row in rows:
        path = folder / row["file"]
        articles = [(a["category"], a["box"]) for a in row["articles"] if a["visible_px"] > 60]
        articles.append((PERSON_CLASS, row["person_box"]))
        points = np.array(row["keypoints"], np.float32)
        points[:, 2] = (points[:, 2] > 0).astype(np.float32)
        scenes.append(
            Scene(
                path,
                "pair",
                split_of(path.name),
                *_boxed(articles),
                known,
                gender=row["gender"],
                view=row["view"],
                keypoints=points,
            )
        )
    return scenes


def styles(folder: Path) -> list[dict[str, str]]:
    """The rows of the product photos' `styles.csv` whose photo, `images/ID.jpg`, exists.

    They have the columns STYLES and STYLES_KNOWN_AT_TIMES, "NA" where the table lacks one of these.
    Raises DataError where it cannot be read or lacks one of STYLES, and where no photo exists.
    """
    path = folder / "styles.csv"
    wanted = f"{path}: expected the product photos' table, with the columns {', '.join(STYLES)}"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{wanted}: {error}") from error
    missing = [name for name in STYLES if rows and name not in rows[0]]
    if missing:
        raise DataError(f"{wanted}; {', '.join(missing)} missing")
    found = [r for r in rows if (folder / "images" / f"{r['id']}.jpg").is_file()]
    if not found:
        raise DataError(f"{folder / 'images'}: no photo is called as an id of {path.name}, ID.jpg")
    return [dict.fromkeys(STYLES_KNOWN_AT_TIMES, "NA") | row for row in found]


def product_scenes(folder: Path) -> list[Scene]:
    """Product photos: kind `product` with the foreground's box, or `model` with the person's.

    A photo is a model's where plausible key points were seen, or where trousers enter the
    frame from above. Kinds of product that the categories leave open are left out.
    """
    rows = styles(folder)
    side = catalog_split({r["id"]: r["productDisplayName"] for r in rows}, folder / "images")
    seen = {
        r["file"]: np.array(r["keypoints"], np.float32) for r in _lines(folder / "keypoints.jsonl")
    }
    sold = [category_of(r["articleType"], r["productDisplayName"]) for r in rows]
    known = known_classes([*sold, PERSON_CLASS])
    scenes = []
    for row, category in zip(rows, sold, strict=True):
        path = folder / "images" / f"{row['id']}.jpg"
        scene = _product_scene(row, path, seen.get(path.name), category, known)
        if scene is not None:
            scenes.append(replace(scene, split=side[row["id"]]))
    return scenes


def _product_scene(
    row: dict[str, str],
    path: Path,
    points: Floats | None,
    category: str,
    known: NDArray[np.bool_],
) -> Scene | None:
    box = extent(foreground_mask(photo(path)))
    if box is None or (category == "other" and row["articleType"] in _UNCLEAR_OTHER):
        return None
    gender = {"Men": "male", "Women": "female"}.get(row["gender"], "")
    person = points is not None and plausible_person(points) and category not in LONE_CATEGORIES
    headless = category == "bottomwear" and box[1] <= 1
    if person or headless:
        known = known_classes([PERSON_CLASS])
        found, labels = _boxed([(PERSON_CLASS, box.tolist())])
        kept = points if person else None
        view = "front" if kept is not None and faces_camera(kept) else ""
        return Scene(path, "model", "", found, labels, known, None, category, gender, view, kept)
    articles = [] if category == "other" else [(category, box.tolist())]
    return Scene(path, "product", "", *_boxed(articles), known, None, category, gender)


def person_box(scene: Scene) -> Floats:
    """The person's box (4,): labelled, else the key points' extent with head, feet and elbows."""
    found = scene.boxes[scene.labels == PERSON]
    if len(found):
        return np.asarray(found[0], np.float32)
    if scene.keypoints is None:
        return scene.boxes[0] if len(scene.boxes) else np.array([0, 0, 224, 224], np.float32)
    low, high = scene.keypoints[:, :2].min(0), scene.keypoints[:, :2].max(0)
    tall = float(high[1] - low[1])
    grow = np.array([-0.05, -0.09, 0.05, 0.06], np.float32) * tall
    height, width = photo(scene.path).shape[:2]
    limit = np.array([width, height, width, height], np.float32)
    return np.asarray(np.clip(np.concatenate([low, high]) + grow, 0, limit), np.float32)


def joint_states(scene: Scene) -> NDArray[np.int64]:
    """Which key points are trusted: 1 labelled in the photo, 0 surely outside, -1 unknown."""
    state = np.full(len(KEYPOINTS), -1, np.int64)
    if scene.kind == "product":
        return np.zeros_like(state)
    if scene.keypoints is None:
        state[:FACE] = 0
        return state
    height, width = photo(scene.path).shape[:2]
    x, y, seen = scene.keypoints.T
    inside = (x >= 0) & (y >= 0) & (x < width) & (y < height)
    sure = seen >= (0.5 if scene.kind == "model" else 0.2)
    if scene.kind == "pair":
        return np.where(inside, 1, 0)
    return np.where(inside, np.where(sure, 1, -1), 0)
