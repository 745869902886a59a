"""The trial of flat-lay photos: people's own clothes, by garment label, never of one sender."""

from __future__ import annotations

from pathlib import Path

from thatlook.core.taxonomy import category_of
from thatlook.data.pairs.table import lines
from thatlook.data.splits import split_of
from thatlook.evaluate.retrieval.crops import Crop
from thatlook.evaluate.retrieval.trials import Relevance, Trial


def flatlay_trial(folder: Path) -> Trial:
    """Photos of senders kept apart, each to find photos of other such senders with its label.

    Whole photos: there are no boxes. Raises DataError where labels.csv cannot be read.
    """
    rows = [
        row
        for _, row in lines(folder / "labels.csv", ("image", "label", "sender_id"))
        if split_of(f"sender {row['sender_id']}") == "val"
        and (folder / "images" / row["image"]).is_file()
    ]
    crops = [Crop(folder / "images" / row["image"]) for row in rows]
    words = [row["label"] for row in rows]
    senders = [row["sender_id"] for row in rows]
    return Trial(
        name="flatlay",
        title="Flat-lay photos by label",
        lead=(
            "Photos that people took of their own clothes; an answer has the same garment label. "
            "Photos of one sender share a background and are never each other's candidates."
        ),
        queries=crops,
        gallery=crops,
        notions={"label": Relevance(words, words)},
        main="label",
        categories=[category_of(word) for word in words],
        apart=Relevance(senders, senders),
        captions=words,
    )
