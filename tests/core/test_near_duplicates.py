"""The perceptual hash against a slow one, and what it takes for the same photo."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from tests.data.conftest import picture
from thatlook.core.errors import PhotoError
from thatlook.core.image import resized
from thatlook.core.near_duplicates import MAX_BITS, equal_groups, hash_bits, near_pairs, print_of


def slow_bits(image):
    """The definition: a DCT-II sum by sum."""
    grey = resized(image, (32, 32)).astype(float).mean(axis=2)
    low = np.zeros((8, 8))
    for u in range(8):
        for v in range(8):
            for y in range(32):
                for x in range(32):
                    wave = math.cos((y + 0.5) * u * math.pi / 32)
                    low[u, v] += grey[y, x] * wave * math.cos((x + 0.5) * v * math.pi / 32)
    median = np.median(low.ravel()[1:])
    return low.ravel() > median


def test_the_hash_equals_the_slow_one():
    image = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    assert hash_bits(image).shape == (64,)
    assert (hash_bits(image) == slow_bits(image)).all()


def scene(seed, size=(160, 240)):
    """A smooth picture, as photos are."""
    small = np.random.default_rng(seed).integers(0, 256, (9, 6, 3), np.uint8)
    return Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)


def changed(image, how):
    if how == "jpeg":
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=30)
        return Image.open(buffer)
    if how == "small":
        return image.resize((80, 120))
    if how == "bright":
        return ImageEnhance.Brightness(image).enhance(1.1)
    return image.crop((2, 2, image.width - 2, image.height - 2))


@pytest.mark.parametrize("how", ["jpeg", "small", "bright", "crop"])
def test_a_changed_photo_is_nearly_the_same(tmp_path, how):
    scene(0).save(tmp_path / "0.png")
    for seed in range(1, 6):
        scene(seed).save(tmp_path / f"{seed}.png")
    changed(scene(0), how).save(tmp_path / "changed.png")
    paths = [tmp_path / f"{n}.png" for n in (0, 1, 2, 3, 4, 5, "changed")]
    assert near_pairs([print_of(path) for path in paths]) == [(0, 6)]


def test_pairs_equal_the_slow_comparison(tmp_path, monkeypatch):
    monkeypatch.setattr("thatlook.core.near_duplicates.BLOCK", 7)  # several blocks
    monkeypatch.setattr("thatlook.core.near_duplicates.MAX_RMS", 1e9)
    monkeypatch.setattr("thatlook.core.near_duplicates.MAX_BITS", 28)
    prints = [print_of(picture(tmp_path / f"{n}.png", n, (32, 32))) for n in range(20)]
    slow = [
        (i, j)
        for i in range(20)
        for j in range(i + 1, 20)
        if (prints[i].bits != prints[j].bits).sum() <= 28
    ]
    assert 5 < len(slow) < 190
    assert near_pairs(prints) == slow


def test_another_color_of_the_same_thing_is_not_the_same(tmp_path):
    """Two shirts cut alike on white: one hash, two products."""
    for name, color in (("red", (200, 30, 30)), ("blue", (30, 30, 228))):
        image = Image.new("RGB", (100, 100), "white")
        image.paste(color, (20, 20, 80, 90))
        image.save(tmp_path / f"{name}.png")
    prints = [print_of(tmp_path / "red.png"), print_of(tmp_path / "blue.png")]
    assert (prints[0].bits != prints[1].bits).sum() <= MAX_BITS
    assert near_pairs(prints) == []


def test_equal_bytes(tmp_path):
    one = print_of(picture(tmp_path / "a.png", 1))
    same = print_of(picture(tmp_path / "b.png", 1))
    other = print_of(picture(tmp_path / "c.png", 2))
    assert equal_groups([one, other, same, same]) == [[0, 2, 3]]
    assert near_pairs([one, other, same]) == []
    assert near_pairs([]) == []


def test_damaged_and_missing_photos(tmp_path):
    path = picture(tmp_path / "a.jpg", 1)
    path.write_bytes(path.read_bytes()[:400])
    with pytest.raises(PhotoError, match="damaged"):
        print_of(path)
    with pytest.raises(PhotoError, match="cannot be read"):
        print_of(tmp_path / "none.jpg")
