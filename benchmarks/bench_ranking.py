"""A look of five articles to its recommendations, without the networks: the median of many looks.

In turn with each look are measured what the scans of its five searches take alone, what reading
their candidates as whole products would take, and the reference of `reference.py`: read the ratios.
Times are of the processor, not of the clock: these machines are shared.

    python benchmarks/bench_ranking.py [--catalog DIR] [--looks 40] [--rounds 5] [--products 100000]

With `--products` the products of DIR are copied into a new catalog, with noise on their vectors,
until there are so many.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import numpy as np

import thatlook
from bench_words import copies
from reference import quiet_reference_ms
from thatlook.cli.demo import sample
from thatlook.core.records import Article, Box, Gate, Keypoint, Look, Person
from thatlook.search.index import Filters, Query, genders_for
from thatlook.search.ranking import label
from thatlook.search.recommender import MOVED, Recommender
from thatlook.search.request import SearchRequest
from thatlook.store.catalog import Catalog, Stored
from thatlook.vision.models.registry import resolve

WORN = ("topwear", "bottomwear", "footwear", "bag", "eyewear")
PERSON = Person(
    box=Box(0, 0, 50, 100),
    score=0.9,
    keypoints=(Keypoint(1, 1, 0.9),) * 17,
    gate=Gate(full_shot=True, front=True),
    view="front",
    view_score=0.9,
    gender="female",
    gender_score=0.9,
)


def looks(catalog: Catalog, count: int) -> list[Look]:
    """Looks of products of the catalog, each vector turned a little, as another photo turns it."""
    rng = np.random.default_rng(0)
    stored = [one for one in catalog.all_stored() if one.vector is not None]
    pools = [[one for one in stored if one.product.category == name] for name in WORN]

    def article(one: Stored) -> Article:
        vector = one.vector + 0.03 * rng.standard_normal(len(one.vector))
        words = {name: label(value) for name, value in one.attributes.items()}
        unit = (vector / np.linalg.norm(vector)).astype(np.float32)
        return Article(one.product.category, Box(0, 0, 10, 20), 0.9, words, unit)

    worn = [
        tuple(article(pool[rng.integers(len(pool))]) for pool in pools if pool)
        for _ in range(count)
    ]
    return [Look("look", 50, 100, PERSON, articles) for articles in worn]


def cpu_ms(run: Callable[[], object]) -> float:
    start = time.thread_time()
    run()
    return (time.thread_time() - start) * 1000


def large(catalog: Catalog, count: int, folder: Path) -> Catalog:
    """A catalog of so many products, copies of those of another."""
    products = [one for one in catalog.all_stored() if one.vector is not None]
    made = Catalog.open(folder / "large", catalog.model_key, catalog.dim)
    for rows in copies(products, count):
        made.upsert(rows)
    return made


def measured(catalog: Catalog, count: int, rounds: int) -> dict[str, list[float]]:
    settings = thatlook.Settings.load()
    spec = resolve("embedding", settings.embedding_model)
    recommender, request = Recommender.of(catalog, spec, settings), SearchRequest(min_score=0.0)
    filters = Filters(age="adult", in_stock=settings.out_of_stock == "hide")
    times: dict[str, list[float]] = defaultdict(list)

    def scans(look: Look) -> list[list[str]]:
        found = []
        for article in look.articles:
            query = Query(
                category=article.category, genders=genders_for("female"), k=MOVED, filters=filters
            )
            hits = catalog.search(article.vector[None], query)[0]
            found.append([hit.product_id for hit in hits])
        return found

    asked = looks(catalog, count)
    for look in asked:
        recommender.for_look(look, request)  # warm
    for look in asked * rounds:
        ids = scans(look)
        times["reference"].append(cpu_ms(quiet_reference_ms))
        times["look"].append(cpu_ms(lambda look=look: recommender.for_look(look, request)))
        times["scans"].append(cpu_ms(lambda look=look: scans(look)))
        times["whole products"].append(
            cpu_ms(lambda ids=ids: [catalog.stored_many(part) for part in ids])
        )
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--catalog", type=Path, help="default: the sample that ships, indexed now")
    parser.add_argument("--looks", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--products", type=int, help="so many, copied; default: those there are")
    args = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as temporary,
        thatlook.open(args.catalog or Path(temporary) / "catalog") as engine,
    ):
        if args.catalog is None:
            engine.index(sample() / "products.csv", sample())
        there = engine.catalog
        with large(there, args.products, Path(temporary)) if args.products else there as catalog:
            products = catalog.info().to_dict()["products"]
            times = measured(catalog, args.looks, args.rounds)
    medians = {name: statistics.median(values) for name, values in times.items()}
    rows = {
        name: {"median_ms": round(value, 2), "look_is": round(medians["look"] / value, 2)}
        for name, value in medians.items()
    }
    print(json.dumps({"products": products, "times": rows}, indent=1))


if __name__ == "__main__":
    main()
