"""What keeping freed memory saves: one training step of the article network on CPUs.

python benchmarks/bench_train_step.py

Two fresh processes do the same steps (batch 8, 320 x 512 px), one with `keep_freed_memory`; the
median step of one over that of the other is printed.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

STEPS = 8


def one(*, kept: bool) -> float:
    """The median seconds of a step."""
    import torch

    from thatlook.core.taxonomy import CATEGORIES, DETECTOR_CLASSES
    from thatlook.training.loop import keep_freed_memory
    from thatlook.training.nets import ArticleNet

    if kept:
        keep_freed_memory()
    model = ArticleNet(len(DETECTOR_CLASSES), len(CATEGORIES))
    model = model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    images = torch.rand(8, 3, 512, 320).to(memory_format=torch.channels_last)
    times = []
    for _ in range(STEPS + 1):
        started = time.perf_counter()
        model.zero_grad(set_to_none=True)
        sum(out.square().mean() for out in model(images)).backward()
        times.append(time.perf_counter() - started)
    return statistics.median(times[1:])


def main() -> None:
    """Prints both medians and their ratio; with `plain` or `kept` one of them."""
    if len(sys.argv) > 1:
        print(one(kept=sys.argv[1] == "kept"))
        return
    told = {
        name: float(subprocess.check_output([sys.executable, __file__, name], text=True))
        for name in ("plain", "kept")
    }
    ratio = told["plain"] / told["kept"]
    print(f"plain {told['plain']:.2f} s, kept {told['kept']:.2f} s, ratio {ratio:.2f}")


if __name__ == "__main__":
    main()
