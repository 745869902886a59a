"""Mixed requests by counts against the service with its networks; says whether it stays as it was.

    python -m tests.soak.mixed --count 50000 --threads 4

The bundled sample is the shop. Each request is made from its number alone: lists, products,
pictures, words, completions, photos of many sizes, damaged photos, PUT and DELETE. After each tenth
it says memory, open files and the slowest hundredth. The exit status is 1 where a status came that
should not, /healthz failed, memory grew by more than a twentieth after the first half, files
stayed open, or the slowest hundredth was half as slow again in the second half as before.
"""

from __future__ import annotations

import argparse
import http.client
import io
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from urllib.parse import quote

import numpy as np
from PIL import Image

from tests.service.double import SAMPLE
from tests.service.hostile import part
from tests.service.live import ROOT, free_port
from tests.soak.pictures import mutated
from tests.soak.serving import WRITE_KEY, Watched, eyed

FORM = {"Content-Type": "multipart/form-data; boundary=x"}
KEY = {"Authorization": f"Bearer {WRITE_KEY}"}
PUT_IDS = 50
GROWTH = 1.05
"""What the last tenth may hold in memory, of what the middle one does."""
SLOWER = 1.5
"""How slow the slowest hundredth may be in the second half, of what it was from the second tenth
on: the median of the tenths, as others use this machine too."""
WORDS = ("red dress", "black boots", "gestreiftes Hemd", "robe bleue", "sneakers under 80", "xyzzy")
PHOTO_KINDS = ("photo", "look")


@dataclass(frozen=True)
class Asked:
    """A request, and the statuses that are right for it."""

    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    right: frozenset[str] = frozenset({"200"})


@cache
def ids() -> list[str]:
    """The ids of the sample's products."""
    lines = (SAMPLE / "products.csv").read_text(encoding="utf-8").splitlines()[1:]
    return [line.split(",", 1)[0] for line in lines]


@cache
def looks() -> list[Image.Image]:
    """The sample's photos."""
    return [Image.open(path).convert("RGB") for path in sorted((SAMPLE / "images/looks").glob("*"))]


def jpeg(dice: random.Random) -> bytes:
    """One of the photos in some size."""
    photo, longer = dice.choice(looks()), dice.randrange(300, 2400)
    scale = longer / max(photo.size)
    size = (round(photo.width * scale), round(photo.height * scale))
    buffer = io.BytesIO()
    photo.resize(size, Image.Resampling.BILINEAR).save(buffer, "JPEG", quality=80)
    return buffer.getvalue()


def photo(dice: random.Random) -> Asked:
    """A photo to products, or to a look."""
    path = dice.choice(("/v1/recommendations", "/v1/recommendations", "/v1/looks"))
    return Asked("POST", path, FORM, part(jpeg(dice)))


def damaged(dice: random.Random) -> Asked:
    """A photo that may be none."""
    body = part(mutated(dice.randrange(1_000_000))[1])
    right = frozenset({"200", "413", "415", "422"})
    return Asked("POST", "/v1/looks", FORM, body, right)


def product(dice: random.Random) -> Asked:
    """A product, one that is not there now and then."""
    if dice.random() < 0.1:
        return Asked("GET", "/v1/products/nobody", right=frozenset({"404"}))
    return Asked("GET", f"/v1/products/{dice.choice(ids())}")


def similar(dice: random.Random) -> Asked:
    """More like one."""
    more = dice.choice(("", "?k=50", "?max_price=60", "?colors=black&diversity=1"))
    return Asked("GET", f"/v1/products/{dice.choice(ids())}/similar{more}")


def picture(dice: random.Random) -> Asked:
    """A product's picture."""
    size = dice.choice(("small", "medium", "large"))
    return Asked("GET", f"/v1/products/{dice.choice(ids())}/image?size={size}")


def look(dice: random.Random) -> Asked:
    """What is worn in a product's pictures."""
    return Asked("GET", f"/v1/products/{dice.choice(ids())}/look")


def words(dice: random.Random) -> Asked:
    """A search in words."""
    return Asked("GET", f"/v1/search?q={quote(dice.choice(WORDS))}&offset={dice.choice((0, 10))}")


def completion(dice: random.Random) -> Asked:
    """What goes with a product."""
    body = b'--x\r\nContent-Disposition: form-data; name="product_ids"\r\n\r\n'
    body += dice.choice(ids()).encode() + b"\r\n--x--\r\n"
    right = frozenset({"200", "422"})
    return Asked("POST", dice.choice(("/v1/completions", "/v1/outfits")), FORM, body, right)


def page(dice: random.Random) -> Asked:
    """The page and what runs it."""
    return Asked("GET", dice.choice(("/", "/embed.js", "/v1/info", "/metrics", "/openapi.json")))


def put(dice: random.Random) -> Asked:
    """A product with its picture."""
    pixels = np.full((96, 72, 3), dice.randrange(256), np.uint8)
    pixels[20:70, 20:50] = [dice.randrange(256) for _ in range(3)]
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG")
    body = (
        b'--x\r\nContent-Disposition: form-data; name="product"\r\n\r\n'
        b'{"title": "Shirt", "category": "topwear"}\r\n'
        + part(buffer.getvalue(), 'form-data; name="image"; filename="a.jpg"')
    )  # fmt: skip
    place = f"/v1/products/soak-{dice.randrange(PUT_IDS)}"
    return Asked("PUT", place, FORM | KEY, body, frozenset({"200", "201"}))


