"""The map, the plots, thumbnails: each against a case small enough to see."""

from __future__ import annotations

import json

import numpy as np
import pytest
from PIL import Image

from tests.quality.checks.samples import picture, shop
from thatlook.core.errors import SettingsError
from thatlook.quality.checks.summary import prices
from thatlook.quality.explore.mapping import one_per_cell, principal_layout
from thatlook.quality.explore.prices import price_boxes
from thatlook.quality.explore.thumbs import thumbnail_uri
from thatlook.render import svg


def test_the_map_spreads_points_by_rank():
    line = np.array([[0, 0, 0], [1, 0.1, 0], [2, -0.1, 0], [30, 0, 0.0]], np.float32)
    layout = principal_layout(line)
    assert layout.points[:, 0].tolist() == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert sorted(layout.points[:, 1]) == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert layout.explained == pytest.approx(1.0)
    with pytest.raises(SettingsError, match="three products or more, not 2"):
        principal_layout(line[:2])


def test_the_map_agrees_with_a_singular_value_decomposition():
    vectors = np.random.default_rng(3).normal(size=(50, 8)).astype(np.float32)
    centered = vectors - vectors.mean(axis=0)
    _, sizes, axes = np.linalg.svd(centered, full_matrices=False)
    layout = principal_layout(vectors)
    share = float((sizes[:2] ** 2).sum() / (sizes**2).sum())
    assert layout.explained == pytest.approx(share, rel=1e-5)
    order = np.argsort(centered @ axes[0])
    mine = np.argsort(layout.points[:, 0])
    assert order.tolist() in (mine.tolist(), mine[::-1].tolist())


def test_each_cell_shows_the_point_nearest_its_middle():
    points = np.array([[0.1, 0.2], [0.26, 0.24], [0.9, 0.9], [1.0, 1.0]])
    assert one_per_cell(points, 2, 2) == {(0, 0): 1, (1, 1): 2}


def test_plots_are_whole_and_escape_what_shops_write():
    from defusedxml.ElementTree import fromstring

    for plot in [
        svg.bars({"<b>": 3, "a & b": 0}, 4),
        svg.stacked({"<x>": {"female": 2}, "y": {}}, svg.GENDER_COLORS, 2),
        price_boxes(prices(shop())),
        svg.dots([(0.5, 0.5, "#000", "<i>")]),
        svg.bars({}, 0),
    ]:
        assert fromstring(plot).tag == "svg"
    assert "3 (75.0%)" in svg.bars({"a": 3}, 4)


def test_thumbnails(tmp_path):
    Image.fromarray(picture(1)).save(tmp_path / "a.png")
    uri = thumbnail_uri(str(tmp_path / "a.png"))
    assert uri.startswith("data:image/webp;base64,")
    assert len(uri) < 8000
    assert thumbnail_uri(str(tmp_path / "missing.png")) == ""
    json.dumps(uri)
