"""How much memory a process holds, in MB, before and after large photos were decoded in threads."""

from __future__ import annotations

import io
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from thatlook.core.image import decode

SIZES = ((65500, 120), (2400, 3200), (5000, 9000))


def resident_mb() -> int:
    """What the process holds."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) // 1024


def encoded(size: tuple[int, int]) -> bytes:
    """A photo of one color."""
    buffer = io.BytesIO()
    Image.new("RGB", size, (30, 90, 200)).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


if __name__ == "__main__":
    decode(encoded((640, 480)))
    before = resident_mb()
    photos = [encoded(size) for size in SIZES]
    with ThreadPoolExecutor(2) as pool:
        for _ in range(2):
            list(pool.map(lambda photo: decode(photo).shape, photos * 2))
        print(before, resident_mb())
