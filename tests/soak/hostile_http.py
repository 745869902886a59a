"""Hostile requests against a service of the double; says what came back, its health and memory.

    python -m tests.soak.hostile_http --count 10000 --threads 4

Each request is made from its number alone (slow heads, early ends, wrong lengths, a thousand
parts, floods of headers, shapes that smuggle, names in UTF-7, mutated photos, odd methods,
addresses and JSON; good ones between them). Before them come some of the largest photos that are
decoded: what malloc keeps of those it keeps for good. The exit status is 1 where a 5xx other than
503 and 504 came back, nothing came at all, /healthz failed, or memory grew by more than a tenth
after the first tenth of them.
"""

from __future__ import annotations

import argparse
import base64
import io
import random
import socket
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from PIL import Image

from tests.service.hostile import encoded, part
from tests.soak.pictures import mutated
from tests.soak.serving import WRITE_KEY, Watched, watched

TIMEOUT_S = 30.0
LARGE = 40
GROWTH = 1.1
"""What may be held in memory at the end, of what is after the first tenth."""
FORM = b"Content-Type: multipart/form-data; boundary=x"
JSON = b"Content-Type: application/json"
GOOD = part(encoded())
Pieces = list[bytes]


def request(method: bytes, path: bytes, headers: list[bytes], body: bytes = b"") -> bytes:
    """A request as it should be, with its length."""
    length = b"Content-Length: %d" % len(body)
    head = [b"%s %s HTTP/1.1" % (method, path), b"Host: x", *headers, length, b"", b""]
    return b"\r\n".join(head) + body


def post(body: bytes, headers: list[bytes] | None = None) -> bytes:
    """A photo's request."""
    return request(b"POST", b"/v1/recommendations", headers or [FORM], body)


@cache
def large_photos() -> list[bytes]:
    """Requests with photos of up to 60 million pixels, which is the limit, wide and high ones."""
    sizes = [("WEBP", (16383, 120)), ("PNG", (65500, 120)), ("WEBP", (2400, 3200))]
    sizes += [("PNG", (7700, 7700)), ("JPEG", (6000, 8000))]
    made = []
    for kind, size in sizes:
        buffer = io.BytesIO()
        Image.new("RGB", size, (30, 90, 200)).save(buffer, kind)
        made.append(post(part(buffer.getvalue())))
    return made


def good(dice: random.Random) -> Pieces:
    """What shops and shoppers ask."""
    path = dice.choice((b"/", b"/v1/info", b"/v1/products/nobody", b"/readyz", b"/metrics"))
    return [dice.choice((post(GOOD), request(b"GET", path, [])))]


def slow_head(dice: random.Random) -> Pieces:
    """A head in small pieces, not always to its end."""
    whole = request(b"GET", b"/v1/info", [b"X-A: b"])
    return [whole[at : at + 9] for at in range(0, dice.randrange(9, len(whole)), 9)]


def early_end(dice: random.Random) -> Pieces:
    """A body that breaks off."""
    whole = post(GOOD)
    return [whole[: dice.randrange(len(whole))]]


def wrong_length(dice: random.Random) -> Pieces:
    """A length that is not the body's, or no length."""
    length = dice.choice(
        (b"-1", b"+5", b"0x10", b"99999999999999999999", b"5, 6", b"5\r\nContent-Length: 7", b"",
         b"1e3", b" 12 ", b"\xb2", b"%d" % (len(GOOD) + 100), b"%d" % (len(GOOD) - 100))
    )  # fmt: skip
    head = b"POST /v1/looks HTTP/1.1\r\nHost: x\r\n" + FORM + b"\r\nContent-Length: " + length
    return [head + b"\r\n\r\n" + GOOD]


def many_parts(dice: random.Random) -> Pieces:
    """A form of a thousand parts and more."""
    name = dice.choice((b"brands", b"k", b"nobody", b"photo"))
    one = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n1\r\n' % name
    return [post(one * dice.choice((1000, 3000)) + GOOD)]


def header_flood(dice: random.Random) -> Pieces:
    """More headers, or longer ones, than anybody needs."""
    flood = dice.choice(
        ([b"X-%d: y" % n for n in range(5000)], [b"X: " + b"y" * 200_000], [b"X" * 40_000 + b": y"],
         [b"Cookie: " + b"a=b; " * 9000], [b"X: y"] * 900)
    )  # fmt: skip
    return [request(b"GET", b"/healthz", list(flood))]


