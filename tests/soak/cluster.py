"""The search cluster in numbers: faults at random moments, and the oracle's questions.

    python -m tests.soak.cluster --faults 30 --cut 20 --queries 1000 --changes 2000

Kills Milvus (the standalone server of the PyPI package `milvus`) and the outbox worker with -9, and
cuts the network between for `--cut` seconds, while products are changed and searched; after each
the cluster has to catch up and answer as the store does. Then asks each search of a catalog, with
exact search, `--queries` filtered questions before and after `--changes` random changes. The exit
status is 1 where anything acknowledged was lost, a deleted product shown, or an answer another.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import numpy as np
from tqdm import tqdm

from tests.engines import Engine, Lite, Standalone
from tests.search.index.samples import DIM, random_entry
from tests.store.catalog.faults import FAULTS, fail, selling
from tests.store.catalog.test_cluster import STRONG, catalog_on, change, compare
from tests.store.catalog.test_oracle import row_of
from thatlook.search.index import ExactIndex

SEARCHES: Final = ("built-in", "lite", "server")


def faults_of(engine: Engine, kind: str, args: argparse.Namespace) -> int:
    """How much was wrong after so many faults of this kind; prints the counts."""
    found: list[str] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        selling(Path(folder), engine, f"soak_{kind}", args.seed) as shop,
    ):
        for number in tqdm(range(args.faults), unit="fault", desc=kind):
            for fault in fail(shop, kind, args.cut):
                found.append(fault)
                print(f"{kind} {number + 1}: {fault}", flush=True)
        print(
            f"{kind}: {args.faults} faults, {shop.acknowledged} changes acknowledged, "
            f"{shop.answered} searches answered, {shop.refused} refused; {len(found)} wrong",
            flush=True,
        )
    return len(found)


def asked(search: str, args: argparse.Namespace) -> int:
    """1 where any of the questions, before or after the changes, was answered otherwise."""
    rng, choose, exact = np.random.default_rng(args.seed), random.Random(args.seed), ExactIndex(DIM)
    ids = [f"p{n}" for n in range(1000)]
    with (
        tempfile.TemporaryDirectory() as folder,
        catalog_on(Path(folder) / "shop", search) as catalog,
    ):
        catalog.upsert([row_of(random_entry(rng, i)) for i in ids])
        catalog.warm()
        try:
            compare(catalog, exact, rng, ids, args.queries)
            changed = 0
            while changed < args.changes:
                changed += change(catalog, rng, choose, ids)
            catalog.warm()
            compare(catalog, exact, rng, ids, args.queries)
        except AssertionError as error:
            print(f"{search}: another answer: {error}", flush=True)
            return 1
    return 0


def main() -> int:
    """Prints the counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=30)
    parser.add_argument("--kinds", nargs="*", default=FAULTS, choices=FAULTS)
    parser.add_argument("--cut", type=float, default=20, help="seconds without network")
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--changes", type=int, default=2000)
    parser.add_argument("--searches", nargs="*", default=SEARCHES, choices=SEARCHES)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    wrong = 0
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        engines: dict[str, Engine] = {}
        for name, kind in (("lite", Lite), ("server", Standalone)):
            if name in args.searches or (name == "server" and args.kinds):
                (folder / name).mkdir()
                engines[name] = kind(folder / name)
                stack.callback(engines[name].stop)
                engines[name].start()
        for kind in args.kinds:
            wrong += faults_of(engines["server"], kind, args)
        for name in args.searches:
            search = name if name == "built-in" else engines[name].url("soak_oracle", **STRONG)
            begun = time.monotonic()
            differ = asked(search, args)
            wrong += differ
            words = "not the oracle's answers" if differ else "the oracle's answers"
            seconds = time.monotonic() - begun
            print(f"{name}: 2 x {args.queries} questions, {words}, {seconds:.0f} s", flush=True)
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
