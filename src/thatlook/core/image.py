"""Pure functions on images: decode with limits, crop, letterbox.

An image is uint8 (height, width, 3) RGB, C-contiguous. Pillow does the codecs: JPEG, PNG,
WebP, AVIF, GIF, BMP and TIFF. HEIC needs libx265 or libde265, whose wheels are not permissively
licensed, so it is refused with words.
"""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms, ImageOps, UnidentifiedImageError

from thatlook.core import jpeg
from thatlook.core.budget import Budget
from thatlook.core.errors import PhotoError
from thatlook.core.records import Box
from thatlook.core.settings import Settings

Pixels = NDArray[np.uint8]
"""An image: uint8 (height, width, 3), RGB."""

Bytes = bytes | bytearray | memoryview
"""The contents of a file."""

PhotoSource = str | os.PathLike[str] | Bytes | Image.Image | Pixels
"""What stands for a photo: a path, a file's bytes, a PIL image or an RGB array."""

FORMATS: Final = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "BMP", "TIFF")
SUFFIXES: Final = (
    ".jpg", ".jpeg", ".jpe", ".png", ".webp", ".avif", ".gif", ".bmp", ".tif", ".tiff",
)  # fmt: skip
GREY: Final = 128
STRIP_PIXELS: Final = 1 << 20
DECODING_BYTES: Final = 7
"""Per pixel: Pillow's four and our three."""
BLOCK_BYTES: Final = 1 << 26
"""Pixels lie in blocks of so much, unless PILLOW_BLOCK_SIZE says how much. Of Pillow's own, of
16 MB, glibc keeps hundreds of megabytes for good in each process that saw some large photos; what
is above 32 MB it always gives back."""
if "PILLOW_BLOCK_SIZE" not in os.environ:
    Image.core.set_block_size(BLOCK_BYTES)  # type: ignore[attr-defined]
_BUDGET: Final = Budget()
_TURNED: Final = (5, 6, 7, 8)
"""EXIF orientations that swap width and height."""
_TILE_TAGS: Final = (322, 323)
"""TIFF's width and length of a tile."""
LARGE_TILE_PX: Final = 1 << 20
MAX_JPEG_SEGMENTS: Final = 10_000
"""A photo has dozens; a file that is made of nothing else takes as long as many scans."""
UNSUPPORTED: Final = (
    "not a photo in a known format; use JPEG, PNG, WebP, AVIF, GIF, BMP or TIFF (convert HEIC)"
)


def name_of(source: PhotoSource) -> str:
    """What to call this photo in messages and results: its path, or "<bytes>", "<array>"..."""
    if isinstance(source, (str, os.PathLike)):
        return os.fspath(source)
    if isinstance(source, Bytes):
        return "<bytes>"
    return "<array>" if isinstance(source, np.ndarray) else "<image>"


REDUCED_SIDE_PX: Final = 900
"""A large JPEG is decoded at a half, a quarter or an eighth, its shorter side no less than this."""


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """A photo's image for the networks, and the (width, height) of the photo itself, upright."""

    image: Pixels
    size: tuple[int, int]


def decode_photo(source: PhotoSource, settings: Settings | None = None) -> Photo:
    """The photo as by `decode`, but a large JPEG (of a file or bytes) at reduced scale: its decoder
    leaves out detail that no network sees, and most of the time. Raises PhotoError as `decode`.
    """
    return _decoded(source, settings or Settings(), REDUCED_SIDE_PX)


def decode(source: PhotoSource, settings: Settings | None = None) -> Pixels:
    """The photo as an RGB array, upright by its EXIF, on white where it was transparent.

    Grey, palette, CMYK and 16-bit photos are converted; an embedded color profile is applied.
    Grey of 16 bits ("I;16") is taken to range over 0..65535; PIL images of the modes "I" and "F",
    whose range nobody knows, are refused. The limits of bytes, pixels and scans (JPEG) are checked
    before any pixel is decoded. Of an animation the first frame is taken, of a TIFF the first page.
    Raises PhotoError, which names the source.
    """
    return _decoded(source, settings or Settings(), None).image