def smuggled(dice: random.Random) -> Pieces:
    """Shapes in which two servers see two different requests."""
    inner = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
    head = b"POST /v1/looks HTTP/1.1\r\nHost: x\r\n" + FORM + b"\r\n"
    coding = dice.choice(
        (b"Transfer-Encoding: chunked\r\nContent-Length: 4", b"Transfer-Encoding: xchunked",
         b"Transfer-Encoding: chunked, identity", b"Transfer-Encoding : chunked",
         b"Transfer-Encoding:\x0bchunked", b"Transfer-Encoding: chunked\r\n folded",
         b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", b"Host: other",
         b"Content-Length: 0\r\n\tX: y", b"X: \x00", b"Content-Length: 5\nX: y")
    )  # fmt: skip
    size = dice.choice((b"0", b"5", b"ffffffffffffffff", b"-1", b"0x5", b"5;" + b"e" * 9000, b"g"))
    return [head + coding + b"\r\n\r\n" + size + b"\r\nhello\r\n0\r\n\r\n" + inner]


def odd_names(dice: random.Random) -> Pieces:
    """Names of fields and files that nobody can mean."""
    name = dice.choice(
        (b'"+ADw-script+AD4-"; charset=utf-7', b"\"photo\"; filename*=UTF-8''%ff%fe", b'"\xff\xfe"',
         b'"photo"; filename="' + b"a" * 5000 + b'"', b'"photo"; filename="../../etc/passwd"',
         b'"photo"; filename="a\x00.jpg"', b'""', b'"photo";;;',
         b'"photo"; filename="\xe2\x80\xae"')
    )  # fmt: skip
    head = b"--x\r\nContent-Disposition: form-data; name=" + name + b"\r\n\r\n"
    return [post(head + encoded() + b"\r\n--x--\r\n")]


def mutated_photo(dice: random.Random) -> Pieces:
    """A photo that is none any more."""
    return [post(part(mutated(dice.randrange(1_000_000))[1]))]


def odd_address(dice: random.Random) -> Pieces:
    """A method or an address that is not there."""
    method = dice.choice(
        (b"GET", b"HEAD", b"PUT", b"TRACE", b"CONNECT", b"PRI", b"G\xc3\xa9T", b"*")
    )
    path = dice.choice(
        (b"*", b"//x/y", b"/%00", b"/v1/products/%ff%fe", b"/v1/products/" + b"a" * 9000,
         b"/static/../../etc/passwd", b"/v1/products/a%2f..%2fb", b"http://evil.example/",
         b"/?" + b"a&" * 9000, b"/v1/products/%ed%a0%80/similar?k=9999999999999999999999",
         b"/v1/products/x/similar?k=nan")
    )  # fmt: skip
    return [request(method, path, [b"X-Request-Id: " + bytes([dice.randrange(33, 127)]) * 300])]


def odd_json(dice: random.Random) -> Pieces:
    """JSON that is deep, long, no JSON, or not what is asked for."""
    body = dice.choice(
        (b"[" * 100_000, b'{"a":' * 9000 + b"1" + b"}" * 9000, b"{}", b"null", b'{"photo_url": 1}',
         b'{"k": 1e999}', b'{"k": NaN}', b'{"photo_url": "http://\\ud800"}', b"\xff\xfe{\x00}\x00",
         b'{"boosts": ' + b"[]," * 1000 + b"}", b'{"max_price": -1e308, "photo_url": "http://x"}')
    )  # fmt: skip
    return [post(body, [JSON])]


def odd_put(dice: random.Random) -> Pieces:
    """Products that cannot be, with the right key."""
    key = b"Authorization: Bearer " + WRITE_KEY.encode()
    body = dice.choice(
        (b"{}", b'{"title": "x"}', b'{"title": "\\ud800"}', b'{"title": "x", "price": "1e999 EUR"}',
         b'{"title": ' + b'"' + b"x" * 200_000 + b'"}', b'{"title": null, "id": "other"}')
    )  # fmt: skip
    path = b"/v1/products/" + base64.urlsafe_b64encode(dice.randbytes(6))
    return [request(dice.choice((b"PUT", b"DELETE")), path, [JSON, key], body)]


