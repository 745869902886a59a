"""Answers of the catalog against the exact index, before and after random changes.

    python benchmarks/bench_oracle.py                      10,000 synthetic products
    python benchmarks/bench_oracle.py --catalog DIR        the products of a catalog (left as it is)
    python benchmarks/bench_oracle.py --at ADDRESS         in a new catalog there: a database's URL

Says how many of the answers (hits, similarities, order, number that passed) were the same.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
import tempfile
from pathlib import Path

import numpy as np
from tqdm import tqdm

from thatlook.core.records import Price, Product
from thatlook.core.taxonomy import CATEGORIES
from thatlook.search.index import ExactIndex, Filters, Query
from thatlook.store.catalog import Catalog, Row
from thatlook.store.catalog.copying import copy_catalog

DIM = 128
BRANDS = ("Acme", "Boss", "Crow", "Dune", "")
COLORS = ("red", "navy blue", "black/white", "light blue", "")


def synthetic(rng: np.random.Generator, number: int) -> Row:
    """A random product, one in ten a copy of another's vector."""
    seed = number if rng.random() > 0.1 else int(rng.integers(100))
    vector = np.random.default_rng(seed).standard_normal(DIM)
    product = Product(
        id=f"s{number}",
        category=str(rng.choice(CATEGORIES)),
        gender=str(rng.choice(["female", "male", "unisex"])),
        price=Price(rng_price(rng), "EUR") if rng.random() > 0.1 else None,
        brand=str(rng.choice(BRANDS)),
        color=str(rng.choice(COLORS)),
        availability=str(rng.choice(["in_stock", "out_of_stock", ""])),
    )
    return Row(product=product, vector=(vector / np.linalg.norm(vector)).astype(np.float32))


def rng_price(rng: np.random.Generator):
    """A price with two decimals."""
    from decimal import Decimal

    return Decimal(int(rng.integers(100, 20000))) / 100


def random_query(rng: np.random.Generator, ids: list[str]) -> Query:
    """A random category, gender, k and set of filters."""

    def maybe(share: float) -> bool:
        return bool(rng.random() < share)

    some = frozenset(str(i) for i in rng.choice(ids, 50))
    filters = Filters(
        min_price=float(rng.integers(0, 100)) if maybe(0.3) else None,
        max_price=float(rng.integers(20, 200)) if maybe(0.3) else None,
        brands=frozenset({str(rng.choice(BRANDS[:4]))}) if maybe(0.3) else frozenset(),
        colors=frozenset({str(rng.choice(["blue", "red", "white"]))})
        if maybe(0.3)
        else frozenset(),
        availability=frozenset({"in stock"}) if maybe(0.2) else frozenset(),
        include_ids=some if maybe(0.1) else None,
        exclude_ids=some if maybe(0.3) else frozenset(),
    )
    genders = [None, frozenset({"female", "unisex"}), frozenset({"male", "unisex"})]
    category = str(rng.choice([*CATEGORIES, "other"])) if maybe(0.9) else None
    k = int(rng.integers(1, 60))
    return Query(category=category, genders=genders[rng.integers(3)], k=k, filters=filters)


def mirror(catalog: Catalog, exact: ExactIndex) -> None:
    """Brings the exact index up to date through the outbox."""
    for change in catalog.changes(exact.sequence):
        if change.entry is None:
            exact.delete([change.product_id], change.sequence)
        else:
            exact.upsert([change.entry], change.sequence)


def same_answers(catalog: Catalog, exact: ExactIndex, rng: np.random.Generator, count: int) -> int:
    """How many of `count` random queries are answered the same."""
    ids = list(exact.entries)
    same = 0
    for _ in tqdm(range(count), unit="query", leave=False):
        base = exact.entries[str(rng.choice(ids))].vector
        vector = base + rng.uniform(0, 0.1) * rng.standard_normal(len(base))
        vector = (vector / np.linalg.norm(vector)).astype(np.float32)[None]
        query = random_query(rng, ids)
        same += catalog.search(vector, query) == exact.search(vector, query)
    return same


def change(catalog: Catalog, rng: np.random.Generator, ids: list[str], number: int) -> None:
    """One random upsert of a new, a changed or a moved product, or a delete."""
    kind, product_id = rng.random(), str(rng.choice(ids))
    if kind < 0.3:
        catalog.remove([product_id])
        return
    row = synthetic(rng, 1_000_000 + number)
    vector = np.resize(row.vector, catalog.dim)
    row = dataclasses.replace(row, vector=(vector / np.linalg.norm(vector)).astype(np.float32))
    if kind < 0.7:
        row = dataclasses.replace(row, product=dataclasses.replace(row.product, id=product_id))
    catalog.upsert([row])


def main() -> int:
    """Prints the counts; exit status 1 where any answer differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--catalog", type=Path)
    parser.add_argument("--at", help="where the changed catalog is made (default: a folder)")
    parser.add_argument("--products", type=int, default=10_000)
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--changes", type=int, default=2000)
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        place = args.at or str(Path(folder) / "c")
        if args.catalog:
            copy_catalog(args.catalog, place)
            with Catalog.open(args.catalog, create=False) as given:
                catalog = Catalog.open(place, given.model_key, given.dim)
        else:
            catalog = Catalog.open(place, "synthetic", DIM)
            catalog.upsert(synthetic(rng, n) for n in range(args.products))
        with catalog:
            exact = ExactIndex(catalog.dim or 0)
            mirror(catalog, exact)
            before = same_answers(catalog, exact, rng, args.queries)
            ids = list(exact.entries)
            for number in tqdm(range(args.changes), unit="change", leave=False):
                change(catalog, rng, ids, number)
            mirror(catalog, exact)
            after = same_answers(catalog, exact, rng, args.queries)
            print(f"{len(ids)} products, {len(exact)} after {args.changes} changes")
    print(f"same answers: {before} of {args.queries} before, {after} of {args.queries} after")
    return int((before, after) != (args.queries, args.queries))


if __name__ == "__main__":
    sys.exit(main())
