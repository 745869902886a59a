"""How much of what `thatlook explore` lists is right, and how much it finds: a shop's products
with their pictures swapped among them.

What is listed counts as right where the words of the two products differ in it. Whether the
pictures really do is for the eye: --out writes the report of the swapped feed.

    python benchmarks/bench_disagreements.py ../shared/data [--products 900] [--seed 9] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Iterator, Mapping
from pathlib import Path

from thatlook.core.processes import available_cores
from thatlook.core.records import Product
from thatlook.core.settings import Settings
from thatlook.core.taxonomy import OTHER
from thatlook.quality.checks.colors import acceptable_colors, color_names_of
from thatlook.quality.checks.product import ALIKE
from thatlook.quality.explore.html import page
from thatlook.quality.explore.report import build
from thatlook.quality.facts import PictureFacts, PictureSeen
from thatlook.quality.picture_facts import PictureJob, look_at, open_analyzer
from thatlook.store.feed import FeedRow, read_feed

KINDS = ("category_seen", "gender_seen", "color_seen")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path, help="the folder that holds catalog/")
    parser.add_argument("--products", type=int, default=900)
    parser.add_argument("--seed", type=int, default=9)
    parser.add_argument("--out", type=Path, help="the report of the swapped feed")
    args = parser.parse_args()
    rows = chosen(args.data / "catalog", args.products, args.seed)
    others = random.Random(args.seed).sample(rows, len(rows))
    jobs = [
        PictureJob(row.product.id, row.product.category, Path(other.images[0]))
        for row, other in zip(rows, others, strict=True)
    ]
    workers = available_cores()
    looked = look_at(jobs, Settings.load(), factory=open_analyzer, workers=workers)
    facts = dict(looked)
    shown = {row.product.id: other.product for row, other in zip(rows, others, strict=True)}
    report = build("swapped", [row.product for row in rows], [], facts, looked=True)
    if args.out:
        args.out.write_text(page(report), encoding="utf-8")
    listed = {kind: {f.product_id for f in report.checked.of_kind(kind)} for kind in KINDS}
    print(json.dumps(counted(report.products, shown, facts, listed), indent=1))


def chosen(folder: Path, count: int, seed: int) -> list[FeedRow]:
    """Products of a category that is matched, at random but always the same."""
    rows = [
        row
        for row in read_feed(folder / "styles.csv", images=folder / "images")
        if isinstance(row, FeedRow) and row.product.category != OTHER
    ]
    return random.Random(-seed).sample(rows, count)


def counted(
    products: Mapping[str, Product],
    shown: Mapping[str, Product],
    facts: Mapping[str, PictureFacts],
    listed: Mapping[str, set[str]],
) -> dict[str, dict[str, int]]:
    """By kind: how many differ in it, how many are listed, how many of these differ."""
    differ: dict[str, set[str]] = {kind: set() for kind in KINDS}
    for name, product in products.items():
        for kind in differing(product, shown[name], facts[name]):
            differ[kind].add(name)
    return {
        kind: {
            "differ": len(differ[kind]),
            "listed": len(listed[kind]),
            "listed_and_differ": len(differ[kind] & listed[kind]),
        }
        for kind in KINDS
    }


def differing(product: Product, shown: Product, facts: PictureFacts) -> Iterator[str]:
    """In what the words of a product cannot be true of another one's picture, as far as it can
    be seen there: a gender where there is a face, a color where there is such an article.
    """
    seen = facts.seen or PictureSeen()
    pair = {product.category, shown.category}
    if len(pair) == 2 and not any(pair <= group for group in ALIKE):
        yield "category_seen"
    if seen.gender and {product.gender, shown.gender} == {"female", "male"}:
        yield "gender_seen"
    one, other = color_names_of(product.color), color_names_of(shown.color)
    if seen.colors and one and other and not other & acceptable_colors(one):
        yield "color_seen"


if __name__ == "__main__":
    main()
