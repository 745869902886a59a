"""`train TASK`: a network on one's own data, and what goes before and after it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import click

from thatlook.cli.command import Decorated, Group, together
from thatlook.cli.options import (
    PATH,
    address,
    boxes_option,
    json_option,
    labels_options,
    named,
    outfit_options,
    pairs_options,
    private_option,
)

BACKBONES = ("efficientnet_lite0", "resnet50", "mobilenet_v2")
LOSSES = ("supcon", "triplet", "multisimilarity", "circle")
"""As `thatlook.training` has them, the defaults first: torch is heavy to import."""


PROJECT = "folder with street/ and catalog/ (docs/own-networks.md)"
ANY_PHOTOS = "folder with street/ and catalog/, or labelled photos of one's own"


@click.group(cls=Group)
def train() -> None:
    """Train a network on one's own data."""


needs_torch = partial(train.command, extra="train", needs=("torch",))


def _loop_options(
    epochs: int, batch: int, data: str = ANY_PHOTOS
) -> Callable[[Decorated], Decorated]:
    """What all recipes share."""
    return together(
        click.option(
            "--data",
            type=PATH,
            required=True,
            help=data,
        ),
        click.option("--sample", type=PATH, help="folder of the rendered sample, with pairs/"),
        click.option("--out", type=PATH, required=True, help="folder for checkpoints and logs"),
        click.option("--epochs", type=int, default=epochs, help=f"default {epochs}"),
        click.option("--batch", type=int, default=batch, help=f"default {batch}"),
        click.option("--rate", type=float, default=2e-3, help="peak learning rate of the heads"),
        click.option("--seed", type=int, default=0, help="of everything that is drawn"),
        click.option(
            "--threads", type=int, default=os.cpu_count() or 4, help="default: one per core"
        ),
        click.option("--workers", type=int, default=2, help="processes that prepare batches"),
        click.option("--every", type=int, default=5, help="epochs between measurements"),
        click.option("--resume", is_flag=True, help="go on from OUT/last.pt"),
        click.option("--start", type=PATH, help="a checkpoint whose weights are the start"),
        click.option(
            "--device",
            type=click.Choice(("auto", "cpu", "cuda", "mps")),
            default="cpu",
            help="what it runs on; auto: cuda where it is there",
        ),
        heading="Data and training",
    )


audit_options = together(
    click.option("--ignore-audit", is_flag=True, help="train despite label errors"), labels_options
)

project_option = click.option("--data", type=PATH, required=True, help=PROJECT)

entry_option = click.option(
    "--model",
    type=PATH,
    required=True,
    metavar="ENTRY",
    help="the embedding's registry entry, into which the curves are written",
)


@needs_torch(
    stage="Networks",
    examples=("thatlook train article --data photos --out runs/article --shipped",),
)
@_loop_options(epochs=60, batch=16)
@click.option("--products", type=int, default=160, help="lone products an epoch")
@click.option("--models", type=int, default=60, help="product photos with a person an epoch")
@click.option("--pseudo", type=PATH, help="labels that `thatlook train pseudo` wrote")
@click.option("--tagged", type=int, default=0, help="tagged street photos an epoch")
@click.option("--eye-labels", type=PATH, metavar="DIR", help="learn from labels made by eye")
@click.option("--shipped", is_flag=True, help="start from the weights of the shipped network")
@audit_options
def article(**given: Any) -> int:
    """The network that finds articles and people."""
    from thatlook.training.options import ArticleOptions
    from thatlook.training.recipes.article import run

    return run(ArticleOptions(**given))


@needs_torch(stage="Networks", examples=("thatlook train person --data photos --out runs/person",))
@_loop_options(epochs=30, batch=32)
@click.option("--keep-body", is_flag=True, help="train only what looks at the head; with --start")
@audit_options
def person(**given: Any) -> int:
    """The network of key points, view and gender."""
    from thatlook.training.options import PersonOptions
    from thatlook.training.recipes.person import run

    return run(PersonOptions(**given))