def _decoded(source: PhotoSource, settings: Settings, side: int | None) -> Photo:
    """The photo, its shorter side no less than `side` px where that is given."""
    name = name_of(source)
    if isinstance(source, np.ndarray):
        array = _checked_array(source, name)
        _check_size((array.shape[1], array.shape[0]), name, settings)
        return _whole(array)
    if isinstance(source, Image.Image):
        _check_size(source.size, name, settings)
        with _decoding(name), _in_flight(source.size, settings):
            _check_tiles(source, name)
            _check_scans(_undecoded(source), name, settings)
            return _whole(_to_rgb(source, name))
    data = _bytes_of(source, name, settings)
    _check_scans(data, name, settings)
    with _decoding(name), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of odd EXIF; our own limits are below
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            _check_size(opened.size, name, settings)
            _check_tiles(opened, name)
            size = _upright_size(opened)
            if side is not None:
                share = side / min(opened.size)
                opened.draft(None, (int(opened.width * share), int(opened.height * share)))
            with _in_flight(opened.size, settings):
                opened.load()
                return Photo(_to_rgb(opened, name), size)


def _whole(image: Pixels) -> Photo:
    return Photo(image, (image.shape[1], image.shape[0]))


def _upright_size(image: Image.Image) -> tuple[int, int]:
    """The (width, height) of an opened image once it is turned by its EXIF."""
    if image.format == "TIFF":  # Pillow turns these by itself, and says so from the beginning
        return image.size
    turned = image.getexif().get(ExifTags.Base.Orientation, 1) in _TURNED
    return (image.height, image.width) if turned else image.size


def _in_flight(size: tuple[int, int], settings: Settings) -> AbstractContextManager[None]:
    """Waits until this photo's pixels fit beside those that this process decodes now."""
    return _BUDGET.hold(size[0] * size[1] * DECODING_BYTES, settings.max_decoding_bytes)


def _bytes_of(source: Bytes | str | os.PathLike[str], name: str, settings: Settings) -> bytes:
    if isinstance(source, str | os.PathLike):
        data = _read(Path(source), name, settings)
    elif isinstance(source, Bytes):
        data = bytes(source)
    else:
        message = (
            "expected a path, a file's bytes, a PIL image or a uint8 RGB array (height, width, 3), "
            f"got {type(source).__name__}"
        )
        raise PhotoError("unsupported_format", message, name)
    _check_bytes(len(data), name, settings)
    return data


def size_of(path: Path) -> tuple[int, int]:
    """The (width, height) that `decode` gives this photo, from its header alone: no pixel is
    decoded, so a damaged photo may still have one. Raises PhotoError where there is none.
    """
    name = name_of(path)
    with _reading(name):
        _check_bytes(path.stat().st_size, name, Settings())
    with _decoding(name), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as in `decode`
        with Image.open(path, formats=FORMATS) as opened:
            return _upright_size(opened)


def _read(path: Path, name: str, settings: Settings) -> bytes:
    with _reading(name):
        _check_bytes(path.stat().st_size, name, settings)
        return path.read_bytes()


@contextmanager
def _reading(name: str) -> Iterator[None]:
    """Turns what a file that cannot be read raises into PhotoError."""
    try:
        yield
    except FileNotFoundError:
        raise PhotoError("not_found", "no such file", name) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise PhotoError("unreadable", f"cannot be read: {reason}", name) from error


def _check_bytes(count: int, name: str, settings: Settings) -> None:
    if count == 0:
        raise PhotoError("empty", "the file is empty", name)
    if count > settings.max_photo_bytes:
        limit = settings.max_photo_bytes
        raise PhotoError("too_many_bytes", f"{count} bytes; at most {limit} are accepted", name)


def _check_size(size: tuple[int, int], name: str, settings: Settings) -> None:
    width, height = size
    if width * height > settings.max_photo_pixels:
        limit = settings.max_photo_pixels
        message = f"{width} x {height} pixels; at most {limit} in all are accepted"
        raise PhotoError("too_many_pixels", message, name)
    if min(size) < settings.min_photo_side_px:
        message = f"{width} x {height} pixels; each side needs {settings.min_photo_side_px}"
        raise PhotoError("too_small", message, name)


