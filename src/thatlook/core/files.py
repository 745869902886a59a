"""Files written whole or not at all, and on the disk."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final

_STREAMS: Final = (["stdout"], ["stderr"], ["fd"])


def write_whole(path: Path, data: bytes) -> None:
    """Writes `data` as `replacing` does; what is no file of a folder, such as /dev/stdout, takes
    the data as it is.
    """
    if _is_open_already(path) or (path.exists() and not path.is_file()):
        path.write_bytes(data)
        return
    with replacing(path) as file:
        file.write(data)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file under a temporary name, synced and renamed to `path` at the end of the block; the
    folder must be there.

    Where that fails, as on a full disk, nothing is left of it, and the OSError names the file. A
    file that was there gives its mode, a link stays one, of several writers at once the last one's
    data is there.
    """
    place = path.resolve()
    part = place.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with part.open("wb") as file:
            if place.exists():
                part.chmod(stat.S_IMODE(place.stat().st_mode))
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(place)
    except BaseException as error:
        part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename = str(path)
        raise


def _is_open_already(path: Path) -> bool:
    """Whether a path is the name of an open file, which may be a file on the disk or not."""
    _, *parts = path.absolute().parts
    return parts[:1] == ["proc"] or (parts[:1] == ["dev"] and parts[1:2] in _STREAMS)


def sync_folder(folder: Path) -> None:
    """Puts the names in a folder on the disk, where the system can do that."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
