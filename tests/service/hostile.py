"""Uploads and addresses as an attacker, or a broken phone, sends them."""

from __future__ import annotations

import gzip
import io
import json
import random
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image, features

FORM = "multipart/form-data; boundary=x"


@dataclass(frozen=True)
class Case:
    """One request's body. `fine` says that it may also be answered with 200."""

    name: str
    body: bytes
    kind: str = FORM
    fine: bool = False


def encoded(
    kind: str = "JPEG", size: tuple[int, int] = (90, 120), mode: str = "RGB", **save: object
) -> bytes:
    pixels = np.random.default_rng(3).integers(0, 255, (size[1], size[0], 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(buffer, kind, **save)
    return buffer.getvalue()


def part(
    photo: bytes, head: str = 'form-data; name="photo"; filename="a.jpg"', more: str = ""
) -> bytes:
    return f"--x\r\nContent-Disposition: {head}\r\n{more}\r\n".encode() + photo + b"\r\n--x--\r\n"


def chunk(kind: bytes, data: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + check


def png(width: int, height: int, *chunks: bytes) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + b"".join(chunks)


def photos() -> Iterator[Case]:
    """Files that are no photo, or a photo that should not be decoded."""
    jpeg = encoded()
    yield Case("empty", part(b""))
    yield Case("one byte", part(b"\xff"))
    yield Case("text", part(b"hello"))
    yield Case("html", part(b"<script>alert(1)</script>"))
    yield Case("svg", part(b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>'))
    yield Case("pdf", part(b"%PDF-1.7\n%%EOF"))
    yield Case("zip", part(b"PK\x03\x04" + bytes(60)))
    yield Case("gzip bomb", part(gzip.compress(bytes(5_000_000))))
    yield Case("heic", part(b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + bytes(80)))
    yield Case(
        "avif head only", part(b"\x00\x00\x00\x18ftypavif\x00\x00\x00\x00mif1avif" + bytes(80))
    )
    yield Case("tiff", part(encoded("TIFF")), fine=True)
    yield Case("psd", part(b"8BPS\x00\x01" + bytes(6) + b"\x00\x03" + bytes(60)))
    yield Case("ico", part(b"\x00\x00\x01\x00\x01\x00" + bytes(40)))
    yield Case("postscript", part(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"))
    yield Case("bomb by size", part(png(100_000, 100_000, chunk(b"IDAT", zlib.compress(b"")))))
    yield Case(
        "bomb by bytes", part(png(9000, 9000, chunk(b"IDAT", zlib.compress(bytes(30_000_000)))))
    )
    scans = encoded(progressive=True)
    last = scans.rindex(b"\xff\xda")
    yield Case("bomb by scans", part(scans[:last] + scans[last:-2] * 400 + scans[-2:]))
    if features.check("avif"):
        avif = encoded("AVIF")
        coded = avif.index(b"mdat") + 4
        yield Case("avif of nothing", part(avif[:coded] + bytes(len(avif) - coded)))
    yield Case("one pixel", part(encoded(size=(1, 1))))
    yield Case("a line", part(encoded(size=(4000, 1))))
    yield Case("png without end", part(png(90, 90, chunk(b"IDAT", zlib.compress(bytes(99))))))
    yield Case("png without pixels", part(png(90, 90)))
    yield Case("png of no size", part(png(0, 0)))
    yield Case(
        "png text bomb",
        part(png(90, 90, chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(40_000_000))))),
    )
    yield Case(
        "bmp of negative size",
        part(b"BM" + struct.pack("<IIIIiiHH", 99, 0, 54, 40, -90, -90, 1, 24) + bytes(80)),
    )
    yield Case("gif head", part(b"GIF89a\xff\xff\xff\xff\x00\x00\x00"))
    yield Case("webp head", part(b"RIFF\x10\x00\x00\x00WEBPVP8 "))
    yield Case("exif of rubbish", part(encoded(exif=b"Exif\0\0" + bytes(range(200)))), fine=True)
    yield Case("profile of rubbish", part(encoded(icc_profile=bytes(range(200)))), fine=True)
    yield Case("cmyk", part(encoded(mode="CMYK")), fine=True)
    yield Case("progressive", part(encoded(progressive=True)), fine=True)
    yield Case("palette", part(encoded("PNG", mode="P")), fine=True)
    yield Case("a tail", part(jpeg + b"<?php ?>" * 999), fine=True)
    for at in range(0, len(jpeg), max(1, len(jpeg) // 30)):
        yield Case(f"cut at {at}", part(jpeg[:at]), fine=at > len(jpeg) * 0.9)
    dice = random.Random(11)
    for number in range(70):
        kind = dice.choice(["JPEG", "PNG", "WEBP", "GIF", "BMP"])
        data = bytearray(encoded(kind))
        for _ in range(dice.randint(1, 40)):
            data[dice.randrange(len(data))] = dice.randrange(256)
        yield Case(f"{kind} with flipped bytes {number}", part(bytes(data)), fine=True)


def forms() -> Iterator[Case]:
    """Forms that are broken, or hold what does not belong."""
    jpeg = encoded()
    good = part(jpeg)
    yield Case("no boundary", good, "multipart/form-data")
    yield Case("another boundary", good, "multipart/form-data; boundary=y")
    yield Case("long boundary", good, "multipart/form-data; boundary=" + "y" * 3000)
    yield Case("rot13", good, FORM + "; charset=rot13", fine=True)
    yield Case("utf-16", good, FORM + "; charset=utf-16", fine=True)
    yield Case("nothing", b"")
    yield Case("only the end", b"--x--\r\n")
    yield Case("no end", good[:-9])
    yield Case("no name", part(jpeg, "form-data"))
    yield Case("no disposition", b"--x\r\nX: y\r\n\r\n" + jpeg + b"\r\n--x--\r\n")
    yield Case("another name", part(jpeg, 'form-data; name="file"; filename="a.jpg"'))
    yield Case("no file name", part(jpeg, 'form-data; name="photo"'))
    yield Case("two files", good[:-7] + good)
    yield Case("long header", part(jpeg, more="X-Long: " + "y" * 200_000 + "\r\n"), fine=True)
    yield Case("many headers", part(jpeg, more="X: y\r\n" * 5000), fine=True)
    many = b'--x\r\nContent-Disposition: form-data; name="brands"\r\n\r\na\r\n' * 5000
    yield Case("many fields", many + good)
    field = '--x\r\nContent-Disposition: form-data; name="{}"\r\n\r\n{}\r\n'
    for name, value in (
        ("unknown", "1"), ("k", "1e9"), ("k", "-1"), ("k", "١٠"), ("gender", "' OR 1=1 --"),
        ("categories", "../../etc"), ("box", "1,2,3,4,5"), ("box", "nan,nan,nan,nan"),
        ("min_price", "1e999"), ("max_price", "Infinity"), ("liked", "x" * 9999),
        ("brands", "y" * 70_000), ("in_color", ""), ("diversity", "NaN"), ("include", "{}"),
    ):  # fmt: skip
        fine = (name, value) in {("in_color", ""), ("k", "١٠")}
        yield Case(f"{name}={value[:20]}", field.format(name, value).encode() + good, fine=fine)
    for kind in (
        "",
        "text/plain",
        "application/xml",
        "image/jpeg",
        "application/x-www-form-urlencoded",
    ):
        yield Case(f"type {kind or 'none'}", jpeg, kind)


def jsons() -> Iterator[Case]:
    """JSON that is none, or asks for what must not be had."""
    kind = "application/json"
    for text in (
        "", "{", "[]", "null", '"x"', "1", "NaN", '{"photo_url": NaN}', "[" * 90_000,
        '{"a":' * 40_000, "{}",
        '{"photo_url": 1}', '{"photo_url": ""}', '{"photo_url": null}', '{"photo_url": ["x"]}',
        '{"photo_url": "http://e.example", "k": 1e400}', "\ufeff{}",
        '{"photo_url": "' + "x" * 3000 + '"}',
    ):  # fmt: skip
        yield Case(f"json {text[:20]}", text.encode(), kind)
    yield Case("json too long", b'{"photo_url": "' + b"x" * 400_000 + b'"}', kind)
    yield Case("json not utf-8", b'{"photo_url": "\xff\xfe"}', kind)
    for url in URLS:
        yield Case(f"url {url[:60]}", json.dumps({"photo_url": url}).encode(), kind)


URLS = (
    "http://127.0.0.1/", "http://127.0.0.1:22/", "http://localhost/", "http://LOCALHOST./",
    "http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[::]/", "http://0/", "http://0.0.0.0/",
    "http://2130706433/", "http://0x7f000001/", "http://017700000001/", "http://127.1/",
    "http://169.254.169.254/latest/meta-data/", "http://[fe80::1]/", "http://10.0.0.1/",
    "http://172.16.0.1/", "http://192.168.1.1/", "http://100.64.0.1/", "http://224.0.0.1/",
    "http://255.255.255.255/", "http://[fc00::1]/", "http://[64:ff9b::7f00:1]/", "http://[2002:7f00:1::]/",
    "http://user:pass@127.0.0.1/", "http://127.0.0.1#@shop.example/", "http://127.0.0.1%00.shop.example/",
    "http://1.1.1.1\\@127.0.0.1/", "file:///etc/passwd", "file://localhost/etc/passwd", "ftp://127.0.0.1/",
    "gopher://127.0.0.1:6379/_x", "data:image/png;base64,iVBORw0KGgo=", "javascript:alert(1)",
    "//127.0.0.1/", "http://", "http:///x", "https://", "x", "http://[", "http://[::1",
    "http://exa mple.com/",
    "http://127.0.0.1:99999/", "http://127.0.0.1:-1/", "http://\u2460\u2461\u2466.0.0.1/",
    "http://127。0。0。1/",
    "http://nowhere.invalid/", "http://no-such-host.example/a.jpg", "http://a\r\nHost: b/", "HTTP://127.0.0.1",
)  # fmt: skip


def everything() -> list[Case]:
    """All of them."""
    return [*photos(), *forms(), *jsons()]
