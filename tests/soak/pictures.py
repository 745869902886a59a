"""Mutated pictures of every format, decoded in processes with limits; says what came of them.

    python -m tests.soak.pictures --count 10000 --workers 2

Each picture is made from a good one by its number alone (flipped bits, cuts, doubled and moved
parts, odd numbers in its head, two files in one), so that a failure can be looked at again:
`--first N --count 1`. It must give an image or a PhotoError within --seconds; the process that
decodes it may take --memory-mb. The exit status is 1 where one crashed, hung, or raised anything
else.
"""

from __future__ import annotations

import argparse
import io
import os
import random
import resource
import select
import subprocess
import sys
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, features

from thatlook.core.errors import PhotoError
from thatlook.core.image import decode

ROOT = Path(__file__).resolve().parents[2]
START_S = 120.0


@cache
def good_ones() -> list[tuple[str, bytes]]:
    """Small pictures of every format and the modes that photos come in."""
    values = np.random.default_rng(3).integers(0, 255, (120, 90, 4), np.uint8)
    rgba = Image.fromarray(values)
    rgb = rgba.convert("RGB")
    frames = [rgb.rotate(turn) for turn in (90, 180)]
    saved = [
        ("JPEG", rgb, {}), ("JPEG", rgb, {"progressive": True}), ("JPEG", rgb.convert("CMYK"), {}),
        ("JPEG", rgb.convert("L"), {"exif": b"Exif\0\0MM\0*\0\0\0\x08\0\0"}),
        ("PNG", rgba, {}), ("PNG", rgb.convert("P"), {"transparency": 3}), ("PNG", rgb, {}),
        ("PNG", Image.fromarray(values[:, :, 0].astype(np.uint16) * 257), {}),
        ("WEBP", rgba, {}), ("WEBP", rgb, {"lossless": True}),
        ("WEBP", rgb, {"save_all": True, "append_images": frames}),
        ("GIF", rgb, {}), ("GIF", rgb, {"save_all": True, "append_images": frames}),
        ("TIFF", rgb, {}), ("TIFF", rgba, {"compression": "tiff_lzw"}),
        ("TIFF", rgb, {"compression": "jpeg"}), ("BMP", rgb, {}),
    ]  # fmt: skip
    if features.check("avif"):
        saved += [("AVIF", rgb, {}), ("AVIF", rgba, {"quality": 40})]
    return [(kind, _saved(image, kind, **more)) for kind, image, more in saved]


def _saved(image: Image.Image, kind: str, **more: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **more)
    return buffer.getvalue()


def mutated(number: int) -> tuple[str, bytes]:
    """The picture of this number and its format."""
    dice = random.Random(number)
    kind, content = dice.choice(good_ones())
    data = bytearray(content)
    for _ in range(dice.choice((1, 1, 2, 4))):
        dice.choice((_flip, _set, _cut, _double, _move, _head, _splice))(dice, data)
    if kind == "PNG" and dice.random() < 0.7:
        data = _checked(data)
    return kind, bytes(data)


def _checked(data: bytearray) -> bytearray:
    """A PNG whose checksums are right again: else every change ends at the first of them."""
    found, place = data[:8], 8
    while place + 12 <= len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        body = data[place + 4 : place + 8 + size]
        found += data[place : place + 4] + body + zlib.crc32(body).to_bytes(4, "big")
        place += 12 + size
    return found


def _flip(dice: random.Random, data: bytearray) -> None:
    for _ in range(dice.choice((1, 1, 3, 40))):
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)


def _set(dice: random.Random, data: bytearray) -> None:
    for _ in range(dice.choice((1, 3, 40))):
        data[dice.randrange(len(data))] = dice.choice((0, 0xFF, 0x7F, 0x80, dice.randrange(256)))


def _cut(dice: random.Random, data: bytearray) -> None:
    del data[dice.randrange(1, len(data)) :]
    data += bytes(8)


def _double(dice: random.Random, data: bytearray) -> None:
    start, end = _part(dice, data)
    data[end:end] = data[start:end] * dice.choice((1, 2, 20))


