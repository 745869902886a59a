"""Files written whole or not at all, and on the disk."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, data: bytes) -> None:
    """Writes `data` under a temporary name, synced, then renamed; the folder must be there.

    Where that fails, as on a full disk, nothing is left of it, and the OSError names the file. What
    is no file, such as /dev/stdout, takes the data as it is; a link stays one.
    """
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    place = path.resolve()
    part = place.with_name(place.name + ".part")
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(place)
    except BaseException as error:
        part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename = str(path)
        raise


def sync_folder(folder: Path) -> None:
    """Puts the names in a folder on the disk, where the system can do that."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
