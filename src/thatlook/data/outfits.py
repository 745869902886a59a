"""Outfits: what was worn, styled or bought together, from photos, tables and Polyvore's files."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from thatlook.core.errors import DataError
from thatlook.core.taxonomy import PRODUCT_CATEGORIES, category_of
from thatlook.data.items import whole_extent
from thatlook.data.jsonlines import rows
from thatlook.data.pairs.rendered import category_in, picture_of, products
from thatlook.data.splits import split_of
from thatlook.data.worn import WornPhoto, read_worn

Corners = tuple[float, float, float, float]

OUTFIT_COLUMNS: Final = ("outfit_id", "set_id", "basket_id", "order_id")
PRODUCT_COLUMNS: Final = ("product_id", "item_id", "id")


@dataclass(frozen=True, slots=True)
class Piece:
    """A thing of an outfit. `id` is the product's, or FILE#N for what is worn in a photo.

    `words` are type, color and pattern, "" where one is not known, `second` is a second color;
    `crop` shows it (box None: the whole picture); None where only a catalog knows the product.
    """

    id: str
    category: str = ""
    words: tuple[str, str, str] = ("", "", "")
    crop: tuple[Path, Corners | None] | None = None
    second: str = ""


@dataclass(frozen=True, slots=True)
class Outfit:
    """Things that go together; `gender` is female, male or "" (not known)."""

    id: str
    pieces: tuple[Piece, ...]
    gender: str = ""
    split: str = "train"


def worn_outfits(labels: Iterable[Path], images: Path) -> list[Outfit]:
    """What people wear in the photos that files of eye labels name, each photo once.

    Photos of one side of the split that show what one of the other side shows are left out of the
    train side (`without_repeats`). Raises DataError.
    """
    photos: dict[str, WornPhoto] = {}
    for path in labels:
        for found in read_worn(path):
            photos.setdefault(found.file, found)
    return without_repeats([_worn(found, images) for found in photos.values()])


def _worn(found: WornPhoto, images: Path) -> Outfit:
    pieces = []
    for number, one in enumerate(found.articles):
        words = (one.type, one.colors[0] if one.colors else "", one.pattern)
        x0, y0, x1, y1 = one.box.to_list()
        crop = (images / found.file, (x0, y0, x1, y1))
        second = one.colors[1] if len(one.colors) > 1 else ""
        pieces.append(Piece(f"{found.file}#{number}", one.category, words, crop, second))
    gender = found.gender if found.gender in {"female", "male"} else ""
    return Outfit(found.file, tuple(pieces), gender, split_of(found.file))


TELLING: Final = 4
"""Two photos in which so many things or more are the same in words show one outfit."""


def without_repeats(outfits: Sequence[Outfit]) -> list[Outfit]:
    """The outfits but those of the train side of which one of the val side is the same in words:
    one person photographed twice in one dress. Outfits of few things tell nothing and stay.
    """
    held = {_told(outfit) for outfit in outfits if outfit.split == "val"} - {()}
    return [o for o in outfits if o.split == "val" or _told(o) not in held]


def _told(outfit: Outfit) -> tuple[tuple[str, ...], ...]:
    if len(outfit.pieces) < TELLING:
        return ()
    return tuple(sorted((piece.category, *piece.words) for piece in outfit.pieces))


def rendered_outfits(folder: Path) -> list[Outfit]:
    """The looks of the rendered sample, each thing by its product's own picture.

    Raises DataError.
    """
    shop = products(folder)
    outfits = []
    for number, look in rows(folder / "looks.jsonl"):
        ids = [str(one.get("product_id")) for one in look.get("articles") or []]
        pieces = tuple(_rendered(folder, key, shop[key]) for key in ids if key in shop)
        name = str(look.get("file", number))
        outfits.append(Outfit(name, pieces, str(look.get("gender", "")), split_of(name)))
    return outfits


def _rendered(folder: Path, key: str, row: Mapping[str, str]) -> Piece:
    path = picture_of(folder, row)
    x0, y0, x1, y1 = (float(edge) for edge in whole_extent(path))
    words = (row.get("product_type", ""), row.get("color", ""), row.get("pattern", ""))
    return Piece(key, category_in(row), words, (path, (x0, y0, x1, y1)))


def table_outfits(path: Path) -> list[Outfit]:
    """The outfits, or order baskets, of a CSV with one row per thing: the column outfit_id (or
    set_id, basket_id, order_id) and product_id (or item_id, id). Raises DataError.
    """
    members: dict[str, dict[str, None]] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            outfit, product = (
                _column(path, reader.fieldnames or (), names)
                for names in (OUTFIT_COLUMNS, PRODUCT_COLUMNS)
            )
            for row in reader:
                if row[outfit] and row[product]:
                    members.setdefault(row[outfit], {})[row[product]] = None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: expected a CSV of outfits: {error}") from error
    return [
        Outfit(key, tuple(Piece(one) for one in ids), split=split_of(key))
        for key, ids in members.items()
    ]


def _column(path: Path, given: Sequence[str], names: Sequence[str]) -> str:
    found = [name for name in names if name in given]
    if not found:
        columns = ", ".join(given) or "no columns"
        raise DataError(f"{path}: expected a column {' or '.join(names)}; it has {columns}")
    return found[0]


@dataclass(frozen=True, slots=True)
class Blank:
    """A question: which of the `answers` goes with the pieces `given`; the first one is right."""

    given: tuple[Piece, ...]
    answers: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Polyvore:
    """A folder in the format of Polyvore Outfits (Vasileva et al., ECCV 2018): its sets, and of
    the test side the questions and the outfits with whether each is one that somebody made.
    """

    outfits: tuple[Outfit, ...]
    blanks: tuple[Blank, ...]
    judged: tuple[tuple[Outfit, bool], ...]


METADATA: Final = "polyvore_item_metadata.json"
POLYVORE_SIDES: Final = {"train": "train", "valid": "val", "test": "val"}


def polyvore(folder: Path) -> Polyvore:
    """What is in `folder`: train.json, valid.json and test.json (set_id, items of item_id and
    index), fill_in_blank_test.json, compatibility_test.txt; the items' categories come from
    polyvore_item_metadata.json and their pictures from images/, both there or one folder up.

    Raises DataError for a file that is not of this form, and where no set is found.
    """
    home = next((one for one in (folder, folder.parent) if (one / METADATA).is_file()), None)
    if home is None:
        raise DataError(f"{folder}: expected {METADATA} there or one folder up")
    about = _json(home / METADATA)
    sets: dict[str, dict[str, Piece]] = {}
    outfits = []
    for name, side in POLYVORE_SIDES.items():
        path = folder / f"{name}.json"
        for one in _json(path) if path.is_file() else ():
            key, pieces = _polyvore_set(path, one, about, home / "images")
            sets[key] = pieces
            outfits.append(Outfit(key, tuple(pieces.values()), split=side))
    if not outfits:
        raise DataError(f"{folder}: expected train.json, valid.json or test.json with sets")
    return Polyvore(
        tuple(outfits),
        tuple(_blanks(folder / "fill_in_blank_test.json", sets)),
        tuple(_judged(folder / "compatibility_test.txt", sets)),
    )


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: expected JSON: {error}") from error


def _polyvore_set(
    path: Path, one: Any, about: Mapping[str, Any], images: Path
) -> tuple[str, dict[str, Piece]]:
    try:
        return str(one["set_id"]), {
            str(item["index"]): _polyvore_piece(str(item["item_id"]), about, images)
            for item in one["items"]
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{path}: expected sets with set_id and items (item_id, index): {error!r}"
        ) from error


_POLYVORE_CATEGORIES: Final = {
    "tops": "topwear",
    "bottoms": "bottomwear",
    "all-body": "dress",
    "shoes": "footwear",
    "bags": "bag",
    "hats": "headwear",
    "sunglasses": "eyewear",
    "scarves": "neckwear",
}


def _polyvore_piece(key: str, about: Mapping[str, Any], images: Path) -> Piece:
    told = about.get(key, {})
    name = str(told.get("semantic_category", ""))
    category = _POLYVORE_CATEGORIES.get(name) or category_of(name)
    words = str(told.get("title") or told.get("url_name") or "")
    return Piece(key, category, (words, "", ""), (images / f"{key}.jpg", None))


def _blanks(path: Path, sets: Mapping[str, Mapping[str, Piece]]) -> Iterator[Blank]:
    """The right answer is the one of the question's own set."""
    for number, one in enumerate(_json(path) if path.is_file() else ()):
        try:
            own = str(one["question"][0]).rpartition("_")[0]
            answers = sorted(one["answers"], key=lambda name: name.rpartition("_")[0] != own)
            given = tuple(_piece(name, sets) for name in one["question"])
            yield Blank(given, tuple(_piece(name, sets) for name in answers))
        except (KeyError, IndexError, TypeError, AttributeError) as error:
            raise DataError(
                f"{path}: question {number}: expected question and answers, each SET_INDEX of "
                f"a set in the folder: {error!r}"
            ) from error


def _judged(path: Path, sets: Mapping[str, Mapping[str, Piece]]) -> Iterator[tuple[Outfit, bool]]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    for number, line in enumerate(lines, start=1):
        label, *names = line.split() or [""]
        if not names:
            continue
        try:
            pieces = tuple(_piece(name, sets) for name in names)
        except KeyError as error:
            raise DataError(f"{path}:{number}: no set of the folder has {error}") from error
        if label not in {"0", "1"}:
            raise DataError(f"{path}:{number}: expected 0 or 1 and SET_INDEX ..., not {label!r}")
        yield Outfit(f"{path.name}:{number}", pieces, split="val"), label == "1"


def _piece(name: str, sets: Mapping[str, Mapping[str, Piece]]) -> Piece:
    key, _, index = name.rpartition("_")
    return sets[key][index]


def known(outfits: Iterable[Outfit]) -> list[Outfit]:
    """The outfits of two or more pieces of a category that is worn; other pieces are left out."""
    found = []
    for outfit in outfits:
        pieces = tuple(p for p in outfit.pieces if p.category in PRODUCT_CATEGORIES[:-1])
        if len(pieces) > 1:
            found.append(Outfit(outfit.id, pieces, outfit.gender, outfit.split))
    return found
