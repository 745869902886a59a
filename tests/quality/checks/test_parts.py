"""Facts of files, twins, counts: each against a case small enough to see."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.quality.checks.samples import picture, shop
from thatlook.core.near_duplicates import dhash
from thatlook.core.settings import Settings
from thatlook.quality.checks.summary import counts, filled, price_outliers, prices, repeated_titles
from thatlook.quality.checks.twins import near_twins, same_files
from thatlook.quality.facts import PictureFacts, file_facts


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
    for index, value in enumerate(base):
        for copy, flips in enumerate([0, 2, 3, 4]):
            bits = random.choice(64, flips, replace=False)
            hashed = value
            for bit in bits:
                hashed ^= 1 << int(bit)
            name = f"{index}-{copy}"
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


@pytest.mark.parametrize("background", [255, 226, 40])
def test_small_things_are_told_apart_on_any_background(tmp_path, background):
    facts = {}
    for index, color in enumerate([(130, 130, 140), (130, 130, 144), (190, 120, 130)]):
        tie = np.full((240, 240, 3), background, np.uint8)
        tie[20:220, 110:130] = color
        Image.fromarray(tie).save(tmp_path / f"{index}.png")
        facts[str(index)] = file_facts(tmp_path / f"{index}.png", Settings())[0]
    assert near_twins(facts) == [["0", "1"]]


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
