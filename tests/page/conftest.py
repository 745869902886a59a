"""The page in a real browser, on the double."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="needs the extra serve")
pytest.importorskip("playwright.sync_api", reason="needs the dev dependencies")

from playwright import sync_api

from tests.service.double import SAMPLE, Double, engine_on
from tests.service.live import in_thread
from thatlook.service.app import create_app
from thatlook.service.settings import ServiceSettings

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LOOK = SAMPLE / "images" / "looks" / "look_001.jpg"
OPEN = {"rate": "9999/second", "lookup_rate": "9999/second"}


@pytest.fixture(scope="package")  # it runs an event loop that other tests must not meet
def browser() -> Iterator[Any]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("needs Chromium: apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        yield started
        started.close()


@pytest.fixture(scope="session")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    engine_on(folder).close()
    return folder


@pytest.fixture(scope="session")
def double() -> Double:
    return Double()


@pytest.fixture(scope="session")
def address(catalog: Path, double: Double) -> Iterator[str]:
    app = create_app(ServiceSettings(**OPEN), lambda: engine_on(catalog, double, 0))
    with in_thread(app) as found:
        yield found


@pytest.fixture
def opened(browser: Any, address: str) -> Iterator[Callable[..., Any]]:
    """Opens the page in a fresh context; nothing may go wrong in its console."""
    contexts, troubles = [], []

    def go(base: str = address, path: str = "/", **options: Any) -> Any:
        context = browser.new_context(**{"reduced_motion": "reduce", **options})
        context.set_default_timeout(30_000)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: troubles.append(str(error)))
        page.on("console", lambda told: troubles.append(told.text) if refused(told) else None)
        page.goto(base + path)
        if path == "/":
            page.wait_for_selector("body[data-ready]")
        return page

    yield go
    for context in contexts:
        context.close()
    assert troubles == []


def refused(told: Any) -> bool:
    """Whether a line of the console is an error of ours: answers of 4xx are there on purpose."""
    return told.type == "error" and "Failed to load resource" not in told.text


@pytest.fixture
def page(opened: Callable[..., Any]) -> Any:
    return opened()


@pytest.fixture
def looked(page: Any) -> Any:
    """The page after a photo."""
    upload(page)
    return page


def upload(page: Any, file: Any = LOOK) -> None:
    """Gives the page a photo and waits for its products."""
    page.set_input_files("#file", file)
    page.wait_for_selector(".card")
    settled(page)


def settled(page: Any) -> None:
    """Waits until nothing is under way: what a click sets off marks the page before it returns."""
    page.wait_for_selector("body:not([data-busy=true])")


def until(page: Any, true: str | Callable[[], bool]) -> None:
    """Waits until an expression of the page's, or a test's own, is true.

    Playwright's own way needs eval, which is forbidden.
    """
    for _ in range(600):
        if page.evaluate(true) if isinstance(true, str) else true():
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"never true: {true}")
