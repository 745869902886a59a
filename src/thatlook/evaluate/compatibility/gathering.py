"""The outfits that a command names, with their vectors: one reading for training and measuring."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from thatlook.core.errors import DataError, SettingsError
from thatlook.data.outfits import known, polyvore, rendered_outfits, table_outfits
from thatlook.evaluate.compatibility.wardrobe import (
    Wardrobe,
    by_words,
    joined,
    seen_vectors,
    sold_outfits,
    street_outfits,
    wardrobe,
)
from thatlook.store.catalog import Catalog
from thatlook.vision.models.registry import ModelSpec
from thatlook.vision.stages.compatibility import Layout


@dataclass(frozen=True, kw_only=True)
class OutfitOptions:
    """Where outfits come from; each that is given is read.

    `data` is the folder with street/, `eye_labels` that of labels made by eye, `sample` that of
    the rendered sample, `outfits` a CSV of outfits or baskets of products of `catalog`, `polyvore`
    a folder in Polyvore's format. `cache` keeps vectors; `embedding` is a registry entry ("" for
    what ships).
    """

    data: Path | None = None
    eye_labels: Path | None = None
    sample: Path | None = None
    outfits: Path | None = None
    catalog: str | Path | None = None
    polyvore: Path | None = None
    cache: Path | None = None
    embedding: str = ""
    threads: int = 0


def gathered(options: OutfitOptions, spec: ModelSpec) -> Wardrobe:
    """All outfits that the options name. Raises DataError, CatalogError, SettingsError."""
    parts = list(_parts(options, spec, Layout.of(spec)))
    if not parts:
        raise SettingsError("name outfits: --data, --sample, --outfits with --catalog, --polyvore")
    return joined(parts)


def _parts(options: OutfitOptions, spec: ModelSpec, layout: Layout) -> Iterator[Wardrobe]:
    if options.data is not None:
        found = street_outfits(options.data, options.eye_labels)
        pieces = [piece for outfit in found for piece in outfit.pieces]
        seen = seen_vectors(pieces, spec, options.cache, options.threads)
        worn = wardrobe(found, seen, layout)
        yield replace(worn, rows=by_words(worn, layout))
    pictured = []
    if options.sample is not None:
        pictured += known(rendered_outfits(options.sample))
    if options.polyvore is not None:
        pictured += known(polyvore(options.polyvore).outfits)
    if pictured:
        pieces = [piece for outfit in pictured for piece in outfit.pieces]
        vectors = seen_vectors(pieces, spec, options.cache, options.threads)
        yield wardrobe(pictured, vectors, layout)
    if options.outfits is not None:
        yield _sold(options.outfits, options.catalog, spec, layout)


def _sold(path: Path, folder: str | Path | None, spec: ModelSpec, layout: Layout) -> Wardrobe:
    if folder is None:
        raise SettingsError("--outfits names products: --catalog must name the catalog they are in")
    with Catalog.open(folder, create=False) as catalog:
        if catalog.model_key != spec.key:
            raise DataError(
                f"{folder}: its vectors are of {catalog.model_key}, not of {spec.key}; "
                "index it anew"
            )
        found, vectors = sold_outfits(table_outfits(path), catalog)
    return wardrobe(found, vectors, layout)
