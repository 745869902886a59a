"""Trials of pairs: a scene's crop to the very product, with true boxes and with those found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from thatlook.core.errors import DataError
from thatlook.core.image import size_of
from thatlook.data.pairs import rendered
from thatlook.data.pairs.records import Pair, PairPicture
from thatlook.data.splits import split_of
from thatlook.evaluate.retrieval.crops import Corners, Crop
from thatlook.evaluate.retrieval.finder import Finder
from thatlook.evaluate.retrieval.trials import Relevance, Trial


@dataclass(frozen=True, slots=True)
class Offered:
    """A product of the gallery."""

    id: str
    category: str
    crop: Crop


def rendered_gallery(folder: Path, finder: Finder) -> list[Offered]:
    """All products of the rendered shop, cut out as a catalog would."""
    rows = rendered.products(folder)
    there = {key: rendered.picture_of(folder, row) for key, row in rows.items()}
    places = {key: path for key, path in there.items() if path.is_file()}
    finder.look(list(places.values()))
    found = []
    for key, path in places.items():
        category = rendered.category_in(rows[key])
        found.append(Offered(key, category, Crop(path, finder.own(path, category))))
    return found


def gallery_of(pairs: Sequence[Pair], finder: Finder) -> list[Offered]:
    """The products of pairs, each picture once; without a box, cut out as a catalog would."""
    shots = {(pair.product_id, pair.product.place): pair for pair in pairs}
    finder.look([Path(p.product.place) for p in shots.values() if p.product.box is None])
    found = []
    for pair in shots.values():
        path = Path(pair.product.place)
        box = corners_of(pair.product) if pair.product.box else finder.own(path, pair.category)
        found.append(Offered(pair.product_id, pair.category, Crop(path, box)))
    return found


def corners_of(shot: PairPicture) -> Corners:
    """The box of a shot in pixels. Raises PhotoError where the picture cannot be read."""
    return shot.corners(size_of(Path(shot.place)))


def asked_pairs(pairs: Sequence[Pair], split: str) -> list[Pair]:
    """The pairs whose scenes ask: for `split` "val" those that no training learned from, of val or
    test; for "all" all. Raises DataError where none is.
    """
    found = [pair for pair in pairs if split == "all" or pair.split in {"val", "test"}]
    if not found:
        raise DataError(
            f"none of {len(pairs)} pairs is kept apart from training (split val or test); "
            "--pair-split all asks with all of them"
        )
    return found


def pair_trials(
    pairs: Sequence[Pair], gallery: Sequence[Offered], finder: Finder, words: Mapping[str, str]
) -> list[Trial]:
    """Three trials of the same queries: among all products, only among those of the category, and
    among all with the boxes that the article network finds.

    `words` are the trials' name, title and lead.
    """
    queries = [Crop(Path(pair.scene.place), corners_of(pair.scene)) for pair in pairs]
    categories = [pair.category for pair in pairs]
    own = Relevance([pair.product_id for pair in pairs], [one.id for one in gallery])
    true = Trial(
        name=words["name"],
        title=f"{words['title']}, true boxes",
        lead=words["lead"],
        queries=queries,
        gallery=[one.crop for one in gallery],
        notions={"product": own},
        main="product",
        categories=categories,
        sides=sides_of(pairs),
        captions=[f"{one.id} {one.category}" for one in gallery],
    )
    within = replace(
        true,
        name=f"{words['name']}_category",
        title=f"{words['title']}, among products of the category",
        part=Relevance(categories, [one.category for one in gallery]),
    )
    detected = replace(
        true,
        name=f"{words['name']}_detected",
        title=f"{words['title']}, boxes found",
        lead="The same queries, cut out by the article network; one that it does not find, in its "
        "category and overlapping the true box by half, is a miss.",
        queries=_detected(pairs, finder),
    )
    return [true, within, detected]


def _detected(pairs: Sequence[Pair], finder: Finder) -> list[Crop | None]:
    scenes: dict[str, list[int]] = {}
    for row, pair in enumerate(pairs):
        scenes.setdefault(pair.scene.place, []).append(row)
    finder.look([Path(place) for place in scenes])
    found: list[Crop | None] = [None] * len(pairs)
    for place, rows in scenes.items():
        wanted = [(pairs[row].category, corners_of(pairs[row].scene)) for row in rows]
        for row, box in zip(rows, finder.matched(Path(place), wanted), strict=True):
            found[row] = None if box is None else Crop(Path(place), box)
    return found


def sides_of(pairs: Sequence[Pair]) -> dict[str, NDArray[np.bool_]]:
    """Which scenes, and which products, a training by this project's splits has not seen."""
    scene = np.array([split_of(Path(pair.scene.place).name) == "val" for pair in pairs])
    product = np.array([pair.split in {"val", "test"} for pair in pairs])
    return {"scene kept apart": scene, "product kept apart": product}
