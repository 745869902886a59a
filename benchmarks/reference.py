"""What the benchmarks share: the reference that times are compared with, and synthetic vectors.

The reference is a small matrix product on the same cores, in the same run: these machines are
shared, and a ratio survives a busy neighbour better than milliseconds.
"""

from __future__ import annotations

import math
import resource
import time

import numpy as np

DIM = 128
_MATRIX = np.random.default_rng(0).random((512, 512), np.float32)
_SMALL = np.random.default_rng(0).random((512, 64, 64), np.float32)


def reference_ms() -> float:
    """Milliseconds of one 512 x 512 float32 matrix product in NumPy, now."""
    start = time.perf_counter()
    _ = _MATRIX @ _MATRIX
    return (time.perf_counter() - start) * 1000


def quiet_reference_ms() -> float:
    """Milliseconds of as many multiplications on this thread alone: 512 products of 64 x 64.

    For what is measured next with threads of its own: OpenBLAS's, awake for a while after a large
    product, would take the cores from them.
    """
    start = time.perf_counter()
    _ = _SMALL @ _SMALL
    return (time.perf_counter() - start) * 1000


def peak_mb() -> float:
    """The largest memory of this process so far, mapped files included, in MB (Linux)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def unit_vectors(count: int, rng: np.random.Generator, dim: int = DIM) -> np.ndarray:
    """Float32 (count, dim), around one random middle per 100 rows."""
    middles = rng.standard_normal((max(10, count // 100), dim)).astype(np.float32)
    vectors = middles[rng.integers(len(middles), size=count)]
    vectors += 0.7 * rng.standard_normal((count, dim), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def near(vectors: np.ndarray, count: int, similarity: float = 0.8) -> np.ndarray:
    """Queries, float32 (count, dim): random rows with noise, of this similarity with their row."""
    rng = np.random.default_rng(1)
    noise = rng.standard_normal((count, vectors.shape[1]))
    noise *= math.tan(math.acos(similarity)) / np.linalg.norm(noise, axis=1, keepdims=True)
    found = vectors[rng.integers(len(vectors), size=count)] + noise
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)
