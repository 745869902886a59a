"""What a crawl has done so far: one JSON object a line, appended and synced, never changed.

A crawl killed at any moment leaves whole lines and at most one torn one at the end, which is
cut off when the journal is opened again. A page, its rows and the pages it leads to are one
line, so they are all there or not at all. (A plain file needs no migrations, can be read
with any tool, and has one writer; the catalog is where a database is worth its weight.)
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from io import BufferedRandom
from pathlib import Path
from typing import Any

from thatlook.core.closing import Closing
from thatlook.core.errors import FeedError
from thatlook.core.lock import locked

Entry = dict[str, Any]


class Journal(Closing):
    """An open journal; a context manager. One process at a time may have it open."""

    def __init__(self, path: Path) -> None:
        """Opens or creates it. Raises FeedError where another crawl has it, or it is damaged."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._file: BufferedRandom = path.open("a+b")
        if not locked(self._file):
            self._file.close()
            raise FeedError(
                f"{path}: another crawl is writing here; wait for it or choose another --out"
            )
        try:
            self.entries = tuple(self._read())
        except FeedError:
            self._file.close()
            raise

    def _read(self) -> Iterator[Entry]:
        self._file.seek(0)
        whole = 0
        for number, line in enumerate(self._file, start=1):
            if not line.endswith(b"\n"):
                break  # torn by a kill: the crawl will do this step again
            try:
                entry = json.loads(line)
            except ValueError as error:
                raise FeedError(f"{self.path}, line {number}: damaged: {error}") from error
            whole += len(line)
            yield entry
        self._file.truncate(whole)

    def append(self, entry: Entry) -> None:
        """Writes one entry and returns when the disk has it."""
        line = json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
        self._file.write(line.encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Closes the file, which also gives the lock back."""
        self._file.close()