def wrong_key(dice: random.Random) -> Pieces:
    """A key that is not known, or no key at all."""
    key = dice.choice((b"Bearer " + b"x" * 5000, b"Basic eDp5", b"Bearer \xff", b"Bearer", b""))
    return [request(b"PUT", b"/v1/products/x", [JSON, b"Authorization: " + key], b"{}")]


def rubbish(dice: random.Random) -> Pieces:
    """Bytes that are no request."""
    return [
        dice.choice((dice.randbytes(2000), b"\x16\x03\x01" + dice.randbytes(300), b"\r\n" * 5000))
    ]


def pipelined(dice: random.Random) -> Pieces:
    """Many requests in one piece."""
    return [request(b"GET", b"/healthz", []) * dice.choice((2, 50, 300))]


SHAPES: list[Callable[[random.Random], Pieces]] = [
    good, slow_head, early_end, wrong_length, many_parts, header_flood, smuggled, odd_names,
    mutated_photo, odd_address, odd_json, odd_put, wrong_key, rubbish, pipelined,
]  # fmt: skip


ENDS = {slow_head, early_end}
"""Those after which nothing more comes, and is known not to come."""


def answer(service: Watched, number: int) -> tuple[str, str]:
    """The shape of a request, and the status that it got; "closed" for none."""
    dice = random.Random(number)
    shape = dice.choice(SHAPES)
    return shape.__name__, status(service, shape(dice), ends=shape in ENDS)


def status(service: Watched, pieces: Pieces, *, ends: bool = False) -> str:
    """The status that a request got, "closed" for none; `ends` tells the service that it is all."""
    try:
        with socket.create_connection(("127.0.0.1", service.port), TIMEOUT_S) as line:
            for piece in pieces:
                line.sendall(piece)
                time.sleep(0.002 if len(pieces) > 1 else 0)
            if ends:
                line.shutdown(socket.SHUT_WR)
            head = line.recv(65536)
    except TimeoutError:
        return "silent"
    except OSError:
        return "closed"
    words = head.split(b" ", 2)
    return words[1].decode() if head.startswith(b"HTTP/1.") and len(words) > 1 else "closed"


def bad_of(counts: Counter[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """What must not be: a status of 500 and above but 503 and 504, by shape."""
    return {
        key: count
        for key, count in counts.items()
        if key[1].startswith("5") and key[1] not in {"503", "504"}
    }


def main() -> int:
    """Prints the statuses by shape, then health and memory."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--threads", type=int, default=4)
    args = parser.parse_args()
    settings = {"WRITE_KEYS": f"t:{WRITE_KEY}", "RATE": "9999/second", "LOOKUP_RATE": "9999/second"}
    settings |= {"FAILED_RATE": "9999/second", "HEADER_S": "2", "DEADLINE_S": "5"}
    named = {f"THATLOOK_SERVE_{name}": value for name, value in settings.items()}
    counts: Counter[tuple[str, str]] = Counter()
    held_mb: list[float] = []
    with watched(**named) as service, ThreadPoolExecutor(args.threads) as pool:
        print(f"at first {service.resident_mb():.0f} MB", flush=True)
        photos = [large_photos()[n % len(large_photos())] for n in range(LARGE)]
        got = Counter(pool.map(lambda photo: status(service, [photo]), photos))
        counts.update({("large_photo", code): count for code, count in got.items()})
        step = max(1, args.count // 10)
        for start in range(args.first, args.first + args.count, step):
            numbers = range(start, min(start + step, args.first + args.count))
            counts.update(pool.map(lambda number: answer(service, number), numbers))
            held_mb.append(service.resident_mb())
            held = f"{held_mb[-1]:.0f} MB, {service.open_files()} files"
            print(f"after {sum(counts.values())}: {bad_of(counts)} bad, {held}", flush=True)
    for name in sorted({name for name, _ in counts}):
        found = {status: count for (n, status), count in sorted(counts.items()) if n == name}
        print(f"{name}: {found}")
    bad = bad_of(counts)
    silent = sum(n for key, n in counts.items() if key[1] == "silent")
    print(f"{sum(counts.values())} requests, {sum(bad.values())} bad {bad}, {silent} silent")
    print(service.told())
    return int(bool(bad or service.failures or silent or held_mb[-1] > held_mb[0] * GROWTH))


if __name__ == "__main__":
    sys.exit(main())
