"""Trials on a shop's products: alike by type and color, and each found again when degraded."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from thatlook.core.taxonomy import CATEGORIES, category_of
from thatlook.evaluate.retrieval.crops import Crop, digest_of
from thatlook.evaluate.retrieval.finder import Finder
from thatlook.evaluate.retrieval.metrics import proportional
from thatlook.evaluate.retrieval.trials import Relevance, Trial

if TYPE_CHECKING:
    from thatlook.data.items import Item


def products(
    folder: Path, boxes: Path | None, finder: Finder, most: int | None = None
) -> list[Item]:
    """The shop's products with their split; the boxes are those in the JSON `boxes` by id, else
    found.

    With `most` only about so many, for a quick look: those whose number ends alike.
    """
    from thatlook.data.items import catalog_items
    from thatlook.data.scenes import styles

    rows = styles(folder)
    known = json.loads(boxes.read_text(encoding="utf-8")) if boxes else None
    if known is None:
        known = _found(folder, rows[:: _step(len(rows), most)], finder)
    return catalog_items(folder, known)[:: _step(len(rows), most)]


def _step(count: int, most: int | None) -> int:
    return max(1, count // most) if most else 1


def _found(
    folder: Path, rows: Sequence[dict[str, str]], finder: Finder
) -> dict[str, Sequence[float]]:
    places = {
        row["id"]: (
            folder / "images" / f"{row['id']}.jpg",
            category_of(row["articleType"], row["productDisplayName"]),
        )
        for row in rows
    }
    worn = {key: place for key, place in places.items() if place[1] in CATEGORIES}
    finder.look([path for path, _ in worn.values()])
    found = {key: finder.article(path, category) for key, (path, category) in worn.items()}
    return {key: box for key, box in found.items() if box is not None}


def labels(items: Sequence[Item]) -> dict[str, list[str]]:
    """What a neighbour may share: type, color, and both; "" where the shop does not say."""
    both = [f"{i.labels[0]}/{i.labels[1]}" if i.labels[0] and i.labels[1] else "" for i in items]
    return {
        "type": [i.labels[0] for i in items],
        "color": [i.labels[1] for i in items],
        "both": both,
    }


def shop_trials(items: Sequence[Item]) -> list[Trial]:
    """The products kept apart among themselves, and among all."""
    held = [item for item in items if item.split == "val"]
    same = "An answer is of the same article type, base color, or both, by the shop's own words; "
    apart = _alike(
        held,
        held,
        {
            "name": "apart",
            "title": "Products kept apart",
            "lead": same + "candidates are products kept apart, of the same category and gender. "
            "The ceiling is what these labels allow any ranking.",
        },
    )
    shop = _alike(
        held,
        items,
        {
            "name": "shop",
            "title": "Products kept apart, in the whole shop",
            "lead": same + "candidates are all products of the same category and gender, those of "
            "the training included: this is how the shop is searched.",
        },
    )
    kinds = [[item.labels[0] for item in some] for some in (held, items)]
    return [apart, replace(shop, proportions=proportional(*kinds))]


def _alike(asked: Sequence[Item], offered: Sequence[Item], words: Mapping[str, str]) -> Trial:
    """Products asked for products like them, within category and gender; never for themselves."""
    own, others = labels(asked), labels(offered)
    return Trial(
        name=words["name"],
        title=words["title"],
        lead=words["lead"],
        queries=[Crop(*item.crops[0]) for item in asked],
        gallery=[Crop(*item.crops[0]) for item in offered],
        notions={kind: Relevance(own[kind], others[kind]) for kind in own},
        main="both",
        categories=[item.part.split("/")[0] for item in asked],
        part=Relevance([item.part for item in asked], [item.part for item in offered]),
        apart=Relevance([item.id for item in asked], [item.id for item in offered]),
        captions=_captions(offered),
        clusters=_clusters(asked),
    )


def degraded_trial(items: Sequence[Item]) -> Trial:
    """Products kept apart, degraded as by a phone, each to find itself among all products."""
    held = [item for item in items if item.split == "val"]
    pictures = [digest_of(item.crops[0][0]) for item in items]
    return Trial(
        name="degraded",
        title="A product photo as a phone takes it",
        lead=(
            "Each photo of a product kept apart, cut, lit otherwise, blurred and compressed (seeds "
            "are the ids), must find itself among all products, without category or gender. Some "
            "ids share one picture, which nothing can tell apart: for “picture” any of them "
            "is an answer, for “product” only the own id is, and the tie counts against it."
        ),
        queries=[Crop(*item.crops[0], seed=int(item.id)) for item in held],
        gallery=[Crop(*item.crops[0]) for item in items],
        notions={
            "product": Relevance([item.id for item in held], [item.id for item in items]),
            "picture": Relevance([digest_of(item.crops[0][0]) for item in held], pictures),
        },
        main="picture",
        categories=[item.part.split("/")[0] for item in held],
        captions=_captions(items),
        clusters=_clusters(held),
    )


def _clusters(items: Sequence[Item]) -> list[str]:
    return [item.group or item.id for item in items]


def _captions(items: Sequence[Item]) -> list[str]:
    return [" ".join(filter(None, (item.labels[1], item.labels[0]))) for item in items]
