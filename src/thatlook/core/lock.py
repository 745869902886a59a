"""A lock on an open file that ends with its process, however that ends."""

from __future__ import annotations

import sys
from io import BufferedRandom

if sys.platform == "win32":
    import msvcrt

    PLACE = 1 << 30  # past what is in the file: nobody else can read what is locked

    def locked(file: BufferedRandom) -> bool:
        """True where the lock was free and is ours now."""
        file.seek(PLACE)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def locked(file: BufferedRandom) -> bool:
        """True where the lock was free and is ours now."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
