"""Parquet files whose pages are larger than what they are in the file."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from thatlook.core.errors import FeedError
from thatlook.store.feed import FeedRow, read_feed
from thatlook.store.feed import parquet_pages as pages
from thatlook.store.feed.parquet import BATCH_ROWS


def written(folder, texts, **options):
    """A feed with these titles."""
    columns = {
        "id": [str(n) for n in range(len(texts))],
        "title": texts,
        "image_link": ["https://shop.example/a.jpg"] * len(texts),
    }
    path = folder / "f.parquet"
    pq.write_table(pa.table(columns), path, **({"use_dictionary": False} | options))
    return path


def rows_at_a_time(path):
    with path.open("rb") as file, pq.ParquetFile(path) as parquet:
        return pages.batch_rows(file, parquet.metadata, BATCH_ROWS)


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("compression", ["none", "snappy", "zstd"])
@pytest.mark.parametrize("dictionary", [True, False])
def test_the_heads_of_pages_are_those_that_arrow_writes(tmp_path, version, compression, dictionary):
    path = written(
        tmp_path,
        [f"title {n}" for n in range(5000)],
        use_dictionary=dictionary,
        compression=compression,
        data_page_version=version,
        data_page_size=10_000,
        row_group_size=2000,
    )
    with path.open("rb") as file, pq.ParquetFile(path) as parquet:
        for group in range(3):
            column = parquet.metadata.row_group(group).column(1)
            found = list(pages._pages(file, column))
            data = [page for page in found if not page.repeated]
            assert sum(page.values for page in data) == column.num_values
            unpacked = sum(page.unpacked + page.head for page in found)
            assert unpacked == column.total_uncompressed_size
            assert len(found) - len(data) == dictionary
    assert rows_at_a_time(path) == BATCH_ROWS


def test_long_cells_are_read_few_at_a_time_and_cost_their_rows(tmp_path):
    texts = ["x" * 2_000_000] * 40
    path = written(tmp_path, texts, data_page_size=1000, write_batch_size=1, compression="zstd")
    assert path.stat().st_size < 100_000
    assert rows_at_a_time(path) == (1 << 26) // 2_000_004  # a text has four bytes for its length
    assert rows_at_a_time(written(tmp_path, texts, use_dictionary=True)) == (1 << 28) // 2_000_004
    found = list(read_feed(path))
    assert [problem.line for problem in found] == list(range(1, 41))
    assert found[0].message == "'title' is longer than 1000000 characters"


def test_a_long_cell_costs_its_row_alone(tmp_path):
    one, two = read_feed(written(tmp_path, ["x" * 1_000_001, "Shirt"]))
    assert (one.line, isinstance(two, FeedRow)) == (1, True)


@pytest.mark.parametrize(("dictionary", "limit"), [(False, "MAX_PAGE"), (True, "MAX_REPEATED")])
def test_a_page_that_is_too_large_is_refused_before_it_is_unpacked(
    tmp_path, monkeypatch, dictionary, limit
):
    monkeypatch.setattr(pages, limit, 1_000_000)
    path = written(tmp_path, ["x" * 1_000_000, "y"], use_dictionary=dictionary)
    with pytest.raises(FeedError, match=r"'title' has a page of 10000\d\d bytes, at most 1000000"):
        list(read_feed(path))


def test_a_long_list_costs_its_row_before_it_is_read(tmp_path):
    path = written(tmp_path, [["x" * 10] * 200_000, ["Shirt"]], compression="zstd")
    one, two = read_feed(path)
    assert (one.line, one.message) == (1, "'title' is longer than 1000000 characters")
    assert two.product.title == "Shirt"


def test_lists_of_too_many_values_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(pages, "MAX_LISTED", 100)
    assert len(list(read_feed(written(tmp_path, [["a"] * 10] * 10)))) == 10
    assert len(list(read_feed(written(tmp_path, ["a"] * 200)))) == 200
    with pytest.raises(FeedError, match=r"'title.*' have more than 100 values in a row group"):
        list(read_feed(written(tmp_path, [["a"] * 101])))


def test_a_page_without_a_head_is_told(tmp_path):
    path = written(tmp_path, ["Shirt"])
    data = bytearray(path.read_bytes())
    data[4:24] = b"\xff" * 20
    path.write_bytes(data)
    with pytest.raises(FeedError, match="the page at byte 4 has no proper head"):
        list(read_feed(path))
