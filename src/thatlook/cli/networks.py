"""`train STAGE` and `evaluate STAGE`: each stage's own module brings its arguments."""

from __future__ import annotations

import argparse
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from thatlook.core.errors import MissingExtraError

RECIPES = {
    "article": "thatlook.training.recipes.article",
    "person": "thatlook.training.recipes.person",
    "embedding": "thatlook.training.recipes.embedding",
}
PAIRS = {"pairs": "thatlook.crawl.pairs"}
"""Fetches and audits pairs to train with; the only stage of `train` that needs no torch."""
PROTOCOLS = {
    "article": "thatlook.evaluate.detection.run",
    "person": "thatlook.evaluate.person.run",
    "embedding": "thatlook.evaluate.retrieval",
    "retrieval": "thatlook.evaluate.retrieval",
}


def add_arguments_train(parser: argparse.ArgumentParser) -> None:
    """The arguments of `thatlook train`."""
    if find_spec("torch") is None:
        stages = _mount(parser, PAIRS)
        for name in RECIPES:
            rest = stages.add_parser(name, prefix_chars="\0")
            rest.add_argument("rest", nargs=argparse.REMAINDER)
        return
    _mount(parser, RECIPES | PAIRS)


def run_train(args: argparse.Namespace) -> int:
    """Trains the stage."""
    if args.stage not in PAIRS and find_spec("torch") is None:
        raise MissingExtraError("thatlook train", "train")
    return _run((RECIPES | PAIRS)[args.stage], args, "thatlook train")


def add_arguments_evaluate(parser: argparse.ArgumentParser) -> None:
    """The arguments of `thatlook evaluate`."""
    _mount(parser, PROTOCOLS)


def run_evaluate(args: argparse.Namespace) -> int:
    """Measures the stage."""
    return _run(PROTOCOLS[args.stage], args, "thatlook evaluate")


def _run(home: str, args: argparse.Namespace, what: str) -> int:
    try:
        return int(import_module(home).run(args))
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("thatlook"):
            raise
        raise MissingExtraError(what, "train") from error


def _mount(parser: argparse.ArgumentParser, homes: dict[str, str]) -> Any:
    stages = parser.add_subparsers(dest="stage", required=True, metavar="STAGE")
    for name, home in homes.items():
        import_module(home).add_arguments(stages.add_parser(name))
    return stages
