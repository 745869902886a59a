"""Hundreds of hostile uploads and addresses against a running service; says what came back.

    python benchmarks/service_hostile.py http://127.0.0.1:8000 [--repeat 3]

Run it from the repository's root, against a service with THATLOOK_SERVE_PHOTO_URL=on and a
high THATLOOK_SERVE_RATE. The exit status is 1 if anything but a clean 4xx came, or the service
does not live afterwards. Bodies that hold a photo after all may get 200.
"""

from __future__ import annotations

import argparse
import sys
import urllib.request
from collections import Counter
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.service.hostile import Case, everything


def status(address: str, case: Case) -> tuple[int, str]:
    """The status and content type that a case gets."""
    parts = urlsplit(address)
    line = HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    headers = {"Content-Type": case.kind} if case.kind else {}
    try:
        line.request("POST", "/v1/recommendations", case.body, headers)
        answer = line.getresponse()
        answer.read()
        return answer.status, answer.headers.get("Content-Type", "")
    finally:
        line.close()


def main() -> int:
    """Sends them all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address")
    parser.add_argument("--repeat", type=int, default=1)
    args = parser.parse_args()
    counts: Counter[int] = Counter()
    bad = 0
    for case in everything() * args.repeat:
        code, kind = status(args.address, case)
        counts[code] += 1
        if not (400 <= code < 500 and kind == "application/problem+json") and not (
            case.fine and code == 200
        ):
            bad += 1
            print(f"{case.name}: {code} {kind}")
    with urllib.request.urlopen(f"{args.address}/readyz", timeout=10) as answer:
        alive = answer.status == 200
    print(f"{sum(counts.values())} requests: {dict(sorted(counts.items()))}; alive: {alive}")
    return 1 if bad or not alive else 0


if __name__ == "__main__":
    sys.exit(main())
