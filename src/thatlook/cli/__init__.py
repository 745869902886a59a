"""The command line. Results on standard output, messages and progress on standard error.

Exit status: 0 done, 1 the input could not be used, 2 wrong usage.

The modules of the commands are light: what is heavy is imported in the body of the command that
needs it, so that --help and completion in the shell are quick.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

import click
from click.shell_completion import shell_complete

from thatlook.cli import (
    catalog,
    complete,
    crawl,
    demo,
    doctor,
    evaluate,
    explore,
    feedback,
    index,
    models,
    photos,
    scenes,
    search,
    serve,
    train,
)
from thatlook.cli.command import Group
from thatlook.core.errors import PhotoError, SettingsError, ThatlookError
from thatlook.core.version import __version__

COMPLETE = "_THATLOOK_COMPLETE"
"""The shell asks for completions by this variable (README says how to switch it on)."""


@click.group(
    cls=Group,
    examples=(
        "thatlook demo",
        "thatlook index feed.csv --images images --catalog catalog",
        "thatlook recommend photo.jpg --catalog catalog --html look.html",
        f'eval "$({COMPLETE}=bash_source thatlook)"    # completion; or zsh_source, fish_source',
    ),
)
@click.version_option(__version__, message=f"thatlook {__version__}")
def thatlook() -> None:
    """Buy me that look: a photo of a dressed person in, the most similar products out.

    `thatlook COMMAND -h` shows a command's options and an example.
    """


thatlook.add_stage("Try it", (demo.demo, doctor.doctor))
thatlook.add_stage(
    "From a shop to a catalog",
    (crawl.crawl, explore.explore, index.index, scenes.index_scenes, catalog.catalog),
)
thatlook.add_stage(
    "From a photo or a product to products",
    (
        photos.parse,
        photos.recommend,
        search.search,
        photos.similar,
        photos.look,
        complete.complete,
        complete.outfits,
        scenes.scenes,
    ),
)
thatlook.add_stage("For shoppers", (serve.command, feedback.feedback))
thatlook.add_stage("The networks", (models.models, evaluate.evaluate, train.train))


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status."""
    # Names and titles may hold what the terminal cannot show: that is no reason to stop.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        status = _run(list(sys.argv[1:] if arguments is None else arguments))
        sys.stdout.flush()
    except click.UsageError as error:
        return _misused(error)
    except ThatlookError as error:
        return _told(error, 2 if isinstance(error, SettingsError) else 1)
    except BrokenPipeError:
        # The reader of our output went away (`thatlook parse ... | head`): not an error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # an output file or folder that cannot be written
        return _told(error, 1)
    except KeyboardInterrupt:
        return _told("interrupted", 130)
    return status


def _run(given: list[str]) -> int:
    """The command's exit status, by the steps of `thatlook.main(standalone_mode=False)`: that one
    would exit at a broken pipe and print an empty line at Ctrl-C.
    """
    if instruction := os.environ.get(COMPLETE):
        return shell_complete(thatlook, {}, "thatlook", COMPLETE, instruction)
    try:
        with thatlook.make_context("thatlook", given) as context:
            return int(thatlook.invoke(context))
    except click.exceptions.Exit as end:  # --help or --version was shown
        return end.exit_code


def _misused(error: click.UsageError) -> int:
    """Says how to use it; of a group without a command, all that it can do."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        print(error.format_message(), file=sys.stderr)
        return 2
    if error.ctx is not None:
        print(error.ctx.get_usage(), file=sys.stderr)
    return _told(error.format_message(), 2)


def _told(error: Exception | str, status: int) -> int:
    text = str(error) if not isinstance(error, PhotoError) else f"{error.source}: {error.message}"
    print(f"thatlook: {text}", file=sys.stderr)
    return status
