"""`thatlook evaluate retrieval`: the trials on the shared data, and on one's own.

Everything is measured again by the same command; with --cache only what is new is embedded.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from thatlook.core.errors import DataError, SettingsError
from thatlook.data.pairs.audited import audited, checked, usable
from thatlook.data.pairs.reading import read
from thatlook.data.splits import split_of
from thatlook.evaluate.options import RetrievalOptions
from thatlook.evaluate.report import PRINTED, beside_session, finish
from thatlook.evaluate.retrieval.cache import Vectors
from thatlook.evaluate.retrieval.encoders import (
    IMAGENET,
    NETWORK,
    Encoder,
    Export,
    HistogramEncoder,
    NetworkEncoder,
    imagenet,
)
from thatlook.evaluate.retrieval.feeds import feed_trial
from thatlook.evaluate.retrieval.figures import beside_text, text_of
from thatlook.evaluate.retrieval.finder import Finder
from thatlook.evaluate.retrieval.flatlay import flatlay_trial
from thatlook.evaluate.retrieval.report import retrieval_report
from thatlook.evaluate.retrieval.results import TrialResult, budgets, result_of
from thatlook.evaluate.retrieval.scenes import (
    asked_pairs,
    gallery_of,
    pair_trials,
    rendered_gallery,
)
from thatlook.evaluate.retrieval.shop import degraded_trial, products, shop_trials
from thatlook.evaluate.retrieval.trials import Trial, measure
from thatlook.store.feed import FeedMapping, load_mapping
from thatlook.vision.models.registry import resolve
from thatlook.vision.models.session import Session
from thatlook.vision.pair.spec import PairSpec, filled

TRIALS: Final = ("shop", "rendered", "flatlay", "degraded", "pairs", "feed")


def run(options: RetrievalOptions, export: Export) -> int:
    """Measure, print the table, write the JSON and the page; the exit status.

    `export` writes the ImageNet baseline as a registry entry into a folder.

    Raises SettingsError where nothing is named to measure on, DataError where it holds nothing to
    measure or pairs have errors.
    """
    if not (options.data or options.sample or options.pairs or options.feed):
        raise SettingsError(
            "--data must name the folder to measure on; or give --sample, --pairs or --feed"
        )
    session = Session(resolve("embedding", options.model), options.threads)
    session.warm()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        encoders, missing = _encoders(options, session, scratch, export)
        vectors = [Vectors(encoder, options.cache) for encoder in encoders]
        finder = Finder(
            Session(resolve("article", options.article_model), options.threads), options.cache
        )
        results = [_result(trial, vectors, options.rounds) for trial in _trials(options, finder)]
    if not results:
        raise DataError(f"nothing to measure: no data for the trials {options.trial}")
    beside = encoders[1].name if options.beside else ""
    report = retrieval_report(session.spec, results, missing, _data(options), beside)
    for budget in budgets(results):
        print(f"thatlook: {budget.line()}", file=sys.stderr)
    for name, why in missing.items():
        print(f"thatlook: the baseline {name} is {why}", file=sys.stderr)
    if options.json != PRINTED:
        sys.stdout.write(text_of(results, missing))
        if beside:
            sys.stdout.write(beside_text(results, beside))
    return finish(options, report)


def _encoders(
    options: RetrievalOptions, session: Session, scratch: Path, export: Export
) -> tuple[list[Encoder], dict[str, str]]:
    """The network, the pair where one is named, the baselines, and why a baseline is missing."""
    found: list[Encoder] = [NetworkEncoder(NETWORK, session)]
    if options.beside:
        other = beside_session(options, session.spec)
        found.append(NetworkEncoder(other.spec.id, other))
    if options.pair:
        images = PairSpec.named(options.pair).image
        found.append(NetworkEncoder(images.id, filled(images, options.threads)))
    if options.no_baselines:
        return found, {}
    found.append(HistogramEncoder())
    baseline = imagenet((options.cache or scratch) / "imagenet", export, options.threads)
    if isinstance(baseline, str):
        return found, {IMAGENET: baseline}
    return [*found, baseline], {}


def _trials(options: RetrievalOptions, finder: Finder) -> Iterator[Trial]:
    """The trials that there is data for, each made when it is measured."""
    wanted = set(options.trial or TRIALS)
    if options.data and wanted & {"shop", "degraded"} and (options.data / "catalog").is_dir():
        items = products(options.data / "catalog", options.boxes, finder, options.max_products)
        if "shop" in wanted:
            yield from shop_trials(items)
        if "degraded" in wanted:
            yield degraded_trial(items)
    if options.sample and "rendered" in wanted:
        yield from _rendered(options.sample / "pairs", finder)
    if options.data and "flatlay" in wanted and (options.data / "flatlay").is_dir():
        yield flatlay_trial(options.data / "flatlay")
    if options.pairs and "pairs" in wanted:
        pairs = audited(options, split_of)
        asked = asked_pairs(pairs, options.pair_split)
        words = {
            "name": "pairs",
            "title": "Your pairs",
            "lead": "A scene's crop must find the very product among all products of the pairs.",
        }
        yield from pair_trials(asked, gallery_of(pairs, finder), finder, words)
    if options.feed and "feed" in wanted:
        mapping = load_mapping(options.mapping) if options.mapping else FeedMapping()
        mapping = mapping.with_fields(options.fields)
        yield feed_trial(options.feed, options.images, finder, mapping)


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


def _result(trial: Trial, vectors: Sequence[Vectors], rounds: int) -> TrialResult:
    print(f"thatlook: {trial.title}", file=sys.stderr)
    untold = [name for name, notion in trial.notions.items() if not any(notion.queries)]
    if untold:
        told = f"nothing is asked for {', '.join(untold)}: {trial.lead}"
        print(f"thatlook: {trial.title}: {told}", file=sys.stderr)
    measured = {one.encoder.name: measure(trial, one) for one in vectors}
    return result_of(trial, measured, measure(trial, vectors[0], half=True), rounds)


def _data(options: RetrievalOptions) -> str:
    named = [
        str(path) for path in (options.data, options.sample, *options.pairs, options.feed) if path
    ]
    few = f", about {options.max_products} products only" if options.max_products else ""
    return f"Measured on {', '.join(named)}{few}."
