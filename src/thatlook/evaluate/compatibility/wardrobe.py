"""The pieces of outfits in columns, with the vectors that networks are asked with."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from thatlook.core.errors import DataError
from thatlook.core.taxonomy import type_leaf
from thatlook.data.outfits import Outfit, Piece, known, worn_outfits
from thatlook.evaluate.retrieval.cache import Vectors
from thatlook.evaluate.retrieval.crops import Crop
from thatlook.evaluate.retrieval.encoders import NetworkEncoder
from thatlook.search.recommender import traits_of
from thatlook.search.stored import Stored
from thatlook.store.catalog import Catalog
from thatlook.vision.models.registry import ModelSpec
from thatlook.vision.models.session import Session
from thatlook.vision.stages.compatibility import PARTS, Layout

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]

LABELS: Final = ("street_labelled.jsonl", "street_tagged.jsonl")
"""The files of a folder of labels made by eye that name photos of the street set."""


COLOR: Final = PARTS.index("color")
SECOND: Final = 0.5
"""What a second color counts beside the first, as an eye names them."""


@dataclass(frozen=True, eq=False)
class Wardrobe:
    """All pieces of some outfits, one row each, the outfits one after another.

    `rows` (n, length) are the compared parts of their vectors, `looks` (n, look) the parts that
    are not compared; `outfit` (n,) says which of the `outfits` a row is of.
    """

    outfits: tuple[Outfit, ...]
    pieces: tuple[Piece, ...]
    outfit: Ints
    rows: Floats
    looks: Floats

    @cached_property
    def categories(self) -> tuple[str, ...]:
        """Of each row."""
        return tuple(piece.category for piece in self.pieces)

    @cached_property
    def genders(self) -> tuple[str, ...]:
        """Of each row, that of its outfit."""
        return tuple(self.outfits[int(index)].gender for index in self.outfit)

    @cached_property
    def members(self) -> tuple[Ints, ...]:
        """The rows of each outfit."""
        return tuple(np.flatnonzero(self.outfit == index) for index in range(len(self.outfits)))


def wardrobe(outfits: Sequence[Outfit], vectors: Floats, layout: Layout) -> Wardrobe:
    """The pieces of the outfits with their embeddings (n, dim), in order."""
    pieces = tuple(piece for outfit in outfits for piece in outfit.pieces)
    sizes = [len(outfit.pieces) for outfit in outfits]
    owner = np.repeat(np.arange(len(outfits)), sizes)
    compared = np.zeros(vectors.shape[1], bool)
    for part in layout.parts.values():
        compared[part] = True
    return Wardrobe(
        tuple(outfits), pieces, owner, layout.rows(vectors), vectors[:, ~compared].copy()
    )


def street_outfits(data: Path, eye_labels: Path | None) -> list[Outfit]:
    """What people wear in the street photos of DATA, by its own eye labels and those of a folder.

    Raises DataError.
    """
    files = [data / "street" / "eye_labels.jsonl"]
    if eye_labels is not None:
        files += [eye_labels / name for name in LABELS if (eye_labels / name).is_file()]
    missing = [str(file) for file in files if not file.is_file()]
    if missing:
        raise DataError(f"{missing[0]}: expected a file of eye labels there")
    return known(worn_outfits(files, data / "street" / "images"))


def seen_vectors(
    pieces: Sequence[Piece], embedding: ModelSpec, cache: Path | None, threads: int
) -> Floats:
    """The embeddings (n, dim) of the pieces' crops. Raises DataError where one has none."""
    for piece in pieces:
        if piece.crop is None or not piece.crop[0].is_file():
            place = piece.crop[0] if piece.crop else "no picture"
            raise DataError(f"the picture of {piece.id} is not there: {place}")
    crops = [Crop(piece.crop[0], piece.crop[1]) for piece in pieces if piece.crop]
    encoder = NetworkEncoder("embedding", Session(embedding, threads))
    return Vectors(encoder, cache).of(crops)


