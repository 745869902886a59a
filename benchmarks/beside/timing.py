"""How the comparisons are timed: in turn, so that a busy moment falls on all of them."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Spent:
    """Milliseconds by the clock, and of all of this process's threads on processors."""

    clock_ms: float
    cpu_ms: float


def spent(action: Callable[[], Any]) -> Spent:
    """What one call costs."""
    clock, cpu = time.perf_counter(), time.process_time()
    action()
    return Spent((time.perf_counter() - clock) * 1000, (time.process_time() - cpu) * 1000)


def in_turn(actions: Mapping[str, Callable[[], Any]], number: int) -> dict[str, Spent]:
    """What each action costs, one after another; every other round backwards."""
    names = list(actions) if number % 2 else list(reversed(actions))
    found = {name: spent(actions[name]) for name in names}
    return {name: found[name] for name in actions}


def summed_up(rounds: Sequence[Mapping[str, Spent]], base: str) -> dict[str, dict[str, float]]:
    """Per name the medians, and the median of its ratios to `base` of the same round."""
    return {
        name: {
            "ms": statistics.median(one[name].clock_ms for one in rounds),
            "cpu_ms": statistics.median(one[name].cpu_ms for one in rounds),
            "ratio": statistics.median(one[name].clock_ms / one[base].clock_ms for one in rounds),
            "cpu_ratio": statistics.median(one[name].cpu_ms / one[base].cpu_ms for one in rounds),
        }
        for name in rounds[0]
    }


def machine() -> dict[str, Any]:
    """The processor, how many cores this process may use, and how much else runs on them."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "processor": _processor() or platform.processor() or platform.machine(),
        "cores": cores,
        "load_1_min": round(os.getloadavg()[0], 1),
    }


def _processor() -> str:
    """Its name and which of the instructions that matter here it has (Linux)."""
    path = Path("/proc/cpuinfo")
    if not path.is_file():
        return ""
    lines = dict(line.split(":", 1) for line in path.read_text().splitlines() if ":" in line)
    told = {name.strip(): value.strip() for name, value in lines.items()}
    flags = set(told.get("flags", "").split())
    known = [f for f in ("avx2", "avx_vnni", "avx512f", "avx512_vnni", "amx_int8") if f in flags]
    return f"{told.get('model name', '')} ({', '.join(known)})"
