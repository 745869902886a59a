"""One product or worn article each, with its crops and labels: what the embedding is about."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from thatlook.core.taxonomy import (
    CATEGORIES,
    DETECTOR_CLASSES,
    PRODUCT_CATEGORIES,
    category_of,
    gender_of,
    pattern_of,
    patterns,
    tag_words,
    words,
)
from thatlook.data.pairs.table import lines
from thatlook.data.scenes import (
    Floats,
    Scene,
    extent,
    foreground_mask,
    pair_scenes,
    photo,
    styles,
)
from thatlook.data.splits import catalog_groups, split_of
from thatlook.data.worn import WornPhoto

SIDE: Final = 224
EXPAND: Final = 1.05
HEADS: Final = ("type", "color", "pattern", "usage", "category", "season")
_RARE: Final = (5, 12)
"""A type, or a color, on fewer training products than this has no class of its own."""

_RARE_WORD: Final = 20
"""A word in fewer training products' names than this is not learned."""

_MIN_WORN_PX: Final = 1200
"""Smaller crops of street photos, in square pixels, teach nothing."""

_SAME_COLOR: Final = {
    "navy": "navy blue",
    "camel": "tan",
    "light blue": "blue",
    "dark blue": "navy blue",
}


_WORN_TYPES: Final = {
    "pants": "trousers",
    "blouse": "tops",
    "jumper": "sweaters",
    "hoodie": "sweatshirts",
    "pumps": "heels",
    "wedges": "heels",
    "sneakers": "casual shoes",
    "loafers": "casual shoes",
    "purse": "handbags",
    "blazer": "",
    "romper": "",
    "leggings": "",
    "wallet": "",
    "hat": "",
}
"""The shop's type for a street photo's tag that does not name it; none where the shop's type of
that name is another thing, or too few."""

_FLATLAY_TYPES: Final = {
    "T-Shirt": "tshirts",
    "Polo": "tshirts",
    "Shirt": "shirts",
    "Top": "tops",
    "Blouse": "tops",
    "Dress": "dresses",
    "Shorts": "shorts",
    "Skirt": "skirts",
    "Hoodie": "sweatshirts",
}
"""The shop's type for a flat-lay photo's label. Pants may be jeans, shoes may be anything."""


@dataclass(frozen=True)
class Item:
    """One thing: `crops` are (photo, box) that show it, `labels` a word or "" per HEADS."""

    id: str
    part: str
    split: str
    crops: tuple[tuple[Path, tuple[float, float, float, float]], ...]
    labels: tuple[str, ...]
    kind: str = "product"
    title: str = ""
    group: str = ""
    """One word for near-duplicates."""


def _box(values: Floats) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (float(v) for v in values)
    return x0, y0, x1, y1


def catalog_items(folder: Path, boxes: Mapping[str, Sequence[float]]) -> list[Item]:
    """The shop's products; `boxes` by id where the article network found the own article."""
    rows = styles(folder)
    group = catalog_groups({r["id"]: r["productDisplayName"] for r in rows}, folder / "images")
    items = []
    for row in rows:
        path = folder / "images" / f"{row['id']}.jpg"
        category = category_of(row["articleType"], row["productDisplayName"])
        gender = gender_of(row["gender"])
        found = boxes.get(row["id"])
        box = whole_extent(path) if found is None else np.array(found, np.float32)
        usage = (
            row["usage"].lower() if row["usage"] in ("Casual", "Formal", "Sports", "Ethnic") else ""
        )
        color = "" if row["baseColour"] == "NA" else row["baseColour"].lower()
        pattern = pattern_of(row["productDisplayName"]) or ""
        season = "" if row["season"] == "NA" else row["season"].lower()
        labels = (row["articleType"].lower(), color, pattern, usage, category, season)
        items.append(
            Item(
                row["id"],
                f"{category}/{gender}",
                split_of(group[row["id"]]),
                ((path, _box(box)),),
                labels,
                title=row["productDisplayName"],
                group=group[row["id"]],
            )
        )
    return items


def pair_items(folder: Path) -> list[Item]:
    """The rendered products of `folder`/products.csv with their shots and, of the training looks,
    their places in the scenes.
    """
    with (folder / "products.csv").open(encoding="utf-8", newline="") as file:
        rows = {r["id"]: r for r in csv.DictReader(file)}
    crops: dict[str, list[tuple[Path, tuple[float, float, float, float]]]] = {}
    for row in rows.values():
        path = (folder / row["image_link"]).resolve()
        if path.is_file():
            crops[row["id"]] = [(path, _box(whole_extent(path)))]
    sides = {s.path.name: s.split for s in pair_scenes(folder)}
    for line in (folder / "looks.jsonl").read_text(encoding="utf-8").splitlines():
        look = json.loads(line)
        path = folder / look["file"]
        if sides[path.name] == "train":
            for article in look["articles"]:
                if article["product_id"] in crops and article["visible_px"] > 400:
                    x0, y0, x1, y1 = article["box"]
                    crops[article["product_id"]].append((path, (x0, y0, x1, y1)))
    items = []
    for key, found in crops.items():
        row = rows[key]
        color = row["color"].split("/")[0]
        labels = (
            "",
            _SAME_COLOR.get(color, color),
            pattern_of(row["pattern"]) or "",
            "",
            row["category"],
            "",
        )
        items.append(
            Item(key, f"{row['category']}/{row['gender']}", "train", tuple(found), labels, "pair")
        )
    return items


