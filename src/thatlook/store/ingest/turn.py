"""One index run on a catalog at a time: two with different feeds would leave a mixture."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from thatlook.core.errors import CatalogError, unwritable
from thatlook.core.lock import locked

FILE_NAME: Final = "index.lock"
_SHOWN_BYTES: Final = 1000


@contextmanager
def own_turn(folder: Path, feed: str) -> Iterator[None]:
    """The block's run is the only one on the catalog in `folder`, until its process ends.

    Raises CatalogError, which names the run that has the catalog, or says that the folder cannot
    be written.
    """
    path = folder / FILE_NAME
    try:
        file = path.open("a+b")
    except OSError as error:
        raise unwritable(path, error) from error
    with file:
        if not locked(file):
            holder = _read(path) or "another run"
            raise CatalogError(f"{folder}: is being indexed by {holder}; wait for it, or end it")
        began = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        note = f"process {os.getpid()} with {feed} since {began}".encode(errors="replace")
        try:
            file.truncate(0)
            os.write(file.fileno(), note)  # past the buffer, which would fail again when it closes
        except OSError as error:
            raise unwritable(path, error) from error
        yield


def _read(path: Path) -> str:
    return path.read_bytes()[:_SHOWN_BYTES].decode(errors="replace").strip()
