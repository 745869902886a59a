"""Labels of product photos, read by eye."""

from __future__ import annotations

from pathlib import Path

import pytest

from thatlook.core.errors import DataError
from thatlook.data.product_labels import read_absent_categories

LABELS = Path(__file__).resolve().parents[2] / "labels"


def test_the_labels_of_the_repository():
    absent = read_absent_categories(LABELS)
    assert len(absent) == 640
    assert all({"bag", "headwear", "eyewear", "neckwear"} <= names for names in absent.values())
    assert absent["10056"] == {"bag", "dress", "eyewear", "headwear", "neckwear"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("photo,seen\n1,topwear\n", "expected the columns photo, absent"),
        ("photo,absent\n1,bag hat\n", "product_models.csv:2: no such category: hat"),
    ],
)
def test_labels_that_cannot_be(tmp_path, text, words):
    (tmp_path / "product_models.csv").write_text(text)
    with pytest.raises(DataError, match=words):
        read_absent_categories(tmp_path)
