"""`train TASK`: a network on one's own data, and what goes before and after it."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from thatlook.cli.command import Command, Renamed, options_of
from thatlook.cli.evaluate import with_extra
from thatlook.cli.options import add_labels, add_pairs
from thatlook.core.errors import MissingExtraError

TASKS = ("article", "person", "embedding")


def _add_loop(parser: argparse.ArgumentParser, *, epochs: int, batch: int) -> None:
    """What all recipes share."""
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        help="folder with street/ and catalog/, or labelled photos of one's own",
    )
    parser.add_argument("--sample", type=Path, help="folder of the rendered sample, with pairs/")
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints and logs")
    parser.add_argument("--epochs", type=int, default=epochs, help=f"default {epochs}")
    parser.add_argument("--batch", type=int, default=batch, help=f"default {batch}")
    parser.add_argument("--rate", type=float, default=2e-3, help="peak learning rate of the heads")
    parser.add_argument("--seed", type=int, default=0, help="of everything that is drawn")
    parser.add_argument(
        "--threads", type=int, default=os.cpu_count() or 4, help="default: one per core"
    )
    parser.add_argument("--workers", type=int, default=2, help="processes that prepare batches")
    parser.add_argument("--every", type=int, default=5, help="epochs between measurements")
    parser.add_argument("--resume", action="store_true", help="go on from OUT/last.pt")
    parser.add_argument("--start", type=Path, help="a checkpoint whose weights are the start")


def _add_audit(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--ignore-audit", action="store_true", help="train despite label errors")
    add_labels(parser)


def _add_article(parser: argparse.ArgumentParser) -> None:
    _add_loop(parser, epochs=60, batch=16)
    parser.add_argument("--products", type=int, default=160, help="lone products an epoch")
    parser.add_argument(
        "--models", type=int, default=60, help="product photos with a person an epoch"
    )
    parser.add_argument("--pseudo", type=Path, help="labels that `thatlook train pseudo` wrote")
    parser.add_argument("--tagged", type=int, default=0, help="tagged street photos an epoch")
    _add_audit(parser)


def _article(args: argparse.Namespace) -> int:
    from thatlook.training.options import ArticleOptions
    from thatlook.training.recipes.article import run

    return run(options_of(ArticleOptions, args))


def _add_classes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, help="folder with street/ and catalog/")
    parser.add_argument("--labels", type=Path, required=True, help="labels/ of the repository")
    parser.add_argument("--out", type=Path, required=True, help="folder for the checkpoint")
    parser.add_argument("--model", default="", help="a registry entry (default: what ships)")
    parser.add_argument("--epochs", type=int, default=8, help="default 8")
    parser.add_argument("--batch", type=int, default=8, help="default 8")
    parser.add_argument("--rate", type=float, default=5e-4, help="peak learning rate")
    parser.add_argument("--seed", type=int, default=0, help="of everything that is drawn")
    parser.add_argument("--threads", type=int, default=os.cpu_count() or 2, help="one per core")
    parser.add_argument("--products", type=int, default=900, help="lone products")
    parser.add_argument("--negatives", type=int, default=600, help="models nobody looked at")


def _classes(args: argparse.Namespace) -> int:
    from thatlook.training.recipes.article_classes import ClassesOptions, run

    return run(options_of(ClassesOptions, args))


def _add_person(parser: argparse.ArgumentParser) -> None:
    _add_loop(parser, epochs=30, batch=32)
    parser.add_argument(
        "--keep-body",
        action="store_true",
        help="train only what looks at the head; with --start",
    )
    _add_audit(parser)


def _person(args: argparse.Namespace) -> int:
    from thatlook.training.options import PersonOptions
    from thatlook.training.recipes.person import run

    return run(options_of(PersonOptions, args))


def _add_embedding(parser: argparse.ArgumentParser) -> None:
    from thatlook.training.backbones import BACKBONES
    from thatlook.training.recipes.embedding import LOSSES

    _add_loop(parser, epochs=12, batch=64)
    parser.add_argument("--steps", type=int, default=200, help="batches an epoch")
    parser.add_argument(
        "--backbone", choices=BACKBONES, default=BACKBONES[0], help=f"default {BACKBONES[0]}"
    )
    parser.add_argument(
        "--backbone-weights", type=Path, metavar="FILE", help="its ImageNet state dict"
    )
    parser.add_argument(
        "--loss", choices=LOSSES, default=LOSSES[0], help=f"the metric loss; default {LOSSES[0]}"
    )
    parser.add_argument("--dim", type=int, default=128, help="length of the learned vector")
    parser.add_argument("--memory", type=int, default=2048, help="vectors remembered for mining")
    parser.add_argument("--metric-loss-weight", type=float, default=0.1, help="of --loss")
    parser.add_argument(
        "--instance-loss-weight", type=float, default=0.5, help="of telling two views of one item"
    )
    parser.add_argument(
        "--consistency-weight",
        type=float,
        default=3.0,
        help="of the attribute heads agreeing on two views",
    )
    for old, new in (
        ("likeness", "metric-loss-weight"),
        ("sameness", "instance-loss-weight"),
        ("agreement", "consistency-weight"),
    ):
        dest = new.replace("-", "_")
        parser.add_argument(f"--{old}", action=Renamed, new=f"--{new}", type=float, dest=dest)
    parser.add_argument(
        "--names", type=float, default=0.2, help="weight of guessing the words of products' names"
    )
    parser.add_argument(
        "--teacher",
        type=Path,
        metavar="ENTRY",
        help="registry entry of a network that tells what is not known of worn articles",
    )
    parser.add_argument("--boxes", type=Path, help="JSON of the products' own articles by id")
    add_pairs(parser)


def _embedding(args: argparse.Namespace) -> int:
    from thatlook.training.options import EmbeddingOptions
    from thatlook.training.recipes.embedding import run

    return run(options_of(EmbeddingOptions, args))


def _add_pseudo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, help="folder with street/ and catalog/")
    parser.add_argument("--model", default="", help="a registry entry (default: what ships)")
    parser.add_argument("--threads", type=int, default=0, help="0: one per core")
    parser.add_argument("--out", type=Path, default=Path("runs/pseudo.json"), help="the labels")
    parser.add_argument("--own", type=Path, help="write the products' own boxes there, and no more")


def _pseudo(args: argparse.Namespace) -> int:
    from thatlook.core.settings import Settings
    from thatlook.evaluate.detection.own_boxes import own_boxes
    from thatlook.training.pseudo import label_open
    from thatlook.vision.models.registry import resolve
    from thatlook.vision.models.session import Session
    from thatlook.vision.stages.article import ArticleStage

    stage = ArticleStage.of(Session(resolve("article", args.model), args.threads), Settings.load())
    if args.own:
        found = own_boxes(stage, args.data / "catalog")
        args.own.write_text(json.dumps(found), encoding="utf-8")
        print(f"own articles: {len(found)}")
        return 0
    for name, counts in zip(
        ("open", "labelled"), label_open(args.data, stage, args.out), strict=True
    ):
        print(f"{name}: {dict(counts)}")
    return 0


def _add_publish(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("network", choices=TASKS, help="whose weights")
    parser.add_argument("--checkpoint", type=Path, help="is exported")
    parser.add_argument("--metrics", type=Path, help="figures of `thatlook evaluate --json`")
    parser.add_argument("--boxes", type=Path, help="JSON of the products' own articles by id")
    parser.add_argument("--data", type=Path, help="folder with street/ and catalog/")
    parser.add_argument("--out", type=Path, help="default: the folder of the weights that ship")
    parser.add_argument("--id", default="", help="of the network, such as article-5")
    parser.add_argument("--seed", type=int, default=0, help="for the entry")
    parser.add_argument("--recipe", default="", help="the commands that trained the checkpoint")


def _publish(args: argparse.Namespace) -> int:
    from thatlook.training.publish import add_metrics, export_task, weights_folder

    out = args.out or weights_folder()
    if args.checkpoint:
        spec = export_task(
            args.network,
            args.checkpoint,
            out,
            data=args.data,
            boxes=args.boxes,
            model_id=args.id,
            recipe=args.recipe,
            seed=args.seed,
        )
        print(spec.path, spec.sha256)
    if args.metrics:
        add_metrics(out / f"{args.network}.json", args.metrics)
    return 0


def _add_calibrate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, required=True, help="folder with street/ and catalog/")
    parser.add_argument("--boxes", type=Path, help="JSON of the products' own articles by id")
    parser.add_argument("--rounds", type=int, default=2, help="views of each photo")


def _calibrate(args: argparse.Namespace) -> int:
    from thatlook.training.calibrate import calibrate

    print(json.dumps(calibrate(args.data, args.boxes, args.rounds), indent=1))
    return 0


def _add_fetch_pairs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "source",
        type=Path,
        metavar="SOURCE",
        help="Pinterest's fashion.json, a folder of Street2Shop tables or of rendered looks, a CSV",
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="is made")
    parser.add_argument("--images", type=Path, metavar="DIR", help="where else pictures lie")
    parser.add_argument("--contact", default="", help="how hosts can reach you (mailto: or https:)")
    parser.add_argument(
        "--requests-per-second", type=float, default=1.0, metavar="N", help="per host"
    )
    parser.add_argument("--max-pairs", type=int, metavar="N", help="the first N pairs only")
    parser.add_argument("--most", action=Renamed, new="--max-pairs", type=int, dest="max_pairs")
    parser.add_argument(
        "--allow-private", action="store_true", help="also hosts inside your own network"
    )
    parser.add_argument("--json", action="store_true", help="the report and the audit as JSON")


def _fetch_pairs(args: argparse.Namespace) -> int:
    """1 where the audit has errors or the hosts no longer answered."""
    from thatlook.crawl.pairs import fetch_pairs, summary
    from thatlook.crawl.shop import Limits
    from thatlook.data.pairs.audit import table
    from thatlook.data.pairs.reading import read

    source = read(args.source, args.images)
    source = replace(source, pairs=source.pairs[: args.max_pairs])
    limits = Limits(requests_per_second=args.requests_per_second)
    report, audit = fetch_pairs(
        source, args.out, args.contact, limits, allow_private=args.allow_private
    )
    both = {"report": report.to_dict(), "audit": audit.to_dict()}
    text = json.dumps(both) if args.json else summary(report, table(audit))
    sys.stdout.write(text + "\n")
    return 1 if audit.errors or report.stopped else 0


RECIPES = {
    "article": (Command(_add_article, _article), "the network that finds articles and people"),
    "article-classes": (
        Command(_add_classes, _classes),
        "the class heads of the article network alone, on eye labels",
    ),
    "person": (Command(_add_person, _person), "key points, view and gender"),
    "embedding": (Command(_add_embedding, _embedding), "vectors, type, color and pattern"),
    "pseudo": (Command(_add_pseudo, _pseudo), "label photos without boxes by a first network"),
    "publish": (Command(_add_publish, _publish), "export a checkpoint to a registry entry"),
    "calibrate": (Command(_add_calibrate, _calibrate), "fit the scores of the embedding"),
}
"""What needs torch."""

PAIRS = {
    "pairs": (Command(_add_fetch_pairs, _fetch_pairs), "fetch and audit pairs to train with"),
}
"""What needs no torch."""


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    tasks = parser.add_subparsers(dest="task", required=True, metavar="TASK")
    trains = find_spec("torch") is not None
    for name, (command, summary) in (RECIPES | PAIRS).items():
        if trains or name in PAIRS:
            command.add_arguments(tasks.add_parser(name, help=summary, description=summary))
        else:  # whatever is asked of it, the answer is how to install it
            rest = tasks.add_parser(name, help=summary, prefix_chars="\0")
            rest.add_argument("rest", nargs=argparse.REMAINDER)


def _run(args: argparse.Namespace) -> int:
    if args.task in RECIPES and find_spec("torch") is None:
        raise MissingExtraError("thatlook train", "train")
    return with_extra((RECIPES | PAIRS)[args.task][0].run, args, "train")


TRAIN = Command(_add_arguments, _run)
