"""The browser by itself: what passes its gate, what becomes of a page or a Chromium that fails."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.crawl.local_pages import Answer
from tests.crawl.local_shop import LocalShop
from thatlook.core.errors import FetchError
from thatlook.crawl.browser import chromium, gate, tab
from thatlook.crawl.browser.browser import Browser
from thatlook.crawl.http.failures import CrashedError, ForbiddenError, GoneError, TroubleError
from thatlook.crawl.http.pace import Pacer
from thatlook.crawl.shop import Limits

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("real_chromium")]

Made = Callable[..., Browser]

ASKING = """<p id=done>no</p><iframe src="http://localhost:{port}/private/frame"></iframe><script>
const asked = [fetch('/private/script'), fetch('/moved')];
new Worker('/worker.js'); new SharedWorker('/shared.js');
asked.push(navigator.serviceWorker.register('/service.js'));
navigator.sendBeacon('/private/beacon', 'x');
window.open('/private/window');
Promise.allSettled(asked).then(() => { document.querySelector('#done').className = 'yes'; });
</script>"""


def script(text: str) -> Answer:
    return Answer(text.encode(), "text/javascript")


def allowed(url: str) -> None:
    if "/private" in url:
        raise ForbiddenError(f"{url}: not allowed")
    if "127.0.0.1" not in url:
        raise GoneError(f"{url}: a foreign host")


def pid_of(browser: Browser) -> int:
    assert browser._chromium is not None
    return browser._chromium.pid


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Made]:
    made: list[Browser] = []

    def started(**limits: float) -> Browser:
        addresses = {"127.0.0.1": "127.0.0.1", "localhost": "127.0.0.1"}
        own = Limits(**{"timeout_s": 10.0, "retries": 0, **limits})
        made.append(Browser(tmp_path, addresses, allowed, Pacer(1000, 0), own, "test"))
        return made[-1]

    yield started
    for each in made:
        each.close()


def test_everything_that_a_page_sets_off_passes_the_gate(
    local_shop: LocalShop, browser: Made
) -> None:
    port = local_shop.url.rpartition(":")[2]
    foreign = f"http://localhost:{port}"
    local_shop.moved = {"/moved": f"{foreign}/elsewhere"}
    local_shop.pages = {
        "/asking": Answer(ASKING.replace("{port}", port).encode()),
        "/worker.js": script("fetch('/private/worker')"),
        "/shared.js": script("fetch('/private/shared')"),
        "/service.js": script("oninstall = e => e.waitUntil(fetch('/private/service'))"),
    }
    opened = browser()
    opened.open(f"{local_shop.url}/asking", "#done.yes")
    own = ("script", "worker", "shared", "service", "beacon", "window")
    assert set(opened.refused) == {f"{local_shop.url}/private/{name}" for name in own} | {
        f"{foreign}/private/frame",
        f"{foreign}/elsewhere",
    }
    paths = local_shop.asked()
    assert set(paths) == {"/asking", "/moved", "/worker.js", "/shared.js", "/service.js"}
    assert len(opened.forbidden) == 7


def test_a_page_in_another_encoding_is_kept_as_it_is(local_shop: LocalShop, browser: Made) -> None:
    body = "<h1>Größe 38 für 5 £</h1>".encode("latin-1")
    local_shop.pages = {"/old": Answer(body, "text/html; charset=iso-8859-1")}
    opened = browser()
    for _ in range(2):
        opened.open(f"{local_shop.url}/old", "h1")
        assert "<h1>Größe 38 für 5 £</h1>" in opened.html()
    assert local_shop.asked()["/old"] == 1


def test_a_long_answer_is_shown_and_not_kept(
    local_shop: LocalShop, browser: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "MAX_BODY_BYTES", 1000)
    local_shop.pages = {"/long": Answer(b"<h1>Long</h1>" + b"<p>more</p>" * 1000)}
    opened = browser()
    for _ in range(2):
        opened.open(f"{local_shop.url}/long", "h1")
        assert opened.html().count("<p>") == 1000
    assert local_shop.asked()["/long"] == 2


def test_a_stream_of_events_is_no_sign_of_loading(local_shop: LocalShop, browser: Made) -> None:
    page = b"<h1>Shop</h1><script>new EventSource('/events')</script>"
    local_shop.pages = {"/live": Answer(page)}
    local_shop.faults = {"/events": ["slow 3"] * 3}
    browser(timeout_s=1.0).open(f"{local_shop.url}/live", "")
    assert local_shop.asked()["/events"] == 1


def test_a_request_that_its_page_broke_off_is_over(local_shop: LocalShop, browser: Made) -> None:
    page = b"<h1>Shop</h1><script>fetch('/slow', {signal: AbortSignal.timeout(200)})</script>"
    local_shop.pages = {"/impatient": Answer(page)}
    local_shop.faults = {"/slow": ["slow 5"]}
    browser(timeout_s=2.0).open(f"{local_shop.url}/impatient", "")
    assert local_shop.asked()["/slow"] == 1


def test_an_answer_without_an_end_is_given_up(local_shop: LocalShop, browser: Made) -> None:
    local_shop.faults = {"/endless": ["endless"]}
    with pytest.raises(TroubleError, match="still loading after 1 s"):
        browser(timeout_s=1.0).open(f"{local_shop.url}/endless", "h1")


def test_after_a_page_that_hangs_chromium_is_started_anew(
    local_shop: LocalShop, browser: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tab, "SCRIPT_S", 1.0)
    monkeypatch.setattr(chromium, "CLOSE_S", 0.5)
    local_shop.pages = {
        "/good": Answer(b"<h1>Good</h1>"),
        "/hangs": Answer(b"<h1>Shop</h1><script>while (true);</script>"),
        "/stops": Answer(b"<h1>Shop</h1><script>setTimeout(() => { while (true); }, 100)</script>"),
    }
    opened = browser(timeout_s=2.0)

    def html(path: str) -> str:
        opened.open(local_shop.url + path, "h1")
        return opened.html()

    for path in ("/hangs", "/stops"):
        with pytest.raises(CrashedError, match="Chromium: no answer in 1 s"):
            opened.patiently(partial(html, path))
        assert "Good" in opened.patiently(partial(html, "/good"))


def test_a_chromium_that_died_is_started_anew(local_shop: LocalShop, browser: Made) -> None:
    local_shop.pages = {"/good": Answer(b"<h1>Good</h1>")}
    opened = browser(retries=1)

    def html() -> str:
        opened.open(f"{local_shop.url}/good", "h1")
        return opened.html()

    assert "Good" in opened.patiently(html)
    first = pid_of(opened)
    os.kill(first, signal.SIGKILL)
    assert "Good" in opened.patiently(html)
    assert pid_of(opened) not in {0, first}


@pytest.mark.parametrize(
    ("status", "headers"),
    [(204, {}), (200, {"Content-Disposition": 'Attachment; filename="list.html"'})],
)
def test_an_answer_that_is_no_page_is_not_taken_for_the_page_before(
    local_shop: LocalShop, browser: Made, status: int, headers: dict[str, str]
) -> None:
    local_shop.pages["/other"] = Answer(b"<p class=item>other</p>")
    local_shop.pages["/nothing"] = Answer(
        b"" if status == 204 else b"<p>", "text/html", status, headers
    )
    made = browser()
    made.open(f"{local_shop.url}/other", ".item")
    with pytest.raises(GoneError, match=f"/nothing answered {status} without a page"):
        made.open(f"{local_shop.url}/nothing", ".item")
    made.open(f"{local_shop.url}/other", ".item")
    assert "other" in made.html()


def test_a_page_that_breaks_its_own_texts_is_trouble_and_no_crash(
    local_shop: LocalShop, browser: Made
) -> None:
    local_shop.pages["/odd"] = Answer(
        b"<p class=item>x</p><script>String = () => undefined</script>"
    )
    with pytest.raises(TroubleError):
        browser().open(f"{local_shop.url}/odd", ".item")


def test_a_chromium_that_does_not_start_leaves_no_folder(
    browser: Made, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("THATLOOK_CHROMIUM", "/bin/false")
    with pytest.raises(FetchError):
        browser().open("http://127.0.0.1/", "")
    assert not list(tmp_path.glob("thatlook-*"))
