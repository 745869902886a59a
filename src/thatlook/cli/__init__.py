"""The command line. Results on standard output, messages and progress on standard error.

Exit status: 0 done, 1 the input could not be used, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence

from thatlook.cli.command import Command, Parser
from thatlook.core.errors import PhotoError, SettingsError, ThatlookError
from thatlook.core.version import __version__

ABOUT = "Buy me that look: a photo of a dressed person in, the most similar products out."


def _demo() -> Command:
    from thatlook.cli.demo import DEMO

    return DEMO


def _parse() -> Command:
    from thatlook.cli.photos import PARSE

    return PARSE


def _index() -> Command:
    from thatlook.cli.index import INDEX

    return INDEX


def _recommend() -> Command:
    from thatlook.cli.photos import RECOMMEND

    return RECOMMEND


def _similar() -> Command:
    from thatlook.cli.photos import SIMILAR

    return SIMILAR


def _look() -> Command:
    from thatlook.cli.photos import LOOK

    return LOOK


def _catalog() -> Command:
    from thatlook.cli.catalog import CATALOG

    return CATALOG


def _serve() -> Command:
    from thatlook.cli.serve import SERVE

    return SERVE


def _crawl() -> Command:
    from thatlook.cli.crawl import CRAWL

    return CRAWL


def _explore() -> Command:
    from thatlook.cli.explore import EXPLORE

    return EXPLORE


def _train() -> Command:
    from thatlook.cli.train import TRAIN

    return TRAIN


def _evaluate() -> Command:
    from thatlook.cli.evaluate import EVALUATE

    return EVALUATE


def _models() -> Command:
    from thatlook.cli.models import MODELS

    return MODELS


COMMANDS: dict[str, tuple[Callable[[], Command], str]] = {
    "demo": (_demo, "index the bundled sample, recommend, write a page"),
    "parse": (_parse, "photos to looks, one JSON object per line"),
    "index": (_index, "a product feed to a catalog; again for what changed"),
    "recommend": (_recommend, "a photo to products, article by article"),
    "similar": (_similar, "products like one of the catalog"),
    "look": (_look, "products for all that is worn in a product's pictures"),
    "catalog": (_catalog, "what is in a catalog, and its upkeep"),
    "serve": (_serve, "HTTP service and web page"),
    "crawl": (_crawl, "a shop's pages to a feed"),
    "explore": (_explore, "a feed to a report"),
    "train": (_train, "train a network on one's own data"),
    "evaluate": (_evaluate, "measure on one's own data"),
    "models": (_models, "the networks that ship: list, verify"),
}
"""Each command by its loader, so that --help and parse stay quick: only the module of the command
that was given is imported.
"""


def build_parser(command: str | None = None) -> argparse.ArgumentParser:
    """The parser with every command; only `command` gets its arguments (all when None)."""
    parser = Parser(prog="thatlook", description=ABOUT)
    parser.add_argument("--version", action="version", version=f"thatlook {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (load, summary) in COMMANDS.items():
        added = commands.add_parser(name, help=summary, description=summary)
        if command in {None, name}:
            load().add_arguments(added)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    # Names and titles may hold what the terminal cannot show: that is no reason to stop.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    if "_ARGCOMPLETE" in os.environ:
        _complete()
    named = next((word for word in given if word in COMMANDS), None)
    args = build_parser(named or "").parse_args(given)
    try:
        status = COMMANDS[args.command][0]().run(args)
        sys.stdout.flush()
    except SettingsError as error:
        return _told(error, 2)
    except ThatlookError as error:
        return _told(error, 1)
    except BrokenPipeError:
        # The reader of our output went away (`thatlook parse ... | head`): not an error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # an output file or folder that cannot be written
        return _told(error, 1)
    except KeyboardInterrupt:
        return _told("interrupted", 130)
    return status


def _told(error: Exception | str, status: int) -> int:
    text = str(error) if not isinstance(error, PhotoError) else f"{error.source}: {error.message}"
    print(f"thatlook: {text}", file=sys.stderr)
    return status


def _complete() -> None:
    """Answers the shell that asks for completions (README says how to switch it on)."""
    import argcomplete

    argcomplete.autocomplete(build_parser())
