"""Decoding with limits, and the geometry of crops: values worked by hand."""

from __future__ import annotations

import contextlib
import functools
import io
import os
import random
import struct
import subprocess
import sys
import threading
import tracemalloc
import zlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, features

from thatlook.core.errors import PhotoError
from thatlook.core.image import (
    GREY,
    cropped,
    decode,
    decode_photo,
    fit_area,
    fit_box,
    foreground,
    name_of,
    outline,
    resized,
    size_of,
    with_aspect,
)
from thatlook.core.jpeg import segments_and_scans
from thatlook.core.records import Box
from thatlook.core.settings import Settings

ROOT = Path(__file__).resolve().parents[2]

RED = (200, 30, 40)


def encoded(image: Image.Image, kind: str = "PNG", **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def plain(mode: str = "RGB", color=RED, size=(32, 24)) -> Image.Image:
    return Image.new(mode, size, color)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_every_format_gives_the_color_that_went_in(kind):
    if kind == "AVIF" and not features.check("avif"):
        pytest.skip("this Pillow was built without AVIF")
    array = decode(encoded(plain(), kind))
    assert array.shape == (24, 32, 3)
    assert array.dtype == np.uint8
    np.testing.assert_allclose(array.reshape(-1, 3).mean(axis=0), RED, atol=4)


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (plain("L", 77), (77, 77, 77)),
        (plain("1", 1), (255, 255, 255)),
        (plain("LA", (77, 255)), (77, 77, 77)),
        (plain("RGBA", (*RED, 255)), RED),
        (plain("RGBA", (*RED, 0)), (255, 255, 255)),
        (plain("RGBA", (0, 0, 0, 128)), (127, 127, 127)),
        (plain("I;16", 65535), (255, 255, 255)),
        (plain("I;16", 257 * 100), (100, 100, 100)),
        (plain().quantize(4), RED),
    ],
    ids=[
        "grey",
        "bilevel",
        "grey+alpha",
        "opaque",
        "transparent",
        "half",
        "16 bit white",
        "16 bit",
        "palette",
    ],
)
def test_every_mode_becomes_rgb_on_white(image, expected):
    array = decode(encoded(image))
    np.testing.assert_allclose(array[3, 5], expected, atol=1)


@pytest.mark.parametrize("compression", ["raw", "tiff_lzw", "tiff_deflate", "packbits", "jpeg"])
def test_tiffs_of_every_compression(compression):
    array = decode(encoded(plain(), "TIFF", compression=compression))
    np.testing.assert_allclose(array[3, 5], RED, atol=4)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16"])
def test_tiffs_of_every_mode_are_as_their_image(mode):
    image = plain("I;16", 257 * 100) if mode == "I;16" else plain().convert(mode)
    np.testing.assert_allclose(decode(encoded(image, "TIFF")), decode(image), atol=1)


@pytest.mark.parametrize("turn", range(1, 9))
def test_tiffs_are_turned_once(turn, tmp_path):
    image = Image.fromarray(np.random.default_rng(1).integers(0, 255, (20, 30, 3), np.uint8))
    exif = Image.Exif()
    exif[0x0112] = turn
    path = tmp_path / "a.tiff"
    path.write_bytes(encoded(image, "TIFF", tiffinfo={0x0112: turn}))
    array = decode(path)
    np.testing.assert_array_equal(array, decode(encoded(image, "PNG", exif=exif)))
    assert size_of(path) == (array.shape[1], array.shape[0])


def test_the_first_page_of_a_tiff_is_taken():
    pages = [plain(color=(0, 0, 255)) for _ in range(300)]
    array = decode(encoded(plain(), "TIFF", save_all=True, append_images=pages))
    assert tuple(array[3, 5]) == RED


