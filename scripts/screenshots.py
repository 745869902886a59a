"""Takes the pictures of the page and of a board that the documents show, from the sample (CC0).

    python scripts/screenshots.py [--out docs/images]

Needs Chromium and the extra dev. Each picture is a WebP; exit status 1 where one is larger than
MOST_BYTES.
"""

from __future__ import annotations

import argparse
import io
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any, Final

import uvicorn
from PIL import Image
from playwright.sync_api import sync_playwright

import thatlook
from thatlook.service.app import create_app
from thatlook.service.settings import ServiceSettings

OUT: Final = Path(__file__).resolve().parent.parent / "docs" / "images"
MOST_BYTES: Final = 150_000
QUALITY: Final = 82
SAMPLE: Final = Path(str(resources.files("thatlook.sample")))
DESK: Final = {"viewport": {"width": 1366, "height": 900}}
PHONE: Final = {
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "has_touch": True,
    "device_scale_factor": 1.5,
}


def looked(page: Any, name: str = "look_001") -> None:
    """The page after one of the sample's looks."""
    page.set_input_files("#file", str(SAMPLE / "images" / "looks" / f"{name}.jpg"))
    page.wait_for_selector("#rows .card")
    page.wait_for_selector("#bar", state="hidden")


def start(page: Any) -> None:
    """What a shopper sees first."""


def compared(page: Any) -> None:
    """A product beside the piece in the photo."""
    looked(page)
    page.locator("#rows .card .see").first.click()


def filtered(page: Any) -> None:
    """The filters on a phone."""
    looked(page)
    page.locator("#filters summary").click()


def shared(page: Any) -> None:
    """The image to share."""
    looked(page)
    page.locator("#share").click()
    page.wait_for_selector("#saveImage:enabled")


SHOTS: Final[dict[str, tuple[dict[str, Any], Callable[[Any], None]]]] = {
    "page-start": (DESK, start),
    "page-result": (DESK, looked),
    "page-compare": (DESK, compared),
    "page-dark": ({**DESK, "color_scheme": "dark", "locale": "de-DE"}, looked),
    "page-phone": (PHONE, looked),
    "page-phone-filters": (PHONE, filtered),
    "page-share": (PHONE, shared),
}
"""By name, how the browser is and what is done before."""


@contextmanager
def served(catalog: Path) -> Iterator[str]:
    """The service on a catalog of the sample, in a thread; its address."""
    with thatlook.open(catalog) as engine:
        engine.index(SAMPLE / "products.csv")
    app = create_app(ServiceSettings(), lambda: thatlook.open(catalog))
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.1)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def shot(browser: Any, address: str, options: dict[str, Any], act: Callable[[Any], None]) -> bytes:
    """One picture, as WebP."""
    context = browser.new_context(**{"reduced_motion": "reduce", "locale": "en-GB", **options})
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("body[data-ready]")
    act(page)
    page.wait_for_load_state("networkidle")
    picture = page.screenshot()
    context.close()
    return as_webp(io.BytesIO(picture))


def board(catalog: Path) -> bytes:
    """What `thatlook recommend --png` draws of a look, as WebP."""
    look, file = SAMPLE / "images" / "looks" / "look_008.jpg", catalog / "board.png"
    words = ["recommend", str(look), "--catalog", str(catalog), "-k", "6", "--png", str(file)]
    subprocess.run([sys.executable, "-m", "thatlook", *words], check=True, capture_output=True)
    return as_webp(file)


def as_webp(picture: io.BytesIO | Path) -> bytes:
    """The picture as WebP."""
    buffer = io.BytesIO()
    with Image.open(picture) as image:
        image.convert("RGB").save(buffer, "WEBP", quality=QUALITY, method=6)
    return buffer.getvalue()


def main() -> int:
    """Writes all pictures; exit status 1 where one is too large."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=OUT)
    out = parser.parse_args().out
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    flags = ["--no-sandbox", "--disable-gpu"]
    with (
        tempfile.TemporaryDirectory() as folder,
        served(Path(folder)) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        pictures = {name: shot(browser, address, *how) for name, how in SHOTS.items()}
        pictures["demo"] = board(Path(folder))
        browser.close()
    for name, data in pictures.items():
        (out / f"{name}.webp").write_bytes(data)
        print(f"{name}.webp {len(data):,} bytes")
    return int(any(len(data) > MOST_BYTES for data in pictures.values()))


if __name__ == "__main__":
    sys.exit(main())
