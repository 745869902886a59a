"""`thatlook evaluate retrieval`: the trials on the shared data, and on one's own.

Everything is measured again by the same command; with --cache only what is new is embedded.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from thatlook.cli import pairs_audit as pair_audit
from thatlook.cli.pairs_audit import checked, usable
from thatlook.core.errors import SettingsError
from thatlook.data.pairs.reading import read
from thatlook.data.splits import split_of
from thatlook.evaluate.report import PRINTED, add_common, finish
from thatlook.evaluate.retrieval.cache import Vectors
from thatlook.evaluate.retrieval.encoders import (
    IMAGENET,
    NETWORK,
    Encoder,
    HistogramEncoder,
    NetworkEncoder,
    imagenet,
)
from thatlook.evaluate.retrieval.feeds import feed_trial
from thatlook.evaluate.retrieval.figures import text_of
from thatlook.evaluate.retrieval.finder import Finder
from thatlook.evaluate.retrieval.flatlay import flatlay_trial
from thatlook.evaluate.retrieval.page import report_of
from thatlook.evaluate.retrieval.results import Result, budgets, result_of
from thatlook.evaluate.retrieval.scenes import gallery_of, pair_trials, rendered_gallery
from thatlook.evaluate.retrieval.shop import degraded_trial, products, shop_trials
from thatlook.evaluate.retrieval.trials import Trial, measure
from thatlook.vision.models.registry import resolve
from thatlook.vision.models.session import Session

TRIALS: Final = ("shop", "rendered", "flatlay", "degraded", "pairs", "feed")
ROUNDS: Final = 1000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the protocol's options to `parser`."""
    add_common(parser)
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
        "--trial", action="append", choices=TRIALS, help="only this one (repeat it)"
    )
    parser.add_argument("--no-baselines", action="store_true", help="the network alone")
    parser.add_argument(
        "--rounds", type=int, default=ROUNDS, metavar="N", help="resamples of the intervals"
    )
    parser.add_argument(
        "--most", type=int, metavar="N", help="of about N products only: quick, not comparable"
    )
    pair_audit.add_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Measure, print the table, write --json and --html; the exit status.

    Raises SettingsError where there is nothing to measure on, or pairs have errors.
    """
    if not (args.data or args.sample or args.pairs or args.feed):
        raise SettingsError(
            "--data must name the folder to measure on; or give --sample, --pairs or --feed"
        )
    session = Session(resolve("embedding", args.model), args.threads)
    session.warm()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        encoders, missing = _encoders(args, session, scratch)
        vectors = [Vectors(encoder, args.cache) for encoder in encoders]
        finder = Finder(Session(resolve("article", args.article_model), args.threads), args.cache)
        results = [_result(trial, vectors, args.rounds) for trial in _trials(args, finder)]
    if not results:
        raise SettingsError(f"nothing to measure: no data for the trials {args.trial}")
    report = report_of(session.spec, results, missing, _data(args))
    for budget in budgets(results):
        print(f"thatlook: {budget.line()}", file=sys.stderr)
    for name, why in missing.items():
        print(f"thatlook: the baseline {name} is {why}", file=sys.stderr)
    if args.json != PRINTED:
        sys.stdout.write(text_of(results, missing))
    return finish(args, report)


def _encoders(
    args: argparse.Namespace, session: Session, scratch: Path
) -> tuple[list[Encoder], dict[str, str]]:
    """The network and the baselines, and why a baseline is missing."""
    found: list[Encoder] = [NetworkEncoder(NETWORK, session)]
    if args.no_baselines:
        return found, {}
    found.append(HistogramEncoder())
    baseline = imagenet((args.cache or scratch) / "imagenet", args.threads)
    if isinstance(baseline, str):
        return found, {IMAGENET: baseline}
    return [*found, baseline], {}


def _trials(args: argparse.Namespace, finder: Finder) -> Iterator[Trial]:
    """The trials that there is data for, each made when it is measured."""
    wanted = set(args.trial or TRIALS)
    if args.data and wanted & {"shop", "degraded"} and (args.data / "catalog").is_dir():
        items = products(args.data / "catalog", args.boxes, finder, args.most)
        if "shop" in wanted:
            yield from shop_trials(items)
        if "degraded" in wanted:
            yield degraded_trial(items)
    if args.sample and "rendered" in wanted:
        yield from _rendered(args.sample / "pairs", finder)
    if args.data and "flatlay" in wanted and (args.data / "flatlay").is_dir():
        yield flatlay_trial(args.data / "flatlay")
    if args.pairs and "pairs" in wanted:
        pairs = pair_audit.audited(args, split_of)
        words = {
            "name": "pairs",
            "title": "Your pairs",
            "lead": "A scene's crop must find the very product among all products of the pairs.",
        }
        yield from pair_trials(pairs, gallery_of(pairs, finder), finder, words)
    if args.feed and "feed" in wanted:
        yield feed_trial(args.feed, args.images, finder)


def _rendered(folder: Path, finder: Finder) -> Iterator[Trial]:
    found, _, looked = checked(read(folder), split_of)
    words = {
        "name": "rendered",
        "title": "Rendered scene to product",
        "lead": (
            "A worn article's crop must find the very product among all rendered products. "
            "Computer-made: matching is easier than in life, and this is no figure on real photos."
        ),
    }
    pairs = usable(found.pairs, looked)
    yield from pair_trials(pairs, rendered_gallery(folder, finder), finder, words)


def _result(trial: Trial, vectors: Sequence[Vectors], rounds: int) -> Result:
    print(f"thatlook: {trial.title}", file=sys.stderr)
    measured = {one.encoder.name: measure(trial, one) for one in vectors}
    return result_of(trial, measured, measure(trial, vectors[0], half=True), rounds)


def _data(args: argparse.Namespace) -> str:
    named = [str(path) for path in (args.data, args.sample, *args.pairs, args.feed) if path]
    few = f", about {args.most} products only" if args.most else ""
    return f"Measured on {', '.join(named)}{few}."
