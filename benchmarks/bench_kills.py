"""kill -9 at random moments over index, upsert, delete, snapshot and rebuild.

    python benchmarks/bench_kills.py --kills 200

Counts acknowledged changes that were lost, and catalogs that did not open or answered wrongly.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.store.catalog.killed import rounds


def main() -> int:
    """Prints the counts; exit status 1 where anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    changes, wrong = 0, []
    with tempfile.TemporaryDirectory() as folder:
        for kill, done, faults in tqdm(
            rounds(Path(folder) / "c", args.kills, args.seed), total=args.kills, unit="kill"
        ):
            changes += done
            wrong += [f"kill {kill}: {fault}" for fault in faults]
    print(f"{args.kills} kills, {changes} acknowledged changes, {len(wrong)} faults")
    print("\n".join(wrong))
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
