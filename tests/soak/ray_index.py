"""An index run on two Ray nodes, killed and resumed, gives the vectors of a run without Ray.

    python -m tests.soak.ray_index [--feed FEED --images DIR] [--alone CATALOG] [--kills 2]

The nodes are of this machine, half its cores each. The ingest is killed (SIGKILL) at a random
moment, and so is an actor, `--kills` times each; then it runs to its end. `--alone` is a catalog of
the same feed and folder that was made without Ray (default: made now). Prints what was tried.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import ray
from ray.cluster_utils import Cluster

from thatlook.cli.demo import sample
from thatlook.core.processes import available_cores
from thatlook.store.catalog import Catalog

START_SECONDS = 300.0


def command(feed: Path, images: Path, catalog: Path, *more: str) -> list[str]:
    words = ["index", str(feed), "--images", str(images), "--catalog", str(catalog), *more]
    return [sys.executable, "-m", "thatlook", *words]


def count(folder: Path) -> int:
    """How many products are in the catalog; 0 where it is not there yet."""
    if not (folder / "catalog.sqlite").exists():
        return 0
    with Catalog.open(folder) as catalog:
        return int(catalog.info().to_dict()["products"])


def contents(folder: Path) -> dict[str, tuple[object, ...]]:
    with Catalog.open(folder) as catalog:
        return {
            s.product.id: (s.product, s.box, s.image_hash, s.found, s.vector.tobytes())
            for s in catalog.all_stored()
        }


def actors() -> list[int]:
    """The processes of the actors that describe."""
    listed = subprocess.run(
        ["pgrep", "-f", "ray::_Actor"], check=False, capture_output=True, text=True
    )
    return [int(word) for word in listed.stdout.split()]


def killed(
    run: list[str], folder: Path, total: int, kills: int, rng: random.Random
) -> dict[str, int]:
    """Runs until some products more are there, kills an actor, then the ingest."""
    before = count(folder)
    share = rng.uniform(0.1, 0.6) / kills
    process = subprocess.Popen(run, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and count(folder) < before + share * total:
        if time.monotonic() > deadline and count(folder) == before:
            raise SystemExit(f"nothing was stored in {START_SECONDS:.0f} s")
        time.sleep(0.2)
    victims = actors()
    if victims:
        os.kill(rng.choice(victims), signal.SIGKILL)
        time.sleep(rng.uniform(0.5, 2))
    process.kill()
    process.wait()
    return {"products": count(folder), "actors": len(victims)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--feed", type=Path, default=sample() / "products.csv")
    parser.add_argument("--images", type=Path, default=sample())
    parser.add_argument("--alone", type=Path)
    parser.add_argument("--kills", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    rng = random.Random(args.seed)
    half = max(1, available_cores() // 2)
    size = {"num_cpus": half, "object_store_memory": 100_000_000}
    cluster = Cluster(initialize_head=True, head_node_args=size | {"include_dashboard": False})
    cluster.add_node(**size)
    with tempfile.TemporaryDirectory() as temporary:
        alone, folder = args.alone or Path(temporary, "alone"), Path(temporary, "ray")
        if args.alone is None:
            subprocess.run(command(args.feed, args.images, alone), check=True)
        expected = contents(alone)
        run = command(args.feed, args.images, folder, "--ray", cluster.address)
        kills = [killed(run, folder, len(expected), args.kills, rng) for _ in range(args.kills)]
        report = subprocess.run([*run, "--json"], check=True, capture_output=True, text=True)
        found = contents(folder)
    ray.shutdown()
    cluster.shutdown()
    differ = [key for key in expected if found.get(key) != expected[key]]
    print(
        json.dumps(
            {
                "kills": kills,
                "last run": {
                    name: json.loads(report.stdout)[name]
                    for name in ("added", "unchanged", "failed")
                },
                "products": len(found),
                "missing or different": len(differ),
                "too many": len(found.keys() - expected.keys()),
            }
        )
    )
    return 1 if differ or len(found) != len(expected) else 0


if __name__ == "__main__":
    sys.exit(main())