def test_the_limits_of_pixels_hold_for_arrays():
    array = np.zeros((30, 40, 3), np.uint8)
    assert decode(array, Settings(max_photo_pixels=1200)).shape == (30, 40, 3)
    with pytest.raises(PhotoError, match="40 x 30 pixels; at most 1199") as caught:
        decode(array, Settings(max_photo_pixels=1199))
    assert caught.value.code == "too_many_pixels"
    with pytest.raises(PhotoError, match="each side needs 16"):
        decode(array[:8])


def tiff(tags: dict[int, int], data: bytes = b"") -> bytes:
    """A TIFF with these numbers as tags, its `data` right after them."""
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    return struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + entries + bytes(4) + data


GREY_TIFF = {256: 100, 257: 100, 258: 8, 259: 1, 262: 1, 277: 1}


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_what_large_photos_took_is_given_back():
    command = [sys.executable, "-m", "tests.core.large_photos"]
    env = {name: value for name, value in os.environ.items() if name != "PILLOW_BLOCK_SIZE"}
    told = subprocess.run(command, capture_output=True, check=True, cwd=ROOT, env=env).stdout
    before, after = map(int, told.split())
    assert after - before < 250  # 160; with Pillow's own blocks 350


def test_a_tiff_in_tiles_larger_than_itself_is_refused_before_they_are_decoded():
    offset = 10 + 12 * 10 + 4
    whole = GREY_TIFF | {322: 112, 323: 112, 324: offset, 325: 112 * 112}
    assert decode(tiff(whole, bytes(112 * 112))).shape == (100, 100, 3)
    bomb = GREY_TIFF | {322: 20_000, 323: 20_000, 324: offset, 325: 1000}
    with pytest.raises(PhotoError, match="in tiles of 20000 x 20000") as caught:
        decode(tiff(bomb, bytes(1000)))
    assert caught.value.code == "damaged"
    with pytest.raises(PhotoError, match="in tiles of"):
        decode(Image.open(io.BytesIO(tiff(bomb, bytes(1000)))))


def test_a_tiff_that_claims_to_be_huge_is_refused():
    with pytest.raises(PhotoError) as caught:
        decode(tiff(GREY_TIFF | {256: 100_000, 257: 100_000, 273: 8, 278: 100_000, 279: 9}))
    assert caught.value.code == "too_many_pixels"


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
def test_notes_that_lie_over_each_other_take_no_memory(kind):
    size, count = 300_000, 300
    known = GREY_TIFF | {273: 8, 279: 10_000} if kind == "TIFF" else {}
    entries = [struct.pack("<HHII", tag, 4, 1, value) for tag, value in known.items()]
    entries += [struct.pack("<HHII", 40_000 + n, 7, size, 8) for n in range(count)]
    notes = struct.pack("<2sHIH", b"II", 42, 8, len(entries)) + b"".join(entries) + bytes(size)
    data = notes if kind == "TIFF" else encoded(plain(), kind, exif=notes)
    tracemalloc.start()
    try:
        decode(data)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_cmyk_jpeg_becomes_rgb():
    array = decode(encoded(plain("CMYK", (0, 255, 255, 0)), "JPEG"))
    np.testing.assert_allclose(array[5, 5], (255, 0, 0), atol=6)


def test_exif_rotation_is_applied():
    image = plain(size=(40, 20))
    image.paste((0, 0, 255), (0, 0, 20, 20))  # the left half is blue
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise: left goes up
    array = decode(encoded(image, "JPEG", exif=exif, quality=95))
    assert array.shape == (40, 20, 3)
    assert array[4, 10, 2] > 200
    assert array[36, 10, 0] > 150


SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def swapped_profile() -> bytes:
    """sRGB whose red and blue are exchanged, in its table of tags."""
    return (
        SRGB.replace(b"rXYZ", b"....", 1).replace(b"bXYZ", b"rXYZ", 1).replace(b"....", b"bXYZ", 1)
    )


