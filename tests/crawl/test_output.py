from __future__ import annotations

import json
import logging
import sys

from thatlook.crawl.output import write_feed


def test_without_parquet_the_rest_is_written_and_said(tmp_path, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with caplog.at_level(logging.WARNING):
        write_feed(tmp_path, [{"id": "1"}], {"rows": 1})
    assert (tmp_path / "feed.jsonl").read_text() == '{"id": "1"}\n'
    assert json.loads((tmp_path / "report.json").read_text()) == {"rows": 1}
    assert not (tmp_path / "feed.parquet").exists()
    assert "no feed.parquet" in caplog.text
    assert "thatlook[parquet]" in caplog.text