@needs_torch(
    renamed={
        "--likeness": "--metric-loss-weight",
        "--sameness": "--instance-loss-weight",
        "--agreement": "--consistency-weight",
    },
    stage="Networks",
    examples=("thatlook train embedding --data data --out runs/embedding --shipped",),
)
@_loop_options(epochs=12, batch=64, data=PROJECT)
@click.option("--steps", type=int, default=200, help="batches an epoch")
@click.option(
    "--backbone",
    type=click.Choice(BACKBONES),
    default=BACKBONES[0],
    help=f"default {BACKBONES[0]}",
)
@click.option("--backbone-weights", type=PATH, metavar="FILE", help="its ImageNet state dict")
@click.option(
    "--loss",
    type=click.Choice(LOSSES),
    default=LOSSES[0],
    help=f"the metric loss; default {LOSSES[0]}",
)
@click.option("--dim", type=int, default=128, help="length of the learned vector")
@click.option("--memory", type=int, default=2048, help="vectors remembered for mining")
@click.option("--metric-loss-weight", type=float, default=0.1, help="of --loss")
@click.option(
    "--instance-loss-weight", type=float, default=0.5, help="of telling two views of one item"
)
@click.option(
    "--consistency-weight",
    type=float,
    default=3.0,
    help="of the attribute heads agreeing on two views",
)
@click.option("--eye-labels", type=PATH, metavar="DIR", help="learn from labels made by eye")
@click.option("--shipped", is_flag=True, help="start from the weights of the shipped network")
@click.option(
    "--names", type=float, default=0.2, help="weight of guessing the words of products' names"
)
@click.option(
    "--teacher",
    type=PATH,
    metavar="ENTRY",
    help="registry entry of a network that tells what is not known of worn articles",
)
@click.option(
    "--feedback", type=PATH, metavar="CSV", help="pairs that `thatlook feedback export` wrote"
)
@click.option("--feedback-weight", type=float, default=0.3, help="of what shoppers judged")
@boxes_option
@pairs_options
def embedding(**given: Any) -> int:
    """The network of vectors, type, color and pattern."""
    from thatlook.training.options import EmbeddingOptions
    from thatlook.training.recipes.embedding import run

    return run(EmbeddingOptions(**given))


@needs_torch(
    "embedding-heads",
    stage="Networks",
    examples=("thatlook train embedding-heads --data data --out runs/heads",),
)
@project_option
@click.option(
    "--eye-labels",
    type=PATH,
    metavar="DIR",
    help="labels made by eye (labels/ of the repository) in place of the street photos' own",
)
@click.option("--sample", type=PATH, help="folder of the rendered sample, with pairs/")
@boxes_option
@click.option("--out", type=PATH, required=True, help="folder for the checkpoint")
@click.option("--model", default="", help="a registry entry (default: what ships)")
@click.option("--epochs", type=int, default=14, help="default 14")
@click.option("--batch", type=int, default=256, help="default 256")
@click.option("--rate", type=float, default=2e-3, help="peak learning rate")
@click.option("--seed", type=int, default=0, help="of everything that is drawn")
@click.option("--threads", type=int, default=os.cpu_count() or 2, help="default: one per core")
def embedding_heads(**given: Any) -> int:
    """The type, color and pattern heads of the embedding network alone."""
    from thatlook.training.recipes.embedding_heads import HeadsOptions, run

    return run(HeadsOptions(**given))


