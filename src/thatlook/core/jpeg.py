"""What a JPEG file says of itself before any of its pixels is decoded."""

from __future__ import annotations

import re
from typing import Final

_MARKER: Final = re.compile(rb"\xff([\x02-\xcf\xd9-\xfe])")
"""A marker that ends coded data or begins a segment: not a stuffed byte (FF 00), a fill byte, or
one of those that stand alone within a scan (TEM, RST0 to RST7) or at the beginning (SOI)."""
_END: Final = 0xD9
_SCAN: Final = 0xDA


def is_jpeg(data: bytes) -> bool:
    """Whether the bytes begin as a JPEG does."""
    return data.startswith(b"\xff\xd8\xff")


def segments_and_scans(data: bytes, most: int) -> tuple[int, int]:
    """How many segments a JPEG has up to its end, and how many of them begin a scan.

    Counting stops after `most` segments. The markers are walked as a decoder does (ITU-T T.81,
    B.1.1): the bytes within a segment, such as a thumbnail's own markers, do not count, and what
    follows the first image's end is not looked at.
    """
    segments = scans = 0
    place = 2
    while segments < most and (found := _MARKER.search(data, place)):
        code = data[found.end() - 1]
        if code == _END:
            break
        segments += 1
        scans += code == _SCAN
        # The length counts its own two bytes; decoders read a smaller one as that.
        place = found.end() + max(2, int.from_bytes(data[found.end() : found.end() + 2]))
    return segments, scans