def linear_grey_profile() -> bytes:
    """A grey profile of gamma 1 (ICC.1:2010, 7.2 header, 10.5 curve, 10.31 XYZ)."""
    white = struct.pack(">4s4xiii", b"XYZ ", 63190, 65536, 54061)  # D50 in s15Fixed16
    curve = struct.pack(">4s4xI", b"curv", 0)
    table = struct.pack(">I4sII4sII", 2, b"wtpt", 156, 20, b"kTRC", 176, 12)
    header = struct.pack(
        ">I4sI4s4s4s12x4s", 188, b"    ", 0x02100000, b"mntr", b"GRAY", b"XYZ ", b"acsp"
    )
    light = struct.pack(">28xiii48x", 63190, 65536, 54061)
    return header + light + table + white + curve


HALVES = ((255, 0, 0), (0, 0, 255))


def two_halves(size: tuple[int, int]) -> Image.Image:
    """Red left, blue right."""
    image = Image.new("RGB", size, HALVES[0])
    image.paste(HALVES[1], (size[0] // 2, 0, *size))
    return image


@pytest.mark.parametrize(
    ("size", "decoded"),
    [
        ((1799, 2500), (1799, 2500)),
        ((1800, 2500), (900, 1250)),
        ((2501, 1801), (1251, 901)),
        ((3600, 3700), (900, 925)),
        ((8000, 7200), (1000, 900)),
        ((3000, 600), (3000, 600)),
    ],
)
@pytest.mark.parametrize("options", [{}, {"progressive": True}])
def test_a_large_jpeg_is_decoded_at_reduced_scale(size, decoded, options):
    photo = decode_photo(encoded(two_halves(size), "JPEG", **options))
    assert photo.size == size
    assert photo.image.shape == (*decoded[::-1], 3)
    for x, color in zip((0.05, 0.45, 0.55, 0.95), sorted(HALVES * 2, reverse=True), strict=True):
        pixel = photo.image[photo.image.shape[0] // 2, round(x * photo.image.shape[1])]
        np.testing.assert_allclose(pixel, color, atol=6)
    assert decode(encoded(two_halves(size), "JPEG")).shape == (*size[::-1], 3)


def test_a_turned_photo_is_turned_after_it_was_reduced():
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise: left goes up
    photo = decode_photo(encoded(two_halves((2600, 1800)), "JPEG", exif=exif))
    assert (photo.size, photo.image.shape) == ((1800, 2600), (1300, 900, 3))
    np.testing.assert_allclose(photo.image[100, 450], HALVES[0], atol=6)
    np.testing.assert_allclose(photo.image[1200, 450], HALVES[1], atol=6)


def test_a_large_cmyk_jpeg_is_reduced_too():
    photo = decode_photo(encoded(plain("CMYK", (0, 255, 255, 0), (2000, 2000)), "JPEG"))
    assert (photo.size, photo.image.shape) == ((2000, 2000), (1000, 1000, 3))
    np.testing.assert_allclose(photo.image[500, 500], (255, 0, 0), atol=6)


def test_what_is_no_file_of_a_jpeg_is_decoded_whole():
    image = two_halves((2000, 1900))
    for source in (encoded(image), image, np.asarray(image)):
        photo = decode_photo(source)
        assert (photo.size, photo.image.shape) == ((2000, 1900), (1900, 2000, 3))


def test_limits_are_those_of_the_photo_itself():
    data = encoded(two_halves((2000, 1900)), "JPEG")
    with pytest.raises(PhotoError, match="2000 x 1900 pixels; at most 3799999"):
        decode_photo(data, Settings(max_photo_pixels=3_799_999))
    assert decode_photo(data, Settings(max_photo_pixels=3_800_000)).size == (2000, 1900)
    assert decode_photo(data, Settings(min_photo_side_px=1900)).size == (2000, 1900)
    with pytest.raises(PhotoError, match="damaged or cut off"):
        decode_photo(data[: len(data) // 2])


def test_a_color_profile_is_applied_and_a_broken_one_is_not():
    np.testing.assert_allclose(decode(encoded(plain(), icc_profile=SRGB))[0, 0], RED, atol=1)
    np.testing.assert_array_equal(decode(encoded(plain(), icc_profile=b"junk"))[0, 0], RED)
    swapped = {"icc_profile": swapped_profile()}
    np.testing.assert_allclose(decode(encoded(plain(), **swapped))[0, 0], RED[::-1], atol=2)
    np.testing.assert_allclose(
        decode(encoded(plain().quantize(4), **swapped))[0, 0], RED[::-1], atol=2
    )


def colors_of(image: Image.Image, **options) -> list[list[int]]:
    """The colors of a decoded PNG's first and last pixels."""
    array = decode(encoded(image, **options))
    return [array[0, 0].tolist(), array[-1, -1].tolist()]


def halved(mode: str, left, right) -> Image.Image:
    image = plain(mode, right)
    image.paste(left, (0, 0, 16, 24))
    return image


def test_a_color_that_stands_for_transparent_is_white_whatever_the_profile():
    image = halved("RGB", (10, 200, 30), RED)
    clear = {"transparency": (10, 200, 30)}
    assert colors_of(image, **clear) == [[255, 255, 255], list(RED)]
    shown = colors_of(image, **clear, icc_profile=swapped_profile())
    np.testing.assert_allclose(shown, [[255, 255, 255], RED[::-1]], atol=2)


def test_transparent_grey_with_a_profile():
    # 128 / 255 of the light is, in sRGB, 255 * (1.055 * 0.502 ** (1 / 2.4) - 0.055) = 188
    grey = {"icc_profile": linear_grey_profile()}
    expected = [[255] * 3, [188] * 3]
    deep = np.full((24, 32), 128 * 257, np.uint16)
    deep[:, :16] = 9
    for image, clear in (
        (halved("L", 9, 128), {"transparency": 9}),
        (Image.fromarray(deep), {"transparency": 9}),
        (halved("LA", (9, 0), (128, 255)), {}),
    ):
        np.testing.assert_allclose(colors_of(image, **clear, **grey), expected, atol=2)


@pytest.mark.parametrize("mode", ["I", "F"])
def test_images_of_an_unknown_range_are_refused(mode):
    for value in (1, 255, 65535):
        with pytest.raises(PhotoError, match=f"mode {mode} is not known; scale it") as caught:
            decode(plain(mode, value))
        assert caught.value.code == "unsupported_format"


@pytest.mark.parametrize("mode", ["I;16", "I;16L", "I;16B", "I;16N"])
def test_grey_of_16_bits_has_the_full_range(mode):
    dtype = ">u2" if mode == "I;16B" else "<u2"
    values = np.full((24, 32), 100 * 257, dtype)
    image = Image.frombytes(mode, (32, 24), values.tobytes())
    assert decode(image)[0, 0].tolist() == [100, 100, 100]


@pytest.mark.parametrize("source", [None, 7, ["a.jpg"], io.BytesIO(b"x")])
def test_what_is_no_photo_at_all(source):
    message = f"expected a path, a file's bytes, a PIL image or .* got {type(source).__name__}"
    with pytest.raises(PhotoError, match=message):
        decode(source)


def test_paths_bytes_images_and_arrays_give_the_same(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(encoded(plain()))
    expected = decode(path)
    data = path.read_bytes()
    sources = (str(path), data, bytearray(data), memoryview(data), plain(), np.asarray(plain()))
    for source in sources:
        np.testing.assert_array_equal(decode(source), expected)


def hostile_png(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is width x height."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = (
        struct.pack(">I", 13) + b"IHDR" + header + struct.pack(">I", zlib.crc32(b"IHDR" + header))
    )
    data = b"IDAT" + zlib.compress(b"\0" * 100)
    end = struct.pack(">I", len(data) - 4) + data + struct.pack(">I", zlib.crc32(data))
    return b"\x89PNG\r\n\x1a\n" + chunk + end


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b"hello, this is no photo" * 9, "unsupported_format"),
        (encoded(plain(size=(300, 300)), "JPEG")[:600], "damaged"),
        (encoded(plain(size=(300, 300)))[:120], "damaged"),
        (encoded(plain(size=(300, 300)), "WEBP")[:60], "damaged"),
        (hostile_png(100_000, 100_000), "too_many_pixels"),
        (hostile_png(2**31 - 1, 2**31 - 1), "too_many_pixels"),
        (hostile_png(0, 0), "unsupported_format"),
        (encoded(plain(size=(8, 200))), "too_small"),
        (b"\0\0\0\x18ftypheic\0\0\0\0heicmif1" + b"\0" * 64, "unsupported_format"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n" + b"0 " * 90, "unsupported_format"),
    ],
    ids=[
        "empty",
        "text",
        "cut jpeg",
        "cut png",
        "cut webp",
        "huge",
        "enormous",
        "zero",
        "thin",
        "heic",
        "eps",
    ],
)
def test_unusable_photos_give_an_error_that_names_them(tmp_path, data, code):
    path = tmp_path / "photo.jpg"
    path.write_bytes(data)
    with pytest.raises(PhotoError, match=r"photo\.jpg") as caught:
        decode(path)
    assert caught.value.code == code
    assert caught.value.to_dict() == {"code": code, "message": caught.value.message}


def test_byte_limit_is_checked_before_reading(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(encoded(plain()))
    with pytest.raises(PhotoError) as caught:
        decode(path, Settings(max_photo_bytes=20))
    assert caught.value.code == "too_many_bytes"


def scans_repeated(data: bytes, count: int) -> bytes:
    """A progressive JPEG whose last scan, a refinement of the luminance, comes `count` times."""
    start = data.rindex(b"\xff\xda")
    return data[:start] + data[start:-2] * count + data[-2:]


PROGRESSIVE = encoded(plain(size=(64, 48)), "JPEG", progressive=True)  # of 10 scans


def test_a_jpeg_of_many_scans_is_refused_before_it_is_decoded(tmp_path, monkeypatch):
    assert decode(scans_repeated(PROGRESSIVE, 91)).shape == (48, 64, 3)  # 9 + 91
    monkeypatch.setattr(Image, "open", lambda *_, **__: pytest.fail("it was opened"))
    path = tmp_path / "bomb.jpg"
    path.write_bytes(scans_repeated(PROGRESSIVE, 1991))
    with pytest.raises(PhotoError, match=r"bomb\.jpg: a JPEG of 2000 scans; at most 100") as caught:
        decode(path)
    assert caught.value.code == "too_many_scans"
    with pytest.raises(PhotoError, match="10 scans; at most 9 are accepted"):
        decode(PROGRESSIVE, Settings(max_photo_scans=9))


def test_a_pil_image_that_is_not_decoded_yet_has_the_same_limit():
    opened = Image.open(io.BytesIO(scans_repeated(PROGRESSIVE, 92)))
    with pytest.raises(PhotoError, match="<image>: a JPEG of 101 scans"):
        decode(opened)
    np.testing.assert_array_equal(decode(Image.open(io.BytesIO(PROGRESSIVE))), decode(PROGRESSIVE))
    loaded = Image.open(io.BytesIO(PROGRESSIVE))
    loaded.load()
    np.testing.assert_array_equal(decode(loaded), decode(PROGRESSIVE))


def test_only_the_scans_of_the_photo_itself_count():
    thumbnail = encoded(plain(size=(16, 16)), "JPEG", progressive=True)
    segment = b"\xff\xe5" + struct.pack(">H", 2 + len(thumbnail)) + thumbnail
    assert segments_and_scans(PROGRESSIVE, 1000)[1] == 10
    assert segments_and_scans(PROGRESSIVE[:2] + segment + PROGRESSIVE[2:], 1000)[1] == 10
    # what follows the end (the second picture of an MPO), restarts and fill bytes
    assert segments_and_scans(PROGRESSIVE + PROGRESSIVE, 1000)[1] == 10
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    restarted = encoded(Image.fromarray(noise), "JPEG", restart_marker_blocks=1)
    assert b"\xff\xd0" in restarted
    assert b"\xff\x00" in restarted
    assert segments_and_scans(restarted, 1000)[1] == 1
    filled = PROGRESSIVE.replace(b"\xff\xda", b"\xff\xff\xff\xda")
    assert segments_and_scans(filled, 1000)[1] == 10
    assert decode(filled).shape == (48, 64, 3)
    for cut in range(len(PROGRESSIVE)):
        assert segments_and_scans(PROGRESSIVE[:cut], 1000)[1] <= 10


def test_a_jpeg_of_nothing_but_segments_is_refused():
    def padded(count: int) -> bytes:
        return PROGRESSIVE[:2] + b"\xff\xfe\0\2" * count + PROGRESSIVE[2:]

    assert decode(padded(9000)).shape == (48, 64, 3)
    with pytest.raises(PhotoError, match="more than 10000 segments") as caught:
        decode(padded(10_000))
    assert caught.value.code == "damaged"


def test_missing_files_and_folders(tmp_path):
    with pytest.raises(PhotoError) as caught:
        decode(tmp_path / "nothing.jpg")
    assert caught.value.code == "not_found"
    with pytest.raises(PhotoError) as caught:
        decode(tmp_path)
    assert caught.value.code == "unreadable"


@pytest.mark.parametrize(
    "array", [np.zeros((4, 4)), np.zeros((4, 4), np.uint8), np.zeros((0, 4, 3), np.uint8)]
)
def test_arrays_of_another_shape_are_refused(array):
    with pytest.raises(PhotoError, match="expected a uint8 RGB array"):
        decode(array)


@given(st.binary(min_size=1, max_size=300))
def test_random_bytes_never_raise_anything_else(data):
    good = encoded(plain(), "JPEG")
    for hostile in (data, good[:200] + data, good[:20] + data + good[20:]):
        with contextlib.suppress(PhotoError):
            assert decode(hostile).shape[2] == 3


@functools.cache
def small_files() -> dict[str, bytes]:
    """A small file of each format, some with EXIF, a color profile, transparency and frames."""
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (24, 32, 3), np.uint8))
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Maker"
    notes = {"exif": exif, "icc_profile": SRGB}
    clear = noise.convert("RGBA")
    frames = {"save_all": True, "append_images": [noise.quantize(4)]}
    found = {kind: encoded(noise, kind) for kind in ("WEBP", "PNG", "GIF", "JPEG", "BMP", "TIFF")}
    found |= {
        "WEBP with notes": encoded(clear, "WEBP", lossless=True, **notes),
        "PNG with notes": encoded(clear, "PNG", **notes),
        "GIF of frames": encoded(noise.quantize(8), "GIF", **frames),
        "progressive JPEG": encoded(noise, "JPEG", progressive=True, **notes),
    }
    if features.check("avif"):
        found |= {
            "AVIF": encoded(noise, "AVIF"),
            "AVIF with notes": encoded(clear, "AVIF", **notes),
        }
    return found


def damaged(data: bytes, seed: int) -> bytes:
    """The bytes with one of them, or some, changed; half of the time near the beginning."""
    rng = random.Random(seed)
    found = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8))):
        place = rng.randrange(len(found) if rng.random() < 0.5 else min(300, len(found)))
        found[place] ^= rng.randrange(1, 256)
    return bytes(found)