def _check_scans(data: bytes, name: str, settings: Settings) -> None:
    """Raises PhotoError for a JPEG that takes long to decode though it is small.

    Every scan goes over all pixels again, however few bytes it has.
    """
    if not jpeg.is_jpeg(data):
        return
    segments, scans = jpeg.segments_and_scans(data, MAX_JPEG_SEGMENTS + 1)
    limit = settings.max_photo_scans
    if scans > limit:
        message = f"a JPEG of {scans} scans; at most {limit} are accepted; save it anew"
        raise PhotoError("too_many_scans", message, name)
    if segments > MAX_JPEG_SEGMENTS:
        message = f"a JPEG of more than {MAX_JPEG_SEGMENTS} segments; save it anew"
        raise PhotoError("damaged", message, name)


def _check_tiles(image: Image.Image, name: str) -> None:
    """Raises PhotoError for a TIFF with tiles far larger than itself: each is decoded whole."""
    tags = getattr(image, "tag_v2", {})
    width, length = (int(tags.get(tag, 0)) for tag in _TILE_TAGS)
    if width * length > max(image.width * image.height, LARGE_TILE_PX):
        message = f"a TIFF of {image.width} x {image.height} in tiles of {width} x {length}"
        raise PhotoError("damaged", message, name)


def _undecoded(image: Image.Image) -> bytes:
    """The file behind a PIL image that was opened but not decoded yet; b"" where there is none."""
    file = getattr(image, "fp", None)
    if file is None or not getattr(image, "tile", None):
        return b""
    place = file.tell()
    file.seek(0)
    data = bytes(file.read())
    file.seek(place)
    return data


@contextmanager
def _decoding(name: str) -> Iterator[None]:
    """Turns what Pillow raises for hostile or broken files into PhotoError.

    Each codec has errors of its own for bytes that it does not expect, down to RuntimeError and
    TypeError: all of them say that the file is damaged. That memory is short says nothing of it.
    """
    try:
        yield
    except (PhotoError, MemoryError):
        raise
    except UnidentifiedImageError as error:
        raise PhotoError("unsupported_format", UNSUPPORTED, name) from error
    except Image.DecompressionBombError as error:
        raise PhotoError("too_many_pixels", "decodes to too many pixels", name) from error
    except Exception as error:
        raise PhotoError("damaged", f"damaged or cut off: {error}", name) from error


def _checked_array(array: Pixels, name: str) -> Pixels:
    if array.dtype != np.uint8 or array.ndim != 3 or array.shape[2] != 3 or 0 in array.shape:
        message = f"expected a uint8 RGB array (height, width, 3), got {array.dtype} {array.shape}"
        raise PhotoError("unsupported_format", message, name)
    return np.ascontiguousarray(array)