def sold_outfits(outfits: Sequence[Outfit], catalog: Catalog) -> tuple[list[Outfit], Floats]:
    """The outfits of products of a catalog, with the products' vectors (n, dim).

    Products that it does not have, or has no vector of, are left out.
    """
    ids = sorted({piece.id for outfit in outfits for piece in outfit.pieces})
    stored = {s.product.id: s for s in catalog.stored_many(list(catalog.states(ids)))}
    filled = known(
        Outfit(
            outfit.id,
            tuple(
                _sold(stored[piece.id], catalog)
                for piece in outfit.pieces
                if piece.id in stored and stored[piece.id].vector is not None
            ),
            outfit.gender,
            outfit.split,
        )
        for outfit in outfits
    )
    rows = [stored[p.id].vector for outfit in filled for p in outfit.pieces]
    found = [row for row in rows if row is not None]
    return filled, np.stack(found) if found else np.zeros((0, catalog.dim or 1), np.float32)


def _sold(stored: Stored, catalog: Catalog) -> Piece:
    """A product as a piece, in the shop's words, else what the network read; with its picture."""
    traits = traits_of(stored)
    color = traits.color.replace(",", "/").split("/")[0].strip()
    path = catalog.home / stored.image
    crop = (path, None) if stored.image and path.is_file() else None
    words = (type_leaf(traits.type), color, traits.pattern)
    return Piece(stored.product.id, stored.product.category, words, crop)


def by_words(found: Wardrobe, layout: Layout) -> Floats:
    """The rows (n, length) with what the network sees on average in pieces of the same word, per
    part; the averages are taken over the train side. A second color counts by half.

    Nothing of a photo is left in them: two crops of one photo share its light and, where boxes
    overlap, each other's cloth, which tells a network what belongs together better than any taste.
    """
    train = np.array([found.outfits[int(i)].split == "train" for i in found.outfit])
    made = np.empty_like(found.rows)
    start = 0
    for index, part in enumerate(layout.parts.values()):
        columns = slice(start, start + part.stop - part.start)
        start = columns.stop
        words = np.array(
            [
                f"{piece.category if index == 0 else ''} {piece.words[index]}"
                for piece in found.pieces
            ]
        )
        average = _averages(found.rows[:, columns], words, train)
        made[:, columns] = [average[word] for word in words]
        if index == COLOR:
            made[:, columns] = [
                _unit(row + SECOND * average[f" {piece.second}"]) if piece.second else row
                for row, piece in zip(made[:, columns], found.pieces, strict=True)
            ]
    return made


def _averages(rows: Floats, words: NDArray[np.str_], train: NDArray[np.bool_]) -> dict[str, Floats]:
    """Per word the unit average of its train rows; of all rows where it has none."""
    made: dict[str, Floats] = defaultdict(lambda: _unit(rows.mean(axis=0)))
    for word in np.unique(words[train]):
        made[str(word)] = _unit(rows[(words == word) & train].mean(axis=0))
    return made


def _unit(row: Floats) -> Floats:
    scaled: Floats = row / max(float(np.linalg.norm(row)), 1e-12)
    return scaled


def joined(parts: Sequence[Wardrobe]) -> Wardrobe:
    """Several wardrobes as one, in order. Raises DataError where there is no outfit at all."""
    kept = [part for part in parts if part.outfits]
    if not kept:
        raise DataError("no outfit of two or more things that are worn was found")
    starts = np.cumsum([0, *(len(part.outfits) for part in kept)])
    return Wardrobe(
        tuple(outfit for part in kept for outfit in part.outfits),
        tuple(piece for part in kept for piece in part.pieces),
        np.concatenate([p.outfit + start for p, start in zip(kept, starts[:-1], strict=True)]),
        np.concatenate([part.rows for part in kept]),
        np.concatenate([part.looks for part in kept]),
    )
