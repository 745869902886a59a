"""PostgreSQL's network cut at random moments while a shop on it and on Milvus is at work.

    python -m tests.soak.database_cuts --cuts 30 --cut 20

Two writers, a searcher, index runs, the outbox worker and a service reach the database through a
proxy of our own; every other cut is silent, the others reset connections. After each, what was
acknowledged must be there, the outbox catch up, and store and search answer alike; the service
refuses with 503 and Retry-After what needs the catalog, and answers all else. The exit status is
1 where anything was wrong.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tqdm import tqdm

from tests.engines import Lite, Standalone
from tests.soak.kills import server
from tests.store.catalog.cut_off import KINDS, cut, faults, selling, served, told


def main() -> int:
    """Prints the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=int, default=30)
    parser.add_argument("--cut", type=float, default=20, help="seconds without network")
    parser.add_argument("--lite", action="store_true", help="Milvus Lite in place of the server")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    wrong = 0
    with tempfile.TemporaryDirectory() as place, server() as postgres:
        (Path(place) / "engine").mkdir()
        (Path(place) / "shop").mkdir()
        engine = (Lite if args.lite else Standalone)(Path(place) / "engine")
        engine.start()
        try:
            with (
                selling(Path(place) / "shop", postgres, engine, "cuts", args.seed) as shop,
                served(shop) as service,
            ):
                for number in tqdm(range(args.cuts), unit="cut"):
                    kind = KINDS[number % len(KINDS)]
                    cut(shop, service, kind, args.cut)
                    for fault in faults(shop):
                        wrong += 1
                        print(f"{number + 1} ({kind}): {fault}", flush=True)
        finally:
            engine.stop()
    print(f"{args.cuts} cuts of {args.cut:g} s, {told(shop)}, {wrong} wrong", flush=True)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
