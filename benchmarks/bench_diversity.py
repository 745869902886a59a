"""Diversity against precision: what each setting of the dial gives, and what it costs.

    python benchmarks/bench_diversity.py --catalog DIR --data ../shared/data [--queries 300]

Per setting: intra-list similarity (the mean similarity of the pairs among the 10 shown), and the
share of the 10 that are of the query's type, of its color or a shade of it, of both.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from asked import Asked, asked, recommender, right
from thatlook.core.color import related
from thatlook.core.records import Match
from thatlook.search.index import Filters
from thatlook.search.recommender import Recommender
from thatlook.search.request import SearchRequest
from thatlook.store.catalog import Catalog

K = 10


def alike_among(catalog: Catalog, matches: Sequence[Match]) -> float:
    """The mean similarity of the pairs of products; NaN for fewer than two."""
    if len(matches) < 2:
        return float("nan")
    vectors = np.stack([catalog.vector(match.product.id) for match in matches])
    return float((vectors @ vectors.T)[np.triu_indices(len(vectors), 1)].mean())


def figures(
    catalog: Catalog, ranks: Recommender, queries: Sequence[Asked], diversity: float
) -> dict[str, float]:
    rows = []
    for query in queries:
        request = SearchRequest(
            k=K,
            gender=query.product.gender if query.product.gender != "unisex" else "any",
            filters=Filters(exclude_ids=frozenset({query.product.id})),
            diversity=diversity,
            min_score=0.0,
        )
        (found,) = ranks.for_look(query.look, request)
        if not found.matches:
            continue
        shown = [match.product for match in found.matches]
        rows.append(
            [
                alike_among(catalog, found.matches),
                np.mean([p.product_type == query.product.product_type for p in shown]),
                np.mean([related(p.color, query.product.color) for p in shown]),
                np.mean([right(query.product, p) for p in shown]),
            ]
        )
    names = ("intra_list", "type", "color", "both")
    return dict(zip(names, np.nanmean(rows, axis=0).round(3).tolist(), strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--catalog", required=True, type=Path, help="the shared catalog, indexed")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--queries", type=int, default=300)
    args = parser.parse_args()
    with Catalog.open(args.catalog, create=False) as catalog:
        ranks = recommender(catalog)
        queries = list(asked(catalog, args.data / "catalog" / "images", args.queries))
        print(json.dumps({"queries": len(queries), "products": catalog.info().products}))
        for tenths in range(11):
            found = figures(catalog, ranks, queries, tenths / 10)
            print(json.dumps({"diversity": tenths / 10} | found), flush=True)


if __name__ == "__main__":
    main()