@pytest.mark.parametrize("kind", small_files())
def test_flipped_bytes_give_an_image_or_a_photo_error(kind):
    codes = Counter()
    for seed in range(150):
        try:
            image = decode(damaged(small_files()[kind], seed))
        except PhotoError as error:
            codes[error.code] += 1
        else:
            assert (image.dtype, image.ndim) == (np.uint8, 3)
            codes["image"] += 1
    assert set(codes) <= {"image", "damaged", "unsupported_format", "too_many_pixels", "too_small"}
    assert codes["image"] < 150


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError, SyntaxError, struct.error, zlib.error, EOFError, IndexError, OverflowError,
        TypeError, KeyError, ZeroDivisionError, RecursionError, AssertionError, AttributeError,
    ],
)  # fmt: skip
def test_whatever_a_codec_raises_says_that_the_photo_is_damaged(monkeypatch, error):
    def load(_):
        raise error("of the codec")

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", load)
    with pytest.raises(PhotoError, match=r"<bytes>: damaged or cut off.*of the codec") as caught:
        decode(encoded(plain()))
    assert caught.value.code == "damaged"


@pytest.mark.parametrize("error", [MemoryError, KeyboardInterrupt, SystemExit])
def test_what_says_nothing_of_the_photo_is_passed_on(monkeypatch, error):
    def load(_):
        raise error

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", load)
    with pytest.raises(error):
        decode(encoded(plain()))


