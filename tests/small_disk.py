"""A disk of some megabytes that a test can fill, where the system lets one be made."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


@contextmanager
def small_disk(folder: Path, size_mb: int) -> Iterator[None]:
    """For the block `folder` is a disk of its own."""
    if sys.platform != "linux" or os.geteuid():
        pytest.skip("needs Linux and root to mount a disk")
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size_mb}m", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(folder: Path, left_bytes: int = 0) -> None:
    """Takes all room of the disk but so many bytes, in its file `ballast`."""
    with (folder / "ballast").open("wb") as file:
        disk = os.statvfs(folder)
        file.write(bytes(max(0, disk.f_bavail * disk.f_frsize - left_bytes)))
