"""The command line. Results on standard output, messages and progress on standard error.

Exit status: 0 done, 1 the input could not be used, 2 wrong usage.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

from thatlook.core.errors import PhotoError, SettingsError, ThatlookError
from thatlook.core.version import __version__

ABOUT = "Buy me that look: a photo of a dressed person in, the most similar products out."

COMMANDS = {
    "demo": ("thatlook.cli.demo", "index the bundled sample, recommend, write a page"),
    "parse": ("thatlook.cli.photos", "photos to looks, one JSON object per line"),
    "index": ("thatlook.cli.index", "a product feed to a catalog; again for what changed"),
    "recommend": ("thatlook.cli.photos", "a photo to products, article by article"),
    "similar": ("thatlook.cli.photos", "products like one of the catalog"),
    "look": ("thatlook.cli.photos", "products for all that is worn in a product's pictures"),
    "catalog": ("thatlook.cli.catalog", "what is in a catalog, and its upkeep"),
    "serve": ("thatlook.cli.serve", "HTTP service and web page"),
    "crawl": ("thatlook.cli.crawl", "a shop's pages to a feed"),
    "explore": ("thatlook.cli.explore", "a feed to a report"),
    "train": ("thatlook.cli.networks", "train a network on one's own data"),
    "evaluate": ("thatlook.cli.networks", "measure on one's own data"),
    "models": ("thatlook.cli.models", "the networks that ship: list, verify"),
}
"""Each command's module, which has add_arguments(parser) and run(args) -> exit status.

A module with several commands has add_arguments_NAME and run_NAME instead. Only the module
of the command that was given is imported, so that --help and parse stay quick.
"""


def build_parser(command: str | None = None) -> argparse.ArgumentParser:
    """The parser with every command; only `command` gets its arguments (all when None)."""
    parser = argparse.ArgumentParser(prog="thatlook", description=ABOUT)
    parser.add_argument("--version", action="version", version=f"thatlook {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, (module, summary) in COMMANDS.items():
        added = commands.add_parser(name, help=summary, description=summary)
        if command in {None, name}:
            _part(module, name, "add_arguments")(added)
    return parser


def _part(module: str, command: str, part: str) -> Callable[[Any], Any]:
    home = import_module(module)
    found: Callable[[Any], Any] = getattr(home, f"{part}_{command}", None) or getattr(home, part)
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    # Names and titles may hold what the terminal cannot show: that is no reason to stop.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    named = next((word for word in given if word in COMMANDS), None)
    args = build_parser(named or "").parse_args(given)
    try:
        status = int(_part(COMMANDS[args.command][0], args.command, "run")(args))
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