def test_names():
    assert name_of("a/b.jpg") == "a/b.jpg"
    assert {name_of(kind(b"x")) for kind in (bytes, bytearray, memoryview)} == {"<bytes>"}
    assert name_of(plain()) == "<image>"
    assert name_of(np.zeros((1, 1, 3), np.uint8)) == "<array>"


def test_fit_area_pads_to_multiples_and_leads_back():
    image = np.full((640, 427, 3), 10, np.uint8)
    fitted = fit_area(image, area=384 * 256, max_side=512, multiple=32)
    # scale = sqrt(98304 / 273280) = 0.59977; 427 -> 256, 640 -> 384
    assert fitted.canvas.shape == (384, 256, 3)
    back = fitted.to_image(np.array([[0, 0, 256, 384]]))
    np.testing.assert_allclose(back, [[0, 0, 427, 640]], atol=1e-9)


def test_fit_area_of_a_strip_is_capped_and_padded_with_grey():
    fitted = fit_area(np.zeros((100, 1000, 3), np.uint8), area=98304, max_side=512, multiple=32)
    assert fitted.canvas.shape == (64, 512, 3)  # 51.2 rows -> 51 -> padded to 64
    assert (fitted.canvas[51:] == GREY).all()
    assert (fitted.canvas[:51] == 0).all()


