"""`evaluate TASK`: how good a network is, on the project's data or on one's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from thatlook.cli.command import Group, together
from thatlook.cli.index import map_option
from thatlook.cli.options import (
    PATH,
    address,
    boxes_option,
    json_file_option,
    labels_options,
    outfit_options,
    pairs_options,
)

if TYPE_CHECKING:
    from thatlook.data.audited import AuditOptions
    from thatlook.vision.models.registry import ModelSpec

pair_option = click.option(
    "--pair", default="", metavar="ENTRY", help="a text-image pair, measured beside"
)

beside_option = click.option(
    "--beside",
    default="",
    metavar="ENTRY",
    help="another network on the same data, and the differences with their intervals",
)
rounds_option = click.option(
    "--rounds", type=int, default=1000, metavar="N", help="resamples of the intervals"
)

measured_options = together(
    click.option("--data", type=PATH, help="folder with street/ and catalog/, or one's own photos"),
    click.option("--sample", type=PATH, help="folder of the rendered sample, with pairs/"),
    click.option("--model", default="", help="a registry entry (default: what ships)"),
    click.option("--threads", type=int, default=0, help="0, the default: one per core"),
    json_file_option(),
    click.option("--html", type=PATH, metavar="FILE", help="write the page there"),
    heading="Data and report",
)

photos_options = together(
    measured_options,
    click.option(
        "--split",
        type=click.Choice(("val", "test", "train", "all")),
        callback=lambda _ctx, _option, value: value or "",
        help="which photos of one's own data (default: val, where the data has none all)",
    ),
    click.option("--no-products", is_flag=True, help="street photos only"),
    click.option(
        "--audit",
        metavar="DATA",
        help="check the labels of a YOLO folder, a COCO file or folder, or street photos instead",
    ),
    click.option(
        "--eye-file",
        type=PATH,
        metavar="FILE",
        help="eye labels (labels/foreign.jsonl of the repository) of the photos in --data",
    ),
    labels_options,
)


@click.group(cls=Group)
def evaluate() -> None:
    """Measure on one's own data."""


@evaluate.command(
    extra="eval",
    stage="A network",
    examples=("thatlook evaluate article --data photos --html report.html",),
)
@photos_options
@beside_option
@rounds_option
@click.option(
    "--suggest", type=int, metavar="N", help="list the N photos most worth labelling instead"
)
@click.option(
    "--labels",
    type=PATH,
    metavar="DIR",
    help="labels made by eye (labels/ of the repository): false positives in product photos",
)
@click.option(
    "--eye",
    is_flag=True,
    help="street photos by DATA/street/eye_labels.jsonl, those alone that it names",
)
def article(audit: str | None, **given: Any) -> int:
    """Boxes, categories and masks."""
    from thatlook.evaluate.options import DetectionOptions

    options = DetectionOptions(**given)
    if audit:
        return _audit(audit, options, people=False)
    from thatlook.evaluate.detection.run import run

    return run(options)


@evaluate.command(
    extra="eval",
    stage="A network",
    examples=("thatlook evaluate person --data photos --html report.html",),
)
@photos_options
@click.option(
    "--look",
    type=click.Choice(("keypoints", "bystanders", "lone")),
    help="draw a contact sheet to look at instead, into --html: key points of 60 photos, "
    "whose article is whose in 100 photos of several people, lone products taken for people",
)
def person(audit: str | None, **given: Any) -> int:
    """Key points, view, gender and the full-shot gate."""
    from thatlook.evaluate.options import PersonOptions

    options = PersonOptions(**given)
    if audit:
        return _audit(audit, options, people=True)
    from thatlook.evaluate.person.run import run

    return run(options)


def _audit(data: str, options: AuditOptions, *, people: bool) -> int:
    """Prints the audit of the labels; 1 where it has errors."""
    from thatlook.data.audited import audited
    from thatlook.data.splits import split_of

    _, found = audited(data, options, split_of, people=people)
    return 1 if found.errors else 0


