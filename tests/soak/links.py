"""Chains of requests by the links of the OpenAPI document; says what was asked and answered.

    python -m tests.soak.links --chains 2000

A product is put, read, searched, removed, asked for again, in the orders that the document's links
allow; every answer must be as described, what was put be there, what was removed be gone. The exit
status is 1 where an answer is otherwise.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from tests.service.linked import run_chains, running


def main() -> int:
    """Prints the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chains", type=int, default=500)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as (address, reset):
        counts = run_chains(
            address, reset, examples=args.chains, steps=args.steps, number=args.seed
        )
    for asked, count in sorted(counts.items()):
        print(f"{count:7}  {asked}")
    print(f"{counts.total()} requests in {time.monotonic() - start:.0f} s, all as described")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