def test_fit_area_enlarges_a_small_photo_only_to_the_min_area():
    def shape(height, width):
        image = np.zeros((height, width, 3), np.uint8)
        return fit_area(image, 160_000, 1000, 1, min_area=90_000).canvas.shape[:2]

    assert shape(200, 100) == (424, 212)  # scale sqrt(90000 / 20000) = 2.1213
    assert shape(320, 320) == (320, 320)  # between the two: as it is
    assert shape(800, 800) == (400, 400)


def test_fit_box_shows_what_is_outside_as_grey():
    image = np.full((10, 10, 3), 200, np.uint8)
    fitted = fit_box(image, Box(-10, 0, 10, 10), (40, 20))
    assert (fitted.canvas[:, :20] == GREY).all()
    assert (fitted.canvas[:, 20:] == 200).all()
    np.testing.assert_allclose(fitted.to_image(np.array([30.0, 10.0])), [5.0, 5.0])


def test_fit_box_wholly_outside_is_grey():
    fitted = fit_box(np.zeros((10, 10, 3), np.uint8), Box(20, 20, 30, 30), (8, 8))
    assert (fitted.canvas == GREY).all()


def test_with_aspect_grows_the_shorter_side_about_the_middle():
    assert with_aspect(Box(0, 0, 10, 40), 0.75) == Box(-10, 0, 20, 40)
    assert with_aspect(Box(0, 0, 40, 10), 2.0) == Box(0, -5, 40, 15)