@evaluate.command(
    extra="eval",
    renamed={"--most": "--max-products"},
    stage="A network",
    examples=("thatlook evaluate retrieval --feed feed.csv --images images --trial feed",),
)
@measured_options
@boxes_option
@click.option("--article-model", default="", help="a registry entry: who finds boxes")
@beside_option
@pair_option
@click.option("--feed", type=PATH, help="a feed of one's own, judged by its type and color")
@click.option("--images", type=PATH, metavar="DIR", help="the pictures of --feed")
@map_option
@click.option("--mapping", metavar="FILE", help="the mapping of --feed (TOML, docs/feeds.md)")
@click.option(
    "--pair-split",
    type=click.Choice(("val", "all")),
    default="val",
    help="which of --pairs ask: those kept apart from training (default), or all",
)
@click.option("--cache", type=PATH, metavar="DIR", help="keep vectors and boxes there, per network")
@click.option(
    "--trial",
    multiple=True,
    type=click.Choice(("shop", "rendered", "flatlay", "degraded", "pairs", "feed")),
    help="only this one (repeat it)",
)
@click.option("--no-baselines", is_flag=True, help="the network alone")
@rounds_option
@click.option("--max-products", type=int, metavar="N", help="about N products: not comparable")
@pairs_options
def retrieval(**given: Any) -> int:
    """Whether vectors find what they should."""
    from thatlook.evaluate.options import RetrievalOptions
    from thatlook.evaluate.retrieval.run import run

    return run(RetrievalOptions(**given), _imagenet)


evaluate.add_command(retrieval, "embedding")


@evaluate.command(
    extra="eval",
    stage="All of it",
    examples=("thatlook evaluate street --data photos --labels labels.jsonl --catalog catalog",),
)
@measured_options
@click.option("--catalog", type=address, metavar="DIR", help="the catalog that is searched")
@click.option(
    "--labels",
    type=PATH,
    metavar="FILE",
    help="eye labels of the photos in --data (default: DATA/street/eye_labels.jsonl)",
)
@click.option(
    "--split",
    type=click.Choice(("val", "train", "all")),
    default="val",
    help="which photos of the project's data (default: val)",
)
@rounds_option
def street(**given: Any) -> int:
    """Whether worn articles bring products that a shopper would accept."""
    from thatlook.evaluate.options import StreetOptions
    from thatlook.evaluate.street.run import run

    return run(StreetOptions(**given))


@evaluate.command(
    extra="eval", stage="All of it", examples=("thatlook evaluate text --catalog catalog",)
)
@click.option(
    "--catalog",
    "catalogs",
    type=address,
    multiple=True,
    metavar="DIR",
    help="an indexed catalog, whose products kept apart are searched (repeat it)",
)
@click.option("--model", default="", help="a registry entry (default: what ships)")
@click.option(
    "--split",
    type=click.Choice(("val", "train", "all")),
    default="val",
    help="which products (default: val, those kept apart)",
)
@click.option(
    "--text-weight", type=float, metavar="0..1", help="how far words move a photo (default 0.5)"
)
@click.option(
    "--queries", type=PATH, metavar="FILE", help="texts whose results --html shows, one a line"
)
@rounds_option
@pair_option
@json_file_option()
@click.option("--html", type=PATH, metavar="FILE", help="write the page there")
def text(**given: Any) -> int:
    """Whether words find products, beside BM25 alone and the tower alone."""
    from thatlook.evaluate.options import TextOptions
    from thatlook.evaluate.text.run import run

    return run(TextOptions(**given))


def _imagenet(folder: Path) -> ModelSpec:
    """The ImageNet baseline, which needs torch to be exported."""
    from thatlook.training.imagenet import export_to

    return export_to(folder)


@evaluate.command(
    extra="eval",
    stage="A network",
    examples=("thatlook evaluate compatibility --data data --eye-labels labels",),
)
@outfit_options
@click.option("--model", default="", help="a registry entry (default: what ships)")
@click.option("--repeats", type=int, default=4, help="how often each piece is asked for")
@click.option("--bootstrap", type=int, default=1000, help="resamples of the intervals")
@json_file_option()
@click.option("--html", type=PATH, metavar="FILE", help="write the page there")
def compatibility(**given: Any) -> int:
    """What goes with what: fill in the blank, outfit or not, beside baselines."""
    from thatlook.evaluate.compatibility.run import CompatibilityOptions, run

    return run(CompatibilityOptions(**given))
