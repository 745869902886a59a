"""Folders in which nothing can be written, for root too."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_VERSION_3 = 0x20080522
_OVERRIDES = 1 << 1 | 1 << 2  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH


@contextmanager
def unwritable(folder: Path) -> Iterator[None]:
    """For the block nothing in the folder can be written, by this thread."""
    paths = [folder, *folder.rglob("*")]
    modes = {path: path.stat().st_mode for path in paths}
    for path, mode in modes.items():
        path.chmod(mode & 0o555)
    try:
        with _as_others():
            yield
    finally:
        for path, mode in modes.items():
            if path.exists():
                path.chmod(mode)


@contextmanager
def _as_others() -> Iterator[None]:
    """For the block permissions hold, which root does not heed."""
    if sys.platform == "win32":
        pytest.skip("permissions of POSIX")
    if os.geteuid():
        yield
        return
    if sys.platform != "linux":
        pytest.skip("root heeds no permissions")
    head = (ctypes.c_uint32 * 2)(_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable, twice
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.capget(head, sets) == 0
    kept = sets[0]
    sets[0] &= ~_OVERRIDES
    assert libc.capset(head, sets) == 0
    try:
        yield
    finally:
        sets[0] = kept
        assert libc.capset(head, sets) == 0