def test_cropped_rounds_outwards_and_stays_inside():
    image = np.arange(5 * 6 * 3, dtype=np.uint8).reshape(5, 6, 3)
    np.testing.assert_array_equal(cropped(image, Box(1.5, 0.2, 3.1, 2.0)), image[0:2, 1:4])
    assert cropped(image, Box(5.9, 4.9, 50, 50)).shape == (1, 1, 3)
    assert cropped(image, Box(-9, -9, -5, -5)).shape == (1, 1, 3)


def test_resized_averages():
    image = np.zeros((2, 2, 3), np.uint8)
    image[:, 1] = 200
    assert resized(image, (1, 1))[0, 0, 0] == 100


def test_foreground_finds_the_product_on_white_and_gives_up_on_nothing():
    image = np.full((100, 80, 3), 250, np.uint8)
    image[20:70, 10:50] = (30, 60, 90)
    assert foreground(image) == Box(10, 20, 50, 70)
    assert foreground(np.full((100, 80, 3), 250, np.uint8)) == Box(0, 0, 80, 100)


def test_no_points_lead_back_to_no_points():
    fitted = fit_area(np.zeros((32, 32, 3), np.uint8), area=1024, max_side=512, multiple=32)
    assert fitted.to_image(np.zeros((0, 4))).shape == (0, 4)


