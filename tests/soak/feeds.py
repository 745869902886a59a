"""Feeds of every format as shops might write them, read and compared; says what came of them.

    python -m tests.soak.feeds --count 10000

Each feed is made by its number alone (`tests.soak.made_feeds`): CSV, JSON Lines, RSS, Atom and
Parquet, their encodings, separators, quotes, packings, HTML's entities, nested objects, prices of
30 places, periods of sales, damages of all kinds. Each row must be read as it was meant, or told by
its line. The exit status is 1 where anything else was raised, or a row was wrong without a
word; `--first N --count 1` reads that feed again and `--keep DIR` keeps it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.soak.made_feeds import Made, Money, Row, made, write
from thatlook.core.errors import FeedError
from thatlook.core.records import Price
from thatlook.store.feed import FeedMapping, FeedRow, Problem, read_feed


class Readings:
    """What was read of a feed, by line; `ended` is what the reading ended with."""

    def __init__(self, feed: Made, path: Path) -> None:
        self.told: dict[int, list[Problem]] = defaultdict(list)
        self.products: dict[tuple[str, int], FeedRow] = {}
        self.ended = ""
        try:
            for one in read_feed(path, FeedMapping(encoding=feed.encoding)):
                if isinstance(one, Problem):
                    self.told[one.line].append(one)
                else:
                    self.products[one.product.id, one.line] = one
        except FeedError as error:
            self.ended = str(error)

    def told_of(self, row: Row) -> list[Problem]:
        """The problems at the lines of a row."""
        lines = range(row.first_line, row.last_line + 1)
        return [problem for line in lines for problem in self.told.get(line, ())]


def faults(feed: Made, read: Readings, counts: Counter[str]) -> Iterator[str]:
    """What is wrong with the reading; counts the rows."""
    if read.ended and not feed.cut and not all(row.broken for row in feed.rows):
        yield f"refused: {read.ended}"
        return
    if feed.cut and not read.ended:
        yield "that the end is missing was not told"
    expected = {(row.id, row.first_line) for row in feed.rows}
    for product_id, line in read.products.keys() - expected:
        if not any(row.broken for row in feed.rows):
            yield f"line {line}: nobody wrote the product {product_id!r}"
    for row in feed.rows:
        told = read.told_of(row)
        found = read.products.get((row.id, row.first_line))
        if found is not None:
            wrong = list(_wrong(row, found, told, known=feed.known))
            counts["told in part" if told else "right"] += not wrong
            yield from (f"line {row.first_line}: {what}" for what in wrong)
        elif told and (row.broken or row.beside):
            counts["told as a whole"] += 1
        elif read.ended:
            counts["after the end"] += 1
        else:
            yield f"line {row.first_line}: {row.id!r} is not there: {told}"


def _wrong(row: Row, found: FeedRow, told: list[Problem], *, known: bool) -> Iterator[str]:
    product = found.product
    if known and not row.broken:
        for name in ("title", "gender", "availability", "brand"):
            wanted, got = getattr(row, name), getattr(product, name)
            if _plain(got) != _plain(wanted):
                yield f"{name} is {got!r}, not {wanted!r}"
    price, sale = _money(product.price), _money(product.sale_price)
    mayhap = bool(told) and (row.doubtful or not known)
    if price != row.price and not (price is None and (mayhap or row.broken)):
        yield f"price is {price}, not {row.price}: {row.cells['price']!r} {told}"
    meant = {row.sale, row.sale_alone if price is None else row.sale}
    if sale not in meant and not (sale is None and mayhap):
        yield f"sale price is {sale}, not {row.sale}: {row.cells['sale_price']!r} {told}"
    if row.wrong and known and not told:
        yield f"nothing is told of {row.cells!r}"


def _plain(text: str) -> str:
    return " ".join(text.split())


def _money(price: Price | None) -> Money | None:
    return (price.amount, price.currency) if price else None


def tried(number: int, folder: Path, counts: Counter[str]) -> list[str]:
    """Reads one feed; what is wrong with the reading."""
    feed = made(number)
    counts[feed.kind] += 1
    counts["rows"] += len(feed.rows)
    path = write(feed, folder)
    try:
        return [f"{path.name}: {what}" for what in faults(feed, Readings(feed, path), counts)]
    except Exception as error:  # noqa: BLE001 - what must not be is what is looked for
        return [f"{path.name}: {error!r}"]
    finally:
        path.unlink()


def main() -> int:
    """Prints the counts, and the first faults with the numbers of their feeds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="a folder for the feeds that were read wrongly")
    args = parser.parse_args()
    counts: Counter[str] = Counter()
    bad = 0
    with tempfile.TemporaryDirectory() as folder:
        for number in range(args.first, args.first + args.count):
            found = tried(number, Path(folder), counts)
            bad += bool(found)
            if found and args.keep:
                args.keep.mkdir(parents=True, exist_ok=True)
                write(made(number), args.keep)
            if found and bad <= 20:
                print(f"{number}: {found[0]:.600}", flush=True)
    print(f"{args.count} feeds: {dict(sorted(counts.items()))}")
    print(f"{bad} were read wrongly")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
