from __future__ import annotations

import hashlib

import numpy as np
import pytest
from PIL import Image

from thatlook.data.splits import (
    SALT,
    catalog_groups,
    catalog_split,
    duplicate_pairs,
    groups,
    name_stem,
    split_of,
)


@pytest.mark.parametrize("name", ["0001.jpg", "15970.jpg", "pair_0007.jpg"])
def test_a_name_is_on_the_side_that_its_md5_says(name):
    number = int(hashlib.md5((SALT + name).encode()).hexdigest(), 16) % 100
    assert split_of(name) == ("val" if number < 15 else "train")


def test_the_sides_of_three_names_never_change():
    assert [split_of(f"{i:04}.jpg") for i in range(1, 13)].count("val") == 1
    assert split_of("0001.jpg") == split_of("0001.jpg")


def test_about_fifteen_in_a_hundred_measure():
    share = sum(split_of(f"{i}.jpg") == "val" for i in range(4000)) / 4000
    assert 0.13 < share < 0.17


def test_variants_of_a_product_share_a_stem():
    assert name_stem("Puma Men Navy Blue Shoes 2") == name_stem("Puma Men Black Shoes")
    assert name_stem("Puma Men Black Shoes") == "puma men shoes"


def test_joined_rows_get_the_smallest_key_of_their_group():
    found = groups(["d", "b", "c", "a"], [(0, 1), (1, 2)])
    assert found == {"d": "b", "b": "b", "c": "b", "a": "a"}


def test_duplicates_are_pairs_that_hardly_differ():
    rows = np.array([[0, 0, 0], [100, 100, 100], [5, 5, 5], [0, 0, 20]], np.float32)
    # Rows 0 and 2 differ by 5 in each number: rms 5 < 6. Rows 2 and 3: 5, 5, 15, rms 9.6.
    assert duplicate_pairs(rows) == [(0, 2)]


def test_near_equal_photos_and_equal_names_are_on_one_side(tmp_path):
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (24, 24, 3)).astype(np.uint8)
    other = rng.integers(0, 256, (24, 24, 3)).astype(np.uint8)
    for name, pixels in (
        ("1", picture),
        ("2", picture // 2 * 2),
        ("3", other),
        ("4", other.T.copy().T),
    ):
        Image.fromarray(pixels).save(tmp_path / f"{name}.jpg", quality=95)
    Image.fromarray(np.full((24, 24, 3), 200, np.uint8)).save(tmp_path / "5.jpg")
    titles = {"1": "Alpha", "2": "Beta", "3": "Gamma", "4": "Delta", "5": "Alpha Blue", "6": "Lost"}
    found = catalog_groups(titles, tmp_path)
    assert found == {"1": "1", "2": "1", "5": "1", "3": "3", "4": "3", "6": "6"}
    assert catalog_split(titles, tmp_path) == {k: split_of(v) for k, v in found.items()}
