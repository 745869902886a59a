"""Facts of files, twins, the map, the counts: each against a case small enough to see."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from thatlook.errors import SettingsError
from thatlook.explore.facts import PictureFacts, dhash, file_facts
from thatlook.explore.mapping import one_per_cell, principal_layout
from thatlook.explore.prices import price_boxes
from thatlook.explore.summary import (
    counts,
    filled,
    price_outliers,
    prices,
    repeated_titles,
)
from thatlook.explore.thumbs import thumbnail
from thatlook.explore.twins import near_twins, same_files
from thatlook.graphics import svg
from thatlook.records import Price, Product
from thatlook.settings import Settings


def picture(number: int) -> np.ndarray:
    """A picture of large soft shapes, as photos have."""
    small = np.random.default_rng(number).integers(0, 255, (5, 5, 3), np.uint8)
    return np.asarray(Image.fromarray(small).resize((240, 320), Image.Resampling.BICUBIC))


def test_the_hash_reads_rows_from_left_to_right():
    ramp = np.tile(np.linspace(0, 255, 90).astype(np.uint8)[None, :, None], (80, 1, 3))
    assert dhash(ramp) == 2**64 - 1
    assert dhash(ramp[:, ::-1]) == 0
    half = np.concatenate([ramp[:40], ramp[:40, ::-1]])
    assert dhash(half) == 0xFFFFFFFF00000000


def test_facts_of_files(tmp_path):
    Image.fromarray(picture(1)).save(tmp_path / "a.png")
    facts, image = file_facts(tmp_path / "a.png", Settings())
    assert (facts.width, facts.height, facts.error, facts.seen) == (240, 320, "", None)
    assert len(facts.signature) == 16 * 16 * 3
    np.testing.assert_array_equal(image, picture(1))
    (tmp_path / "b.jpg").write_bytes(b"\xff\xd8\xff broken")
    broken, nothing = file_facts(tmp_path / "b.jpg", Settings())
    assert (broken.error, nothing) == ("unsupported_format", None)
    assert file_facts(tmp_path / "c.jpg", Settings())[0].error == "not_found"


@pytest.fixture
def twins(tmp_path: Path) -> dict[str, PictureFacts]:
    """a = b to the byte, c the same at another size and quality, d recolored, e another."""
    image = Image.fromarray(picture(1))
    image.save(tmp_path / "a.png")
    image.save(tmp_path / "b.png")
    image.resize((180, 240)).save(tmp_path / "c.jpg", quality=60)
    Image.fromarray(picture(1)[..., ::-1].copy()).save(tmp_path / "d.png")
    Image.fromarray(picture(2)).save(tmp_path / "e.png")
    names = ["a.png", "b.png", "c.jpg", "d.png", "e.png"]
    return {name[0]: file_facts(tmp_path / name, Settings())[0] for name in names}


def test_twins(twins):
    assert twins["a"].dhash == twins["d"].dhash  # the hash alone knows no colors
    assert same_files(twins) == [["a", "b"]]
    assert near_twins(twins) == [["a", "c"]]
    assert near_twins({}) == []


def test_twins_by_matrices_are_those_of_a_plain_comparison():
    random = np.random.default_rng(7)
    base = [int(value) for value in random.integers(0, 2**63, 40)]
    facts = {}
    for place, value in enumerate(base):
        for copy, flips in enumerate([0, 2, 3, 4]):
            bits = random.choice(64, flips, replace=False)
            hashed = value
            for bit in bits:
                hashed ^= 1 << int(bit)
            name = f"{place}-{copy}"
            facts[name] = PictureFacts(name, sha256=name, dhash=hashed, signature=bytes(768))
    names, wanted, taken = list(facts), [], set()
    for name in names:
        own = facts[name].dhash
        near = [n for n in names if (facts[n].dhash ^ own).bit_count() <= 3 and n not in taken]
        if name not in taken and len(near) > 1:
            wanted.append([name, *(other for other in near if other != name)])
            taken |= set(near)
    assert near_twins(facts) == wanted
    assert 30 < len(wanted) <= 80


def test_small_things_on_white_are_told_apart(tmp_path):
    facts = {}
    for place, color in enumerate([(30, 30, 40), (30, 30, 44), (90, 20, 30)]):
        tie = np.full((240, 240, 3), 255, np.uint8)
        tie[20:220, 110:130] = color
        Image.fromarray(tie).save(tmp_path / f"{place}.png")
        facts[str(place)] = file_facts(tmp_path / f"{place}.png", Settings())[0]
    assert near_twins(facts) == [["0", "1"]]


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


def shop() -> list[Product]:
    amounts = [10, 10, 20, 20, 20, 30, 30, 40, 40, 1000]
    return [
        Product(
            str(number),
            "Red shirt" if number < 2 else f"Shirt {number}",
            category="topwear",
            color="Red" if number < 2 else "",
            price=Price(Decimal(amount), "EUR"),
        )
        for number, amount in enumerate(amounts)
    ]


def test_counts_and_prices():
    assert counts(shop(), "color") == {"(not given)": 8, "Red": 2}
    assert filled(shop())["color"] == 2
    assert filled(shop())["title"] == 10
    (entry,) = prices(shop())
    assert entry.to_dict() == {
        "category": "topwear",
        "currency": "EUR",
        "count": 10,
        "min": "10",
        "p25": "20",
        "median": "20",
        "p75": "40",
        "max": "1000",
    }
    assert [(found.id, median) for found, median in price_outliers(shop())] == [("9", 20)]
    assert price_outliers(shop()[1:]) == []
    assert repeated_titles(shop()) == {"red shirt": ["0", "1"]}


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
    uri = thumbnail(str(tmp_path / "a.png"))
    assert uri.startswith("data:image/webp;base64,")
    assert len(uri) < 8000
    assert thumbnail(str(tmp_path / "missing.png")) == ""
    json.dumps(uri)