@needs_torch(
    stage="Networks",
    examples=("thatlook train text --catalog catalog --out runs/text",),
)
@click.option(
    "--catalog",
    "catalogs",
    type=address,
    multiple=True,
    required=True,
    metavar="DIR",
    help="an indexed catalog, whose products teach (repeat it)",
)
@click.option(
    "--titles",
    type=PATH,
    multiple=True,
    metavar="FEED",
    help="a feed whose titles teach without pictures (repeat it)",
)
@click.option("--out", type=PATH, required=True, help="folder for the entry and its weights")
@click.option("--id", "model_id", default="text-1", help="of the network; default text-1")
@click.option("--epochs", type=int, default=20, help="default 20")
@click.option("--batch", type=int, default=512, help="default 512")
@click.option("--rate", type=float, default=3e-3, help="peak learning rate")
@click.option("--seed", type=int, default=0, help="of everything that is drawn")
@click.option("--threads", type=int, default=os.cpu_count() or 2, help="default: one per core")
@click.option("--everything", is_flag=True, help="learn from the products kept apart too")
@click.option("--recipe", default="", help="this command, for the entry")
def text(**given: Any) -> int:
    """The tower that reads shoppers' words."""
    from thatlook.training.recipes.text import TextOptions, run

    return run(TextOptions(**given))


@needs_torch(
    stage="Networks",
    examples=("thatlook train compatibility --data data --eye-labels labels --out runs/together",),
)
@outfit_options
@click.option("--out", type=PATH, required=True, help="folder of the written network")
@click.option("--id", "model_id", default="compatibility-2", help="of the network")
@click.option("--share", type=float, default=1.0, help="of the outfits, for a learning curve")
@click.option("--steps", type=int, default=250, help="default 250")
@click.option("--seed", type=int, default=0, help="of everything that is drawn")
@click.option("--recipe", default="", help="this command, for the entry")
def compatibility(**given: Any) -> int:
    """The network that tells what goes with what, from outfits."""
    from thatlook.training.recipes.compatibility import CompatibilityOptions, run

    return run(CompatibilityOptions(**given))


@needs_torch(
    stage="Labels and pairs, before it",
    examples=("thatlook train pseudo --data data --out runs/pseudo.json",),
)
@project_option
@click.option("--model", default="", help="a registry entry (default: what ships)")
@click.option("--threads", type=int, default=0, help="0, the default: one per core")
@click.option("--out", type=PATH, default="runs/pseudo.json", help="the labels")
@click.option("--own", type=PATH, help="write the products' own boxes there, and no more")
def pseudo(data: Path, model: str, threads: int, out: Path, own: Path | None) -> int:
    """Label photos without boxes by a first network."""
    from thatlook.core.settings import Settings
    from thatlook.evaluate.detection.own_boxes import own_boxes
    from thatlook.training.pseudo import label_open
    from thatlook.vision.models.registry import resolve
    from thatlook.vision.models.session import Session
    from thatlook.vision.stages.article import ArticleStage

    stage = ArticleStage.of(Session(resolve("article", model), threads), Settings.load())
    if own:
        found = own_boxes(stage, data / "catalog")
        own.write_text(json.dumps(found), encoding="utf-8")
        print(f"own articles: {len(found)}")
        return 0
    for name, counts in zip(("open", "labelled"), label_open(data, stage, out), strict=True):
        print(f"{name}: {dict(counts)}")
    return 0


@needs_torch(
    stage="Entries and scores, after it",
    examples=(
        "thatlook train publish article --checkpoint runs/article/best.pt --out networks --id mine",
    ),
)
@click.argument(
    "network",
    type=click.Choice(("article", "person", "embedding", "text", "compatibility")),
)
@click.option("--checkpoint", type=PATH, help="is exported")
@click.option("--metrics", type=PATH, help="figures of `thatlook evaluate --json`")
@boxes_option
@click.option("--data", type=PATH, help="folder with street/ and catalog/")
@click.option("--out", type=PATH, required=True, help="folder of the entry and its weights")
@click.option("--id", "model_id", default="", help="of the network, such as article-5")
@click.option("--seed", type=int, default=0, help="for the entry")
@click.option("--recipe", default="", help="the commands that trained the checkpoint")
@click.option(
    "--trained-on",
    multiple=True,
    type=named("LICENSE"),
    metavar="NAME=LICENSE",
    help="data that taught it, in place of those of the networks that ship (repeat it)",
)
@click.option("--license", "own_license", default="Apache-2.0", help="the network's own")
def publish(
    network: str, checkpoint: Path | None, metrics: Path | None, out: Path, **entry: Any
) -> int:
    """Export a checkpoint to a registry entry, or add figures to one."""
    from thatlook.training.publish import add_metrics, export_task

    if checkpoint:
        spec = export_task(network, checkpoint, out, **entry)
        print(spec.path, spec.sha256)
    if metrics:
        add_metrics(out / f"{network}.json", metrics)
    return 0


