"""A worker process: reads jobs from its standard input, writes results to its standard output.

Not multiprocessing: that would import the caller's main module again in every worker, and a
script that calls `engine.index(...)` without a `__main__` guard would start itself.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
from typing import IO, Any

from thatlook.core.errors import ThatlookError
from thatlook.store.ingest.describing import describe_jobs


def main() -> None:
    """Serves until the parent closes the pipe, as it does when it dies."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not get between the results
    calls = sys.stdin.buffer
    try:
        describer = pickle.load(calls)()  # noqa: S301 - written by the parent
    except ThatlookError as error:
        _reply(replies, error_reply(error))
        return
    while True:
        try:
            jobs = pickle.load(calls)  # noqa: S301 - written by the parent
        except EOFError:
            return
        try:
            _reply(replies, ("done", describe_jobs(describer, jobs)))
        except ThatlookError as error:
            _reply(replies, error_reply(error))


def error_reply(error: ThatlookError) -> tuple[str, tuple[str, str]]:
    """An error as data: not every exception survives pickling."""
    return ("error", (type(error).__name__, str(error)))


def _reply(replies: IO[bytes], reply: Any) -> None:
    pickle.dump(reply, replies)
    replies.flush()