def worn_type(tag: str, types: Iterable[str]) -> str:
    """The shop's type for a street photo's tag: the one of the same word, one or many of it, but
    for exceptions; "" where there is none or several.
    """
    if tag in _WORN_TYPES:
        return _WORN_TYPES[tag]
    same = {kind for kind in types if words(kind) == words(tag)}
    return same.pop() if len(same) == 1 else ""


def street_items(scenes: Sequence[Scene], types: Iterable[str]) -> list[Item]:
    """The worn articles of labelled street photos: their category is known, and the type (one of
    the shop's `types`) where one tag alone speaks of that category.
    """
    type_of = {tag: worn_type(tag, types) for listed in tag_words().values() for tag in listed}
    items = []
    for scene in scenes:
        tags = set(scene.hint.split())
        for index, (box, label) in enumerate(zip(scene.boxes, scene.labels, strict=True)):
            if label < len(CATEGORIES) and np.prod(box[2:] - box[:2]) > _MIN_WORN_PX:
                category = DETECTOR_CLASSES[label]
                told = sorted(tags.intersection(tag_words()[category]))
                kind = type_of[told[0]] if len(told) == 1 else ""
                labels = (kind, "", "", "", category, "")
                crops = ((scene.path, _box(box)),)
                key = f"{scene.path.stem}-{index}"
                items.append(
                    Item(key, f"{category}/{scene.gender}", scene.split, crops, labels, "street")
                )
    return items


_EYE_TYPES: Final = {
    "coats": "jackets",
    "blazers": "jackets",
    "capes": "jackets",
    "cardigans": "sweaters",
    "hats": "caps",
    "beanies": "caps",
    "jumpsuits": "dresses",
    "glasses": "sunglasses",
}
"""The shop's nearest type for one of the eye labels that it does not sell. Boots and waistcoats
have none that is near."""


def worn_items(photos: Iterable[WornPhoto], images: Path) -> list[Item]:
    """The worn articles of photos that an eye read: type, first color and pattern are known."""
    items = []
    for photo_ in photos:
        for index, worn in enumerate(photo_.articles):
            color = worn.colors[0] if worn.colors else ""
            kind = _EYE_TYPES.get(worn.type, worn.type)
            labels = (kind, _SAME_COLOR.get(color, color), worn.pattern, "", worn.category, "")
            x0, y0, x1, y1 = worn.box.to_list()
            if worn.box.area > _MIN_WORN_PX:
                key = f"{Path(photo_.file).stem}-{index}"
                part = f"{worn.category}/{photo_.gender}"
                crops = ((images / photo_.file, (x0, y0, x1, y1)),)
                items.append(Item(key, part, split_of(photo_.file), crops, labels, "street"))
    return items


def flatlay_items(folder: Path) -> list[Item]:
    """People's photos of their own clothes, whole, by sender on one side: category, some types.

    Raises DataError where labels.csv cannot be read.
    """
    items = []
    for _, row in lines(folder / "labels.csv", ("image", "label", "sender_id")):
        path, label = folder / "images" / row["image"], row["label"]
        category = category_of(label)
        if category not in CATEGORIES or not path.is_file():
            continue
        height, width = photo(path).shape[:2]
        labels = (_FLATLAY_TYPES.get(label, ""), "", "", "", category, "")
        crops = ((path, (0.0, 0.0, float(width), float(height))),)
        side = split_of(f"sender {row['sender_id']}")
        items.append(Item(path.stem, f"{category}/flatlay", side, crops, labels, "flatlay"))
    return items


def vocabulary(items: Sequence[Item]) -> dict[str, tuple[str, ...]]:
    """The words of each head in the order of its logits, read off the training products."""
    train = [i for i in items if i.kind == "product" and i.split == "train"]
    found = {}
    for index, head in enumerate(HEADS[:2]):
        counts = Counter(i.labels[index] for i in train if i.labels[index])
        min_count = _RARE[index]
        found[head] = tuple(sorted(word for word, count in counts.items() if count >= min_count))
    usages, seasons = (tuple(sorted({i.labels[k] for i in train} - {""})) for k in (3, 5))
    return found | {
        "pattern": patterns(),
        "usage": usages,
        "category": PRODUCT_CATEGORIES,
        "season": seasons,
    }


def title_words(item: Item) -> set[str]:
    """The words of the item's name in small letters, without numbers."""
    return set(re.findall(r"[a-z]{2,}", item.title.lower()))


def frequent_words(items: Sequence[Item]) -> tuple[str, ...]:
    """The words of the training products' names: brands, cuts, makes, and what the heads know."""
    train = [i for i in items if i.kind == "product" and i.split == "train"]
    counts = Counter(word for item in train for word in title_words(item))
    return tuple(sorted(word for word, count in counts.items() if count >= _RARE_WORD))


def crop_window(box: Sequence[float], expand: float = EXPAND) -> Floats:
    """The square window (x0, y0, x1, y1) about `box` grown by `expand`."""
    x0, y0, x1, y1 = box
    half = max(x1 - x0, y1 - y0) * expand / 2
    x, y = (x0 + x1) / 2, (y0 + y1) / 2
    return np.array([x - half, y - half, x + half, y + half], np.float32)


def whole_extent(path: Path) -> Floats:
    """The foreground's box (4,) of a product photo, the whole photo where all is white."""
    image = photo(path)
    found = extent(foreground_mask(image))
    height, width = image.shape[:2]
    return np.array([0, 0, width, height], np.float32) if found is None else found