def test_an_outline_is_that_of_the_brightness_and_not_of_the_color():
    """Red and green of one brightness on white: 8 of 16 columns, a step at one border each."""
    image = np.full((32, 32, 3), 255, np.uint8)
    image[:, 16:] = (255, 0, 0)  # 76 by Rec. 601
    other = image.copy()
    other[:, 16:] = (0, 130, 0)
    found = outline(image, Box(0, 0, 32, 32)).reshape(15, 15)
    expected = np.zeros((15, 15), np.uint8)
    expected[:, 7] = 255
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(outline(other, Box(0, 0, 32, 32)).reshape(15, 15), expected)
    assert not outline(image, Box(0, 0, 16, 32)).any()  # nothing but white


def test_strips_are_the_whole(monkeypatch):
    dice = np.random.default_rng(5)
    rgba = Image.fromarray(dice.integers(0, 255, (70, 40, 4), np.uint8))
    deep = Image.fromarray(dice.integers(0, 65535, (70, 40), np.uint16))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    turned = Image.Exif()
    turned[0x0112] = 6
    for image in (rgba, rgba.convert("RGB"), rgba.convert("LA"), rgba.convert("P"), deep):
        for info in ({}, {"icc_profile": profile}, {"exif": turned.tobytes()}):
            shown = image.copy()
            shown.info |= info
            whole = decode(shown)
            monkeypatch.setattr("thatlook.core.image.STRIP_PIXELS", 1000)
            np.testing.assert_array_equal(decode(shown), whole)
            monkeypatch.undo()
            assert whole.shape == ((40, 70, 3) if "exif" in info else (70, 40, 3))


def test_what_is_decoded_at_one_time_is_bounded(monkeypatch):
    photo = encoded(Image.new("RGB", (100, 100)))
    held, most, pair = [], [], threading.Barrier(2, timeout=60)

    def watched(image, name):
        held.append(name)
        most.append(len(held))
        pair.wait()  # two are let in at one time, however slow the machine is
        held.pop()
        return np.zeros((1, 1, 3), np.uint8)

    monkeypatch.setattr("thatlook.core.image._to_rgb", watched)
    settings = Settings(max_decoding_bytes=2 * 7 * 100 * 100)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: decode(photo, settings), range(16)))
        assert max(most) == 2
        most.clear()
        pair = threading.Barrier(1)
        list(pool.map(lambda _: decode(photo, Settings(max_decoding_bytes=1)), range(4)))
    assert max(most) == 1  # more than all there is: alone