def _to_rgb(image: Image.Image, name: str) -> Pixels:
    if image.mode in {"I", "F"}:
        message = (
            f"the range of a PIL image of mode {image.mode} is not known; scale it to 0..255 and "
            'make it "L", or to 0..65535 and make it "I;16"'
        )
        raise PhotoError("unsupported_format", message, name)
    if image.getexif().get(ExifTags.Base.Orientation, 1) != 1:
        image = ImageOps.exif_transpose(image)
    width, height = image.size
    pixels = np.empty((height, width, 3), np.uint8)
    # In strips: what is needed on the way is small beside the photo itself.
    rows = max(1, STRIP_PIXELS // width)
    for top in range(0, height, rows):
        box = (0, top, width, min(top + rows, height))
        pixels[top : box[3]] = np.asarray(_strip_to_rgb(_strip(image, box)))
    return pixels


def _strip(image: Image.Image, box: tuple[int, int, int, int]) -> Image.Image:
    """A part of the image with what belongs to its colors."""
    part = image.crop(box)
    part.info = image.info
    return part


def _strip_to_rgb(image: Image.Image) -> Image.Image:
    """Pixels on white where they are transparent, with the color profile applied, mode "RGB"."""
    profile = image.info.get("icc_profile")
    color, alpha = _without_alpha(image)
    color = (_to_srgb(color, profile) if profile else color).convert("RGB")
    if alpha is not None:
        color = Image.composite(color, Image.new("RGB", color.size, "white"), alpha)
    return color


def _without_alpha(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """The image in a mode that color profiles know, and what of it is opaque, mode "L"; None
    where all is. Transparency is a channel, or one color or palette entry that stands for it.
    """
    if image.mode.startswith("I;16"):
        return _from_16_bit(image)
    if not image.has_transparency_data:
        return (image.convert("RGB") if image.mode == "P" else image), None
    full = image.convert("RGBA")
    color = image.convert("L") if image.mode in {"L", "LA"} else full.convert("RGB")
    return color, full.getchannel("A")


def _from_16_bit(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """8-bit grey of a deeper one: 16-bit files use the full range, so the high byte is kept."""
    values = np.asarray(image, dtype=np.float64)
    grey = Image.fromarray((values / 257 + 0.5).astype(np.uint8))
    clear = image.info.get("transparency")
    if clear is None:
        return grey, None
    return grey, Image.fromarray(np.where(values == clear, 0, 255).astype(np.uint8))


def _to_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """Colors as a screen shows them. Phones write Display P3; unreadable profiles do not count."""
    if image.mode not in {"RGB", "CMYK", "L"}:
        return image
    try:
        own = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        srgb = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, own, srgb, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        return image  # as browsers do: a profile that cannot be read is no profile
    return converted or image


def resized(image: Pixels, size: tuple[int, int], box: Box | None = None) -> Pixels:
    """The image, or the part in `box`, at `size` (width, height), antialiased bilinear."""
    part, region = image, None
    if box is not None:
        x0, y0, x1, y1 = _read_for(box, size, image)
        # Pillow takes a copy: of what is read, not of the whole photo.
        part, region = image[y0:y1, x0:x1], (box.x0 - x0, box.y0 - y0, box.x1 - x0, box.y1 - y0)
    scaled: Any = Image.fromarray(part).resize(
        size, Image.Resampling.BILINEAR, box=region, reducing_gap=3.0
    )
    return np.asarray(scaled, dtype=np.uint8)


def _read_for(box: Box, size: tuple[int, int], image: Pixels) -> tuple[int, int, int, int]:
    """The pixels x0, y0, x1, y1 that a resize of `box` to `size` reads: the filter reaches a
    pixel of the result beyond it.
    """
    height, width = image.shape[:2]
    wide, high = max(1.0, box.width / size[0]), max(1.0, box.height / size[1])
    x0, y0 = max(0, int(box.x0 - wide) - 1), max(0, int(box.y0 - high) - 1)
    x1, y1 = min(width, int(box.x1 + wide) + 2), min(height, int(box.y1 + high) + 2)
    return x0, y0, x1, y1


def cropped(image: Pixels, box: Box) -> Pixels:
    """The pixels of `box`, rounded outwards and clipped to the image (at least 1 x 1)."""
    height, width = image.shape[:2]
    x0, y0 = min(max(int(box.x0), 0), width - 1), min(max(int(box.y0), 0), height - 1)
    x1, y1 = min(int(np.ceil(box.x1)), width), min(int(np.ceil(box.y1)), height)
    return np.ascontiguousarray(image[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)])


OUTLINE_SIDE: Final = 16


def outline(image: Pixels, box: Box) -> NDArray[np.uint8]:
    """Where the lines of the part in `box` are, whatever its colors: uint8 (225,), strongest 255.

    The size of the steps of brightness between the cells of a grid of OUTLINE_SIDE x OUTLINE_SIDE.
    """
    crop = Image.fromarray(cropped(image, box)).convert("L")
    cells = np.asarray(
        crop.resize((OUTLINE_SIDE, OUTLINE_SIDE), Image.Resampling.BOX), dtype=np.float32
    )
    steps = np.hypot(np.diff(cells, axis=1)[:-1], np.diff(cells, axis=0)[:, :-1])
    return np.asarray(np.rint(steps * (255 / max(float(steps.max()), 1.0))), np.uint8).ravel()


@dataclass(frozen=True, slots=True)
class Fitted:
    """A canvas with a part of an image on it, and the way back to the image's pixels.

    A canvas point (x, y) shows the image point ((x - dx) / sx, (y - dy) / sy).
    """

    canvas: Pixels
    sx: float
    sy: float
    dx: float
    dy: float

    def to_image(self, points: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """Canvas points (..., 2k) of x, y pairs as points of the image, float64."""
        flat = np.asarray(points, dtype=np.float64)
        pairs = flat.reshape(*flat.shape[:-1], flat.shape[-1] // 2, 2)
        moved = (pairs - (self.dx, self.dy)) / (self.sx, self.sy)
        return moved.reshape(flat.shape)


def fit_area(
    image: Pixels, area: int, max_side: int, multiple: int, min_area: int | None = None
) -> Fitted:
    """The image scaled to about `area` pixels, no side above `max_side`, at the top left of a
    canvas whose sides are multiples of `multiple`, the rest grey.

    With `min_area` a small image is enlarged only to that: there is nothing more to see in it.
    """
    height, width = image.shape[:2]
    floor = area if min_area is None else min_area
    wanted = min(max(width * height, floor), area)
    scale = min((wanted / (width * height)) ** 0.5, max_side / max(width, height))
    w, h = max(1, round(width * scale)), max(1, round(height * scale))
    canvas = np.full((_up(h, multiple), _up(w, multiple), 3), GREY, np.uint8)
    canvas[:h, :w] = resized(image, (w, h))
    return Fitted(canvas, w / width, h / height, 0.0, 0.0)


def _up(value: int, multiple: int) -> int:
    return -(-value // multiple) * multiple


def fit_square(image: Pixels, side: int, padding: int = GREY) -> Fitted:
    """The image scaled until its longer side is `side`, in the middle of a square canvas whose
    rest has the grey value `padding`.
    """
    height, width = image.shape[:2]
    scale = side / max(width, height)
    w, h = max(1, round(width * scale)), max(1, round(height * scale))
    x, y = (side - w) // 2, (side - h) // 2
    canvas = np.full((side, side, 3), padding, np.uint8)
    canvas[y : y + h, x : x + w] = resized(image, (w, h))
    return Fitted(canvas, w / width, h / height, float(x), float(y))


def fit_box(image: Pixels, box: Box, size: tuple[int, int]) -> Fitted:
    """`box`, which may reach outside, stretched over a canvas of `size` (width, height).

    What lies outside the image is grey. To keep the aspect, give a box of the canvas's aspect.
    """
    height, width = image.shape[:2]
    sx, sy = size[0] / box.width, size[1] / box.height
    canvas = np.full((size[1], size[0], 3), GREY, np.uint8)
    inside = box.clipped(width, height)
    fitted = Fitted(canvas, sx, sy, -box.x0 * sx, -box.y0 * sy)
    if inside is None:
        return fitted
    x0, y0 = round((inside.x0 - box.x0) * sx), round((inside.y0 - box.y0) * sy)
    x1, y1 = round((inside.x1 - box.x0) * sx), round((inside.y1 - box.y0) * sy)
    if x0 < x1 and y0 < y1:
        canvas[y0:y1, x0:x1] = resized(image, (x1 - x0, y1 - y0), inside)
    return fitted


def with_aspect(box: Box, aspect: float) -> Box:
    """The smallest box about the same middle that holds `box` and has width / height `aspect`."""
    (x, y) = box.center
    w = max(box.width, box.height * aspect) / 2
    h = max(box.height, box.width / aspect) / 2
    return Box(x - w, y - h, x + w, y + h)


def foreground(image: Pixels, tolerance: int = 24) -> Box:
    """The box of what differs from the border's color: the product on a plain background.

    The border's color is the median of the outermost pixels. The whole image where nothing,
    or nearly nothing, differs.
    """
    height, width = image.shape[:2]
    edge = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    background = np.median(edge, axis=0)
    apart = [np.abs(image[..., n].astype(np.int16) - background[n]) > tolerance for n in range(3)]
    differs = np.logical_or.reduce(apart)  # ten times as fast as a maximum over three numbers
    rows, columns = (
        np.flatnonzero(differs.mean(axis=1) > 0.01),
        np.flatnonzero(differs.mean(axis=0) > 0.01),
    )
    if len(rows) < 0.05 * height or len(columns) < 0.05 * width:
        return Box(0, 0, width, height)
    return Box(float(columns[0]), float(rows[0]), float(columns[-1] + 1), float(rows[-1] + 1))
