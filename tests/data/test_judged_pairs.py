"""Judged pairs of a file, or what is wrong with it."""

from __future__ import annotations

import pytest

from thatlook.core.errors import DataError
from thatlook.data.judged_pairs import COLUMNS, read

ROW = {
    "one_id": "1",
    "one": "1.jpg",
    "one_box": "",
    "other_id": "2",
    "other": "2.jpg",
    "other_box": "",
    "category": "dress",
    "alike": "1",
    "lists": "1",
}


@pytest.mark.parametrize("lists", ["0", "-1"])
def test_a_pair_of_no_list_is_named_with_its_line(tmp_path, lists):
    file = tmp_path / "pairs.csv"
    row = ROW | {"lists": lists}
    file.write_text(",".join(COLUMNS) + "\n" + ",".join(row[name] for name in COLUMNS) + "\n")
    with pytest.raises(
        DataError, match=r"pairs.csv:2: expected a pair as .*lists must be 1 or more"
    ):
        read(file)