@needs_torch(
    "calibrate",
    stage="Entries and scores, after it",
    examples=("thatlook train calibrate --data data --model networks/embedding.json",),
)
@project_option
@entry_option
@boxes_option
@click.option("--rounds", type=int, default=2, help="views of each photo")
def fit_scores(data: Path, model: Path, boxes: Path | None, rounds: int) -> int:
    """Fit the scores of the embedding."""
    from thatlook.training.calibrate import calibrate

    print(json.dumps(calibrate(data, model, boxes, rounds), indent=1))
    return 0


@needs_torch(
    "calibrate-worn",
    stage="Entries and scores, after it",
    examples=(
        "thatlook train calibrate-worn --data data --pairs p.jsonl --catalog shop --model e.json",
    ),
)
@project_option
@entry_option
@click.option("--pairs", type=PATH, required=True, help="judged pairs: labels/street_pairs.jsonl")
@click.option("--catalog", type=address, required=True, help="a catalog of DATA/catalog")
@click.option("--threads", type=int, default=0, help="0, the default: one per core")
def fit_worn_scores(data: Path, model: Path, pairs: Path, catalog: str, threads: int) -> int:
    """Fit the scores of what people wear, by what an eye accepted."""
    from thatlook.training.calibrate_worn import calibrate_worn

    print(json.dumps(calibrate_worn(data, model, pairs, catalog, threads), indent=1))
    return 0


@train.command(
    "pairs",
    renamed={"--most": "--max-pairs"},
    stage="Labels and pairs, before it",
    examples=("thatlook train pairs fashion.json --out pairs --contact mailto:me@example.com",),
)
@click.argument("source", type=PATH)
@click.option("--out", type=PATH, required=True, metavar="DIR", help="is made")
@click.option("--images", type=PATH, metavar="DIR", help="where else pictures lie")
@click.option("--contact", default="", help="how hosts can reach you (mailto: or https:)")
@click.option("--requests-per-second", type=float, default=1.0, metavar="N", help="per host")
@click.option("--max-pairs", type=int, metavar="N", help="the first N pairs only")
@private_option
@json_option
def gather_pairs(
    source: Path,
    out: Path,
    images: Path | None,
    contact: str,
    as_json: bool,
    **limits: Any,
) -> int:
    """Fetch and audit pairs to train with.

    SOURCE is Pinterest's fashion.json, a folder of Street2Shop tables or of rendered looks, or a
    CSV. Exit status 1 where the audit has errors or the hosts no longer answered.
    """
    from thatlook.crawl.pairs import fetch_pairs, summary
    from thatlook.crawl.shop import Limits
    from thatlook.data.pairs.audit import table
    from thatlook.data.pairs.reading import read

    found = read(source, images)
    found = replace(found, pairs=found.pairs[: limits["max_pairs"]])
    pace = Limits(requests_per_second=limits["requests_per_second"])
    report, audit = fetch_pairs(found, out, contact, pace, allow_private=limits["allow_private"])
    both = {"report": report.to_dict(), "audit": audit.to_dict()}
    sys.stdout.write((json.dumps(both) if as_json else summary(report, table(audit))) + "\n")
    return 1 if audit.errors or report.stopped else 0
