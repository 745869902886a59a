"""Feedback: what one click on "like" or "not this" changes of the 10 shown.

    python benchmarks/bench_feedback.py --catalog DIR --data ../shared/data [--queries 100]

Each of the 10 products shown for a query is liked, then disliked. Per kind of click: how many of
the other nine stay (mean, least), and how many places a liked product rises on average.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from asked import Asked, asked, recommender
from thatlook.search.index import Filters
from thatlook.search.recommender import Recommender
from thatlook.search.request import SearchRequest
from thatlook.store.catalog import Catalog

K = 10


def shown(ranks: Recommender, query: Asked, **clicks: frozenset[str]) -> list[str]:
    gender = query.product.gender if query.product.gender != "unisex" else "any"
    filters = Filters(exclude_ids=frozenset({query.product.id}))
    (found,) = ranks.for_look(query.look, SearchRequest(gender=gender, filters=filters, **clicks))
    return [match.product.id for match in found.matches]


def clicked(ranks: Recommender, query: Asked, kind: str) -> Iterator[tuple[int, int]]:
    """Per product shown: how many of the others stay, how many places it rises."""
    before = shown(ranks, query)
    for place, name in enumerate(before if len(before) == K else ()):
        after = shown(ranks, query, **{kind: frozenset({name})})
        rise = place - after.index(name) if name in after else 0
        yield len(set(before) & set(after) - {name}), rise


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--catalog", required=True, type=Path, help="the shared catalog, indexed")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--queries", type=int, default=100)
    args = parser.parse_args()
    with Catalog.open(args.catalog, create=False) as catalog:
        ranks = recommender(catalog)
        queries = list(asked(catalog, args.data / "catalog" / "images", args.queries))
        for kind in ("liked", "disliked"):
            stay, rise = np.array([c for query in queries for c in clicked(ranks, query, kind)]).T
            told = {"kind": kind, "clicks": len(stay), "stay": round(float(stay.mean()), 2)}
            print(
                json.dumps(told | {"least": int(stay.min()), "rise": round(float(rise.mean()), 2)})
            )


if __name__ == "__main__":
    main()
