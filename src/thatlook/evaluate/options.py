"""What every protocol is told: which data, which network, where the report goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from thatlook.data.audited import AuditOptions
from thatlook.data.pairs.audited import PairOptions


@dataclass(frozen=True, kw_only=True)
class EvaluateOptions:
    """What all protocols share.

    `data` is the folder to measure on, `sample` that of the rendered sample. `model` names a
    registry entry ("" for what ships); `threads` 0 is one per core. `json` is a file or PRINTED.
    """

    data: Path | None = None
    sample: Path | None = None
    model: str = ""
    threads: int = 0
    json: str | None = None
    html: Path | None = None


@dataclass(frozen=True, kw_only=True)
class PhotoOptions(EvaluateOptions, AuditOptions):
    """Which labelled photos measure: `split` "" is val, or all where the data has no val.

    `eye_file` is a file of eye labels: the photos of `data` that it names measure, by those.
    """

    split: str = ""
    no_products: bool = False
    eye_file: Path | None = None


@dataclass(frozen=True, kw_only=True)
class DetectionOptions(PhotoOptions):
    """`suggest` lists so many photos worth labelling instead of measuring; `labels` is a folder of
    labels made by eye of what else product photos show; `eye` measures on the street photos that
    have eye labels, by those. `beside` is the entry of another network on the same photos ("" for
    none), `rounds` the resamples of the intervals of their differences.
    """

    beside: str = ""
    rounds: int = 1000
    suggest: int | None = None
    labels: Path | None = None
    eye: bool = False


@dataclass(frozen=True, kw_only=True)
class PersonOptions(PhotoOptions):
    """`look` names a contact sheet to draw instead of measuring."""

    look: str | None = None


@dataclass(frozen=True, kw_only=True)
class RetrievalOptions(EvaluateOptions, PairOptions):
    """Which trials are measured, on what, and how precisely.

    `boxes` is JSON of the products' own articles by id, else they are found by `article_model`;
    `feed` and `images` are a shop of one's own; `cache` keeps vectors and boxes; `rounds` are the
    resamples of the intervals; `max_products` measures on about so many only; `pair` is the entry
    of a text-image pair that is measured beside ("" for none), `beside` that of another network.
    `fields` ("FIELD=COLUMN") and the file `mapping` say what the columns of `feed` are;
    `pair_split` is which pairs ask: "val", those that no training learned from, or "all".
    """

    boxes: Path | None = None
    article_model: str = ""
    feed: Path | None = None
    fields: Sequence[str] = ()
    mapping: str | None = None
    pair_split: str = "val"
    images: Path | None = None
    cache: Path | None = None
    trial: Sequence[str] | None = None
    no_baselines: bool = False
    rounds: int = 1000
    max_products: int | None = None
    pair: str = ""
    beside: str = ""


@dataclass(frozen=True, kw_only=True)
class StreetOptions(EvaluateOptions):
    """`catalog` is the address that is searched; `labels` a file of eye labels of photos in `data`
    ("" for those of the project's data, of which `split` is measured); `rounds` as above.
    """

    catalog: str | Path | None = None
    labels: Path | None = None
    split: str = ""
    rounds: int = 1000


@dataclass(frozen=True, kw_only=True)
class TextOptions(EvaluateOptions):
    """`catalogs` are the folders whose products of the `split` side are searched; `queries` is a
    file of texts, one a line, whose results the page shows; `text_weight` is how far words move a
    photo (None: as the search does); `rounds` as above; `pair` is the entry of the text-image pair
    whose vectors the catalogs have, measured beside ("" for none).
    """

    catalogs: Sequence[str | Path] = ()
    text_weight: float | None = None
    queries: Path | None = None
    split: str = "val"
    rounds: int = 1000
    pair: str = ""
