"""Hostile and broken feeds: a Problem or a FeedError, never anything else."""

from __future__ import annotations

import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.store.feed.test_formats import ROWS, jsonlines, table, write, xml
from thatlook.core.errors import FeedError
from thatlook.store.feed import FeedRow, Problem, read_feed

SEEDS = {
    "f.csv": table(ROWS).encode(),
    "f.tsv": table(ROWS, "\t").encode("utf-16"),
    "f.jsonl": jsonlines(ROWS).encode(),
    "f.xml": xml(ROWS).encode(),
    "g.xml": b'<?xml version="1.0" encoding="utf-8"?>' + xml(ROWS, "atom").encode(),
}
PIECES = (b'"', b"\x00", b"\xff\xfe", b"\n", b"\r", b",", b"<", b"&", b"{", b"[", b"\\ud800", b"%s")


def mutated(data: bytes, choose: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(choose.randint(1, 6)):
        at = choose.randrange(len(changed) + 1)
        kind = choose.randrange(4)
        if kind == 0:
            changed[at:at] = choose.choice(PIECES)
        elif kind == 1:
            del changed[at : at + choose.randint(1, 40)]
        elif kind == 2:
            changed[at:at] = changed[:at][-choose.randint(1, 60) :]
        else:
            changed[at : at + 1] = bytes([choose.randrange(256)])
    return bytes(changed)


def consume(path):
    """The rows, each of a kind that was promised, and encodable, as a store needs."""
    try:
        for row in read_feed(path):
            assert isinstance(row, (FeedRow, Problem))
            str(row).encode()
    except FeedError as error:
        str(error).encode(errors="replace")


@pytest.mark.parametrize("name", SEEDS)
def test_changed_bytes(tmp_path, name):
    for kept in ("a.jpg", "b.jpg"):
        (tmp_path / kept).write_bytes(b"x")
    choose = random.Random(name)
    for _ in range(120):
        consume(write(tmp_path, name, mutated(SEEDS[name], choose)))


def test_changed_bytes_of_parquet(tmp_path):
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "f.parquet")
    data, choose = (tmp_path / "f.parquet").read_bytes(), random.Random(0)
    for _ in range(60):
        consume(write(tmp_path, "f.parquet", mutated(data, choose)))


@pytest.mark.parametrize(
    "row",
    [
        '{"id": "\\ud800", "image": "a.jpg"}',
        '{"id": "1", "title": "\\udfff", "image": "a.jpg"}',
        '{"id": "1", "\\ud800": "x", "image": "a.jpg"}',
        '{"id": "1", "image": "' + "x" * 5000 + '"}',
        '{"id": "1", "image": "a\\u0000.jpg"}',
        '{"id": "' + "y" * 254 + '"}',
        '{"id": {"a": 1}, "image": ["a", {}]}',
        '{"id": "1", "x": ' + "[" * 900 + "]" * 900 + "}",
        "[" * 100_000,
        '{"id": "1", "price": "' + "9" * 5000 + ' EUR", "image": "none.jpg"}',
    ],
)
def test_odd_objects(tmp_path, row):
    path = write(tmp_path, "f.jsonl", row + "\n")
    (found,) = read_feed(path, images=tmp_path)
    assert isinstance(found, Problem)
    found.product_id.encode()


def test_columns_of_other_kinds(tmp_path):
    columns = {
        "id": pa.array([1, 2], pa.int32()),
        "image_link": pa.array([b"a.jpg", b"\xff.jpg"], pa.binary()),
        "price": pa.array([1.5, None], pa.float64()),
        "when": pa.array([0, 1], pa.timestamp("s")),
    }
    (tmp_path / "a.jpg").write_bytes(b"x")
    pq.write_table(pa.table(columns), tmp_path / "f.parquet")
    one, two = read_feed(tmp_path / "f.parquet")
    assert (one.product.id, str(one.product.price)) == ("1", "1.5")
    assert one.product.extra["when"] == "1970-01-01 00:00:00"
    assert isinstance(two, Problem)