def delete(dice: random.Random) -> Asked:
    """One of the products that were put, there or not."""
    place = f"/v1/products/soak-{dice.randrange(PUT_IDS)}"
    return Asked("DELETE", place, KEY, right=frozenset({"204", "404"}))


SHARES: dict[Callable[[random.Random], Asked], int] = {
    product: 26, similar: 17, picture: 15, words: 8, completion: 5, page: 10, put: 4, delete: 4,
    photo: 7, look: 2, damaged: 2,
}  # fmt: skip


def asked(number: int) -> tuple[str, Asked]:
    """The kind and the request of this number."""
    dice = random.Random(number)
    kind = dice.choices(tuple(SHARES), tuple(SHARES.values()))[0]
    return kind.__name__, kind(dice)


class Client:
    """Asks one request after the other on the lines of its threads."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._own = threading.local()

    def answer(self, number: int) -> tuple[str, str, float]:
        """The kind, what is wrong with the answer ("" for nothing) and the time in ms."""
        kind, one = asked(number)
        if not hasattr(self._own, "line") or number % 50 == 0:  # a new one now and then
            self._own.line = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        start = time.perf_counter()
        try:
            self._own.line.request(one.method, one.path, one.body or None, one.headers)
            found = self._own.line.getresponse()
            body = found.read()
            right = str(found.status) in one.right
            wrong = "" if right else f"{number}: {one.path} {found.status} {body[:300]!r}"
        except (OSError, http.client.HTTPException) as error:
            self._own.line.close()
            wrong = f"{number}: {one.path} {error!r}"
        return kind, wrong, (time.perf_counter() - start) * 1000


@contextmanager
def served() -> Iterator[Watched]:
    """`thatlook serve` on the sample, with its networks, watched."""
    settings = {"RATE": "9999/second", "LOOKUP_RATE": "9999/second", "WRITE_RATE": "9999/second"}
    settings |= {"WRITE_KEYS": f"t:{WRITE_KEY}", "LOG_LEVEL": "warning"}
    named = {f"THATLOOK_SERVE_{name}": value for name, value in settings.items()}
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "thatlook"]
        place = ["--catalog", folder]
        subprocess.run(
            [*command, "index", str(SAMPLE / "products.csv"), *place], check=True, stdout=-3
        )
        port = free_port()
        process = subprocess.Popen(
            [*command, "serve", *place, "--port", str(port)], cwd=ROOT, env=os.environ | named
        )
        with eyed(process, port) as found:
            yield found


def late(times_ms: list[float]) -> float:
    """The slowest hundredth begins here."""
    return float(np.quantile(times_ms, 0.99)) if times_ms else float("nan")


@dataclass
class Tenth:
    """What was seen in a tenth of the requests."""

    memory_mb: float
    files: int
    photos_p99_ms: float
    others_p99_ms: float


def tenths(args: argparse.Namespace, faults: list[str]) -> Iterator[Tenth]:
    """Asks all; after each tenth what the service holds, and how slow it was."""
    with served() as service, ThreadPoolExecutor(args.threads) as pool:
        client, step = Client(service.port), max(1, args.count // 10)
        for start in range(0, args.count, step):
            times: dict[bool, list[float]] = defaultdict(list)
            numbers = range(start, min(start + step, args.count))
            for kind, wrong, taken_ms in pool.map(client.answer, numbers):
                times[kind in PHOTO_KINDS].append(taken_ms)
                faults += [wrong] if wrong else []
            yield Tenth(
                service.resident_mb(), service.open_files(), late(times[True]), late(times[False])
            )
    print(service.told())
    faults += service.failures


def grown(seen: Sequence[Tenth], threads: int) -> list[str]:
    """What is not as it was: memory, open files, the slowest hundredths."""
    half = len(seen) // 2
    found = []
    if seen[-1].memory_mb > seen[half].memory_mb * GROWTH:
        found.append(f"memory {seen[half].memory_mb:.0f} to {seen[-1].memory_mb:.0f} MB")
    if seen[-1].files - seen[0].files > threads:
        found.append(f"files {seen[0].files} to {seen[-1].files}")
    for kind in ("photos", "others"):
        late_ms = [getattr(one, f"{kind}_p99_ms") for one in seen]
        before, after = np.nanmedian(late_ms[1:half]), np.nanmedian(late_ms[half:])
        if after > before * SLOWER:
            found.append(f"p99 of {kind} {before:.0f} to {after:.0f} ms")
    return found


def main() -> int:
    """Prints a line per tenth, then the slope of memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=50_000)
    parser.add_argument("--threads", type=int, default=4)
    args = parser.parse_args()
    faults: list[str] = []
    seen: list[Tenth] = []
    for one in tenths(args, faults):
        seen.append(one)
        print(
            f"{len(seen)}: {one.memory_mb:.0f} MB, {one.files} files, p99 of photos "
            f"{one.photos_p99_ms:.0f} ms, of others {one.others_p99_ms:.0f} ms",
            flush=True,
        )
    held = [one.memory_mb for one in seen]
    half = held[len(held) // 2 :]
    slope = float(np.polyfit(range(len(half)), half, 1)[0]) * 100_000 / args.count
    worse = grown(seen, args.threads)
    print(f"{args.count} requests, {len(faults)} answered wrongly: {faults[:10]}")
    print(f"in the second half {slope:+.1f} MB per 10,000 requests; grown: {worse or 'nothing'}")
    return int(bool(faults or worse))


if __name__ == "__main__":
    sys.exit(main())
