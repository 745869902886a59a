"""`evaluate TASK`: how good a network is, on the project's data or on one's own."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from thatlook.cli.command import Command, Renamed, options_of
from thatlook.cli.options import add_labels, add_measured, add_pairs
from thatlook.core.errors import MissingExtraError

if TYPE_CHECKING:
    from thatlook.vision.models.registry import ModelSpec


def _add_photos(parser: argparse.ArgumentParser) -> None:
    add_measured(parser)
    parser.add_argument(
        "--split",
        choices=("val", "test", "train", "all"),
        default="",
        help="which photos of one's own data (default: val, where the data has none all)",
    )
    parser.add_argument("--no-products", action="store_true", help="street photos only")
    parser.add_argument(
        "--audit",
        metavar="DATA",
        help="check the labels of a YOLO folder, a COCO file or folder, or street photos instead",
    )
    add_labels(parser)


def _add_article(parser: argparse.ArgumentParser) -> None:
    _add_photos(parser)
    parser.add_argument(
        "--suggest", type=int, metavar="N", help="list the N photos most worth labelling instead"
    )
    parser.add_argument(
        "--labels",
        type=Path,
        metavar="DIR",
        help="labels made by eye (labels/ of the repository): false positives in product photos",
    )
    parser.add_argument(
        "--eye",
        action="store_true",
        help="street photos by DATA/street/eye_labels.jsonl, those alone that it names",
    )


def _article(args: argparse.Namespace) -> int:
    if args.audit:
        return _audit(args, people=False)
    from thatlook.evaluate.detection.run import run
    from thatlook.evaluate.options import DetectionOptions

    return run(options_of(DetectionOptions, args))


def _add_person(parser: argparse.ArgumentParser) -> None:
    _add_photos(parser)
    parser.add_argument(
        "--look",
        choices=("keypoints", "bystanders", "lone"),
        help="draw a contact sheet to look at instead, into --html: key points of 60 photos, "
        "whose article is whose in 100 photos of several people, lone products taken for people",
    )


def _person(args: argparse.Namespace) -> int:
    if args.audit:
        return _audit(args, people=True)
    from thatlook.evaluate.options import PersonOptions
    from thatlook.evaluate.person.run import run

    return run(options_of(PersonOptions, args))


def _audit(args: argparse.Namespace, *, people: bool) -> int:
    """Prints the audit of the labels; 1 where it has errors."""
    from thatlook.data.audited import AuditOptions, audited
    from thatlook.data.splits import split_of

    _, found = audited(args.audit, options_of(AuditOptions, args), split_of, people=people)
    return 1 if found.errors else 0


def _add_retrieval(parser: argparse.ArgumentParser) -> None:
    add_measured(parser)
    parser.add_argument(
        "--boxes", type=Path, help="JSON of the products' own articles by id; else found"
    )
    parser.add_argument("--article-model", default="", help="a registry entry: who finds boxes")
    parser.add_argument(
        "--feed", type=Path, help="a feed of one's own, judged by its type and color"
    )
    parser.add_argument("--images", type=Path, metavar="DIR", help="the pictures of --feed")
    parser.add_argument(
        "--cache", type=Path, metavar="DIR", help="keep vectors and boxes there, per network"
    )
    parser.add_argument(
        "--trial",
        action="append",
        choices=("shop", "rendered", "flatlay", "degraded", "pairs", "feed"),
        help="only this one (repeat it)",
    )
    parser.add_argument("--no-baselines", action="store_true", help="the network alone")
    parser.add_argument(
        "--rounds", type=int, default=1000, metavar="N", help="resamples of the intervals"
    )
    parser.add_argument(
        "--max-products", type=int, metavar="N", help="about N products only: not comparable"
    )
    parser.add_argument(
        "--most", action=Renamed, new="--max-products", type=int, dest="max_products"
    )
    add_pairs(parser)


def _retrieval(args: argparse.Namespace) -> int:
    from thatlook.evaluate.options import RetrievalOptions
    from thatlook.evaluate.retrieval.run import run

    return run(options_of(RetrievalOptions, args), _imagenet)


def _imagenet(folder: Path) -> ModelSpec:
    """The ImageNet baseline, which needs torch to be exported."""
    from thatlook.training.imagenet import export_to

    return export_to(folder)


PROTOCOLS = {
    "article": (Command(_add_article, _article), "boxes, categories and masks"),
    "person": (Command(_add_person, _person), "key points, view, gender and the full-shot gate"),
    "retrieval": (Command(_add_retrieval, _retrieval), "whether vectors find what they should"),
    "embedding": (Command(_add_retrieval, _retrieval), "the same as retrieval"),
}


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    tasks = parser.add_subparsers(dest="task", required=True, metavar="TASK")
    for name, (command, summary) in PROTOCOLS.items():
        command.add_arguments(tasks.add_parser(name, help=summary, description=summary))


def _run(args: argparse.Namespace) -> int:
    return with_extra(PROTOCOLS[args.task][0].run, args, "evaluate")


def with_extra(
    run: Callable[[argparse.Namespace], int], args: argparse.Namespace, name: str
) -> int:
    """Runs a command; raises MissingExtraError where a package of the extra is not there."""
    try:
        return run(args)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("thatlook"):
            raise
        extra = "train" if name == "train" else "eval"
        raise MissingExtraError(f"thatlook {name} ({error.name})", extra) from error


EVALUATE = Command(_add_arguments, _run)