def _move(dice: random.Random, data: bytearray) -> None:
    start, end = _part(dice, data)
    part = data[start:end]
    del data[start:end]
    place = dice.randrange(len(data) + 1)
    data[place:place] = part
    data += bytes(8)


def _head(dice: random.Random, data: bytearray) -> None:
    """A number in the first bytes, where sizes and counts are."""
    place = dice.randrange(min(200, len(data) - 4))
    size = dice.choice((1, 2, 4))
    value = dice.choice((0, 1, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, dice.getrandbits(32)))
    order = dice.choice(("big", "little"))
    data[place : place + size] = (value % (1 << 8 * size)).to_bytes(size, order)


def _splice(dice: random.Random, data: bytearray) -> None:
    other = dice.choice(good_ones())[1]
    data[dice.randrange(len(data)) :] = other[dice.randrange(len(other)) :]
    data += bytes(8)


def _part(dice: random.Random, data: bytearray) -> tuple[int, int]:
    start = dice.randrange(len(data))
    return start, min(len(data), start + dice.choice((1, 4, 64, 1000)))


def work(first: int, step: int, end: int, memory_mb: int) -> None:
    """Decodes every `step`-th picture; a line for each: number, format, result, ms, peak MB."""
    good_ones()
    limit = memory_mb * 1_000_000
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    for number in range(first, end, step):
        kind, data = mutated(number)
        start = time.perf_counter()
        try:
            decode(data)
            result = "image"
        except PhotoError as error:
            result = error.code
        except BaseException as error:  # noqa: BLE001 - what must not be is what is looked for
            result = f"!{type(error).__name__}"
        spent_ms = (time.perf_counter() - start) * 1000
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(number, kind, result, f"{spent_ms:.1f}", f"{peak_mb:.0f}", flush=True)


def lines(first: int, step: int, end: int, memory_mb: int, seconds: float) -> Iterator[list[str]]:
    """The lines of one worker after another, until each picture has one."""
    while first < end:
        command = [sys.executable, "-m", "tests.soak.pictures", "--worker"]
        numbers = (first, step, end, memory_mb)
        process = subprocess.Popen(
            [*command, *map(str, numbers)], cwd=ROOT, env=os.environ, stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        patience_s = START_S
        while select.select([process.stdout], [], [], patience_s)[0]:
            line = process.stdout.readline().split()
            if not line:
                break
            yield [part.decode() for part in line]
            first, patience_s = int(line[0]) + step, seconds
        gone = not _alive(process)
        if first < end:
            why = f"!ended:{process.wait()}" if gone else "!hung"
            kind = mutated(first)[0]
            yield [str(first), kind, why, f"{seconds * 1000:.0f}", "0"]
            first += step
        process.kill()
        process.wait()
        process.stdout.close()


def _alive(process: subprocess.Popen[bytes]) -> bool:
    try:
        process.wait(0.5)
    except subprocess.TimeoutExpired:
        return True
    return False


def main() -> int:
    """Prints the counts by format."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--memory-mb", type=int, default=4000)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--worker", type=int, nargs=4, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.worker:
        work(*args.worker)
        return 0
    end, step = args.first + args.count, args.workers
    with ThreadPoolExecutor(step) as pool:
        jobs = [
            pool.submit(lambda n: list(lines(n, step, end, args.memory_mb, args.seconds)), first)
            for first in range(args.first, args.first + step)
        ]
        told = [line for job in jobs for line in job.result()]
    counts = Counter((kind, result) for _, kind, result, *_ in told)
    for kind in sorted({kind for kind, _ in counts}):
        found = {result: count for (k, result), count in sorted(counts.items()) if k == kind}
        print(f"{kind}: {sum(found.values())}: {found}")
    bad = [line for line in told if line[2].startswith("!")]
    slowest, peak = max(float(line[3]) for line in told), max(int(line[4]) for line in told)
    print(f"{len(told)} pictures; the slowest took {slowest:.0f} ms; at most {peak} MB resident")
    print(f"{len(bad)} crashed, hung or raised something else: {bad[:10]}")
    return int(bool(bad) or len(told) != args.count)


if __name__ == "__main__":
    sys.exit(main())
