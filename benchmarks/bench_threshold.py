"""Nothing good: what a least score keeps of good matches, and what it spares of junk.

    python benchmarks/bench_threshold.py --catalog DIR --data ../shared/data [--queries 300]

Each query is asked twice: of the whole catalog, and of the catalog without any right answer. Per
threshold: the share of rows with a right answer that still show one, the share of right matches
kept, the share of the matches shown that are right; and, without a right answer, the share of rows
that show nothing and how many products the others show. Then the same of street photos, for which
no truth exists: the share of articles that show nothing, and how many products the others show.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from asked import Asked, analyzer, asked, recommender, right
from thatlook.core.records import Match, Product
from thatlook.search.index import Filters
from thatlook.search.recommender import Recommender
from thatlook.search.request import SearchRequest
from thatlook.store.catalog import Catalog

THRESHOLDS = (0.0, 0.01, 0.02, 0.03, 0.05, 0.08, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5)
Row = list[tuple[float, bool]]
"""The score of each match, and whether it is right."""


def row_of(ranks: Recommender, query: Asked, without: frozenset[str]) -> Row:
    gender = query.product.gender if query.product.gender != "unisex" else "any"
    filters = Filters(exclude_ids=without | {query.product.id})
    (found,) = ranks.for_look(
        query.look, SearchRequest(gender=gender, filters=filters, min_score=0.0)
    )
    return [(m.score, _right(query.product, m)) for m in found.matches]


def _right(query: Product, match: Match) -> bool:
    return any(right(query, product) for product in (match.product, *match.variants))


def figures(present: Sequence[Row], removed: Sequence[Row], least: float) -> dict[str, float]:
    good = [row for row in present if any(is_right for _, is_right in row)]
    shown = [[entry for entry in row if entry[0] >= least] for row in good]
    junk = [sum(score >= least for score, _ in row) for row in removed]
    kept = sum(is_right for row in shown for _, is_right in row)
    return {
        "rows_kept": float(np.mean([any(is_right for _, is_right in row) for row in shown])),
        "right_kept": kept / sum(is_right for row in good for _, is_right in row),
        "right_among_shown": kept / max(1, sum(map(len, shown))),
        "removed_nothing_shown": float(np.mean([not count for count in junk])),
        "removed_shown": float(np.mean([count for count in junk if count] or [0])),
    }


def street_rows(ranks: Recommender, folder: Path, count: int) -> Iterator[list[float]]:
    """The scores of each article's matches in street photos."""
    photos = sorted(folder.glob("*.jpg"))
    reader = analyzer()
    for photo in photos[:: max(1, len(photos) // count)][:count]:
        for found in ranks.for_look(reader.parse(photo), SearchRequest(min_score=0.0)):
            yield [match.score for match in found.matches]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--catalog", required=True, type=Path, help="the shared catalog, indexed")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--photos", type=int, default=60)
    args = parser.parse_args()
    with Catalog.open(args.catalog, create=False) as catalog:
        ranks = recommender(catalog)
        products = [stored.product for stored in catalog.all_stored()]
        queries = list(asked(catalog, args.data / "catalog" / "images", args.queries))
        present, removed = [], []
        for query in queries:
            answers = frozenset(p.id for p in products if right(query.product, p))
            present.append(row_of(ranks, query, frozenset()))
            removed.append(row_of(ranks, query, answers))
        street = list(street_rows(ranks, args.data / "street" / "images", args.photos))
        about = {"queries": len(queries), "products": len(products), "street": len(street)}
        print(json.dumps(about))
    for least in THRESHOLDS:
        found = figures(present, removed, least)
        counts = [sum(score >= least for score in row) for row in street]
        found["street_nothing_shown"] = float(np.mean([not count for count in counts]))
        found["street_shown"] = float(np.mean([count for count in counts if count] or [0]))
        rounded = {name: round(value, 3) for name, value in found.items()}
        print(json.dumps({"min_score": least} | rounded), flush=True)


if __name__ == "__main__":
    main()
