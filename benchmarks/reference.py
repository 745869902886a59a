"""What times are compared with: a small matrix product on the same cores, in the same run.

These machines are shared, and a ratio survives a busy neighbour better than milliseconds.
"""

from __future__ import annotations

import resource
import time

import numpy as np

_MATRIX = np.random.default_rng(0).random((512, 512), np.float32)


def reference_ms() -> float:
    """Milliseconds of one 512 x 512 float32 matrix product in NumPy, now."""
    start = time.perf_counter()
    _ = _MATRIX @ _MATRIX
    return (time.perf_counter() - start) * 1000


def peak_mb() -> float:
    """The largest memory of this process so far, mapped files included, in MB (Linux)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
