from __future__ import annotations

import numpy as np
import pytest

from tests.search.index.samples import DIM, random_entry
from tests.search.index.test_scan import clustered
from thatlook.search.index.block import WORD_COLUMNS, Block
from thatlook.search.index.cache import CacheError, Origin, read_block, write_block
from thatlook.search.index.listed import ListScan
from thatlook.search.index.quantised import QuantisedScan
from thatlook.search.index.scan import FloatScan, search

ORIGIN = Origin("catalog", "model", DIM, "dress", "female", 7, "AB")


def block_of(count: int) -> Block:
    rng = np.random.default_rng(0)
    return Block.of([random_entry(rng, f"p{n:04}") for n in range(count)], DIM)


def same(one: Block, other: Block) -> bool:
    arrays = [(one.ids, other.ids), (one.vectors, other.vectors), (one.price, other.price)]
    arrays += [(one.codes[n], other.codes[n]) for n in WORD_COLUMNS]
    words = all(tuple(one.words[n]) == tuple(other.words[n]) for n in WORD_COLUMNS)
    return words and all(np.array_equal(a, b, equal_nan=a.dtype.kind == "f") for a, b in arrays)


@pytest.mark.parametrize("count", [0, 1, 300])
def test_round_trip(tmp_path, count):
    block = block_of(count)
    write_block(tmp_path / "b", ORIGIN, block, FloatScan(block.vectors))
    cached = read_block(tmp_path / "b")
    assert cached is not None
    assert cached.origin == ORIGIN
    assert same(cached.block, block)
    assert [p.name for p in tmp_path.iterdir()] == ["b"]


@pytest.mark.parametrize("kind", [QuantisedScan.of, ListScan.of])
def test_scans_come_back(tmp_path, kind):
    vectors = clustered(8000, 16, 100)
    rng = np.random.default_rng(0)
    ids = np.array([f"p{n:05}" for n in range(8000)], dtype="S")
    codes = {name: rng.integers(0, 1, 8000, np.int32) for name in WORD_COLUMNS}
    block = Block(ids, vectors, np.full(8000, np.nan), codes, dict.fromkeys(WORD_COLUMNS, ("",)))
    scan = kind(vectors)
    write_block(tmp_path / "b", ORIGIN, block, scan)
    cached = read_block(tmp_path / "b")
    assert cached is not None
    assert type(cached.scan) is type(scan)
    assert cached.scan.error(vectors[0]) == scan.error(vectors[0])
    before, after = (
        search(one, b.vectors, vectors[:5], 10, None)
        for one, b in ((scan, block), (cached.scan, cached.block))
    )
    assert len(before) == 5
    for (_, rows), (_, again) in zip(before, after, strict=True):
        assert len(rows) >= 10
        np.testing.assert_array_equal(rows, again)


def test_no_file_is_no_block(tmp_path):
    assert read_block(tmp_path / "b") is None


def test_any_changed_byte_is_noticed(tmp_path):
    block, path = block_of(40), tmp_path / "b"
    write_block(path, ORIGIN, block, FloatScan(block.vectors))
    good = path.read_bytes()
    for index in range(0, len(good), 97):
        path.write_bytes(good[:index] + bytes([good[index] ^ 1]) + good[index + 1 :])
        try:
            cached = read_block(path)
        except CacheError:
            continue
        # Only the padding between arrays may change unnoticed: it is never read.
        assert cached is not None
        assert same(cached.block, block)
        assert cached.origin == ORIGIN


@pytest.mark.parametrize("share", [0.0, 0.01, 0.5, 0.99])
def test_a_file_cut_off_is_noticed(tmp_path, share):
    block, path = block_of(40), tmp_path / "b"
    write_block(path, ORIGIN, block, FloatScan(block.vectors))
    good = path.read_bytes()
    path.write_bytes(good[: int(share * len(good))])
    with pytest.raises(CacheError):
        read_block(path)


def test_another_format_is_refused(tmp_path, monkeypatch):
    block, path = block_of(3), tmp_path / "b"
    monkeypatch.setattr("thatlook.search.index.cache.FORMAT", 99)
    write_block(path, ORIGIN, block, FloatScan(block.vectors))
    monkeypatch.undo()
    with pytest.raises(CacheError, match="format 99"):
        read_block(path)
