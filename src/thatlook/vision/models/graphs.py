"""Networks as ONNX Runtime has optimised them, kept in the user's cache folder.

Optimising takes most of the time that opening a network takes. What is kept is for one file of
weights, one version of ONNX Runtime and one kind of processor, and can be deleted at any time.
"""

from __future__ import annotations

import hashlib
import logging
import os
import platform
import re
import zlib
from functools import cache
from pathlib import Path
from typing import Final

from thatlook.core.files import write_whole

VARIABLE: Final = "THATLOOK_CACHE"
"""The folder that caches are in; empty keeps none. Without it, the user's cache folder."""
MAX_BYTES: Final = 100_000_000
"""A larger graph is not kept."""
_CHECK: Final = 4
"""Bytes of a checksum before the graph: against damage, not against whoever may write there."""
_log = logging.getLogger(__name__)


def folder() -> Path | None:
    """Where graphs are kept; None for nowhere."""
    named = os.environ.get(VARIABLE)
    if named is not None:
        return Path(named) / "graphs" if named else None
    if home := os.environ.get("XDG_CACHE_HOME"):
        return Path(home) / "thatlook" / "graphs"
    try:
        return Path.home() / ".cache" / "thatlook" / "graphs"
    except RuntimeError:  # a user without a home
        return None


@cache
def processor() -> str:
    """What of this processor optimised graphs depend on."""
    info = Path("/proc/cpuinfo")
    text = info.read_text(encoding="utf-8", errors="replace") if info.exists() else ""
    features = re.search(r"^(flags|Features)\s*:\s*(.+)$", text, re.MULTILINE)
    return f"{platform.machine()} {features[2] if features else platform.processor()}"


def file_of(sha256: str, runtime: str) -> Path | None:
    """The file for the weights with this hash in this version of ONNX Runtime; None for none."""
    if (place := folder()) is None:
        return None
    rest = hashlib.sha256(f"{runtime} {processor()}".encode()).hexdigest()
    return place / f"{sha256[:24]}-{rest[:16]}.onnx"


def kept(file: Path) -> bytes | None:
    """The graph in a file, None where none is or not what was written."""
    try:
        data = file.read_bytes()
    except OSError:
        return None
    graph = data[_CHECK:]
    return graph if _checksum(graph) == data[:_CHECK] else None


def _checksum(graph: bytes) -> bytes:
    """CRC-32: a quarter of SHA-256's time, which would be more than half of what is won."""
    return zlib.crc32(graph).to_bytes(_CHECK, "big")


def keep(file: Path, graph: bytes) -> None:
    """Keeps a graph, in place of those of the same weights for other versions.

    Where that cannot be, as on a full disk, the log says so: the next process optimises again.
    """
    if len(graph) > MAX_BYTES:
        return
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        for other in file.parent.glob(f"{file.name.partition('-')[0]}-*.onnx"):
            other.unlink(missing_ok=True)
        write_whole(file, _checksum(graph) + graph)
    except OSError as error:
        _log.info("%s: the optimised network is not kept: %s", file, error)
