"""The script for shops, on a shop's page of another origin."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.page.conftest import LOOK, OPEN, until
from tests.service.double import Double, engine_on
from tests.service.live import free_port, in_thread
from thatlook.service.app import create_app
from thatlook.service.settings import ServiceSettings

pytestmark = pytest.mark.browser

EXAMPLES = Path(__file__).parents[2] / "examples" / "embed"

PAGE = """<!doctype html><html lang="en"><head><title>A shop</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'self';
 style-src 'self'; script-src {base}; connect-src 'self' {base}; img-src 'self' {base}">
</head><body><h1>A dress</h1><p>Text before.</p>
<img id="hero" src="/hero.jpg" alt="The dress" width="320" height="480">
<script src="{base}/embed.js" data-image="#hero" data-k="3" async></script></body></html>"""


@contextmanager
def shop(port: int, base: str, page: str = PAGE) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            picture = self.path.endswith(".jpg")
            self.send_response(200 if picture or self.path == "/" else 404)
            self.send_header("Content-Type", "image/jpeg" if picture else "text/html")
            self.end_headers()
            self.wfile.write(
                LOOK.read_bytes() if picture else page.replace("{base}", base).encode()
            )

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture(scope="module")
def page_of_shop(catalog):
    port = free_port()
    settings = ServiceSettings(cors_origins=f"http://127.0.0.1:{port}", **OPEN)
    app = create_app(settings, lambda: engine_on(catalog, Double(), 0))
    with in_thread(app) as base, shop(port, base) as address:
        yield address


@pytest.fixture
def visited(browser, page_of_shop):
    context = browser.new_context(viewport={"width": 1000, "height": 800})
    page = context.new_page()
    troubles = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(page_of_shop)
    yield page
    context.close()
    assert troubles == []


def test_a_shop_gets_hotspots_and_a_panel(visited):
    visited.get_by_role("button", name="Shop this look").click()
    visited.get_by_role("dialog").wait_for()  # opens at once
    spot = visited.get_by_role("button", name="Top: show products")
    spot.wait_for()
    assert visited.locator(".spot").count() == 3
    hero, dot = visited.locator("#hero").bounding_box(), spot.bounding_box()
    middle = dot["x"] + dot["width"] / 2
    assert middle == pytest.approx(hero["x"] + 0.46 * hero["width"], abs=2)
    spot.click()
    panel = visited.get_by_role("dialog")
    assert panel.is_visible()
    assert panel.locator("section").first.locator("li").count() == 3
    link = panel.locator("li a").first
    assert link.get_attribute("href").startswith("https://shop.example/")
    picture = panel.locator("img").first
    until(visited, lambda: picture.evaluate("one => one.naturalWidth") > 0)
    last = visited.get_by_role("button", name="Shoes: show products")
    visited.keyboard.press("Escape")
    assert not panel.is_visible()
    last.click()
    panel.get_by_role("button", name="Close").click()  # in sight however far it was scrolled
    assert not panel.is_visible()


def test_the_shops_own_styles_do_not_reach_in(visited):
    visited.evaluate(
        """() => {
          const sheet = new CSSStyleSheet();
          const hidden = 'button { display: none !important }';
          sheet.replaceSync(hidden + ' :root { --thatlook-accent: rgb(1, 2, 3) }');
          document.adoptedStyleSheets = [sheet];
        }"""
    )
    button = visited.get_by_role("button", name="Shop this look")
    assert button.is_visible()
    button.click()
    spot = visited.locator(".spot").first
    spot.wait_for()
    color = spot.evaluate("one => getComputedStyle(one, '::before').borderTopColor")
    assert color == "rgb(1, 2, 3)"


HOST = "https://look.shop.example"
FILLED = re.compile(r"\{\{.*?\}\}|<\?php echo .*? \?>")
SNIPPETS = {
    "plain.html": "{snippet}",
    "shopify.liquid": '<div class="product__media">'
    '<img src="/p.jpg" alt="" width="320"></div>{snippet}',
    "woocommerce.php": '<div class="woocommerce-product-gallery__image"><a href="#">'
    '<img src="/p.jpg" alt="" width="320"></a></div>{snippet}',
}


def snippet_of(name):
    """The example's HTML as the shop's own program would have filled it in."""
    text = (EXAMPLES / name).read_text(encoding="utf-8")
    if name != "plain.html":
        text = text[text.index("<script") : text.index("</script>") + len("</script>")]
    return FILLED.sub("SP0001", text).replace(HOST, "{base}")


@pytest.mark.parametrize("name", SNIPPETS)
def test_the_examples_for_shops_work_and_leave_out_the_own_product(browser, catalog, name):
    port = free_port()
    settings = ServiceSettings(cors_origins=f"http://127.0.0.1:{port}", **OPEN)
    app = create_app(settings, lambda: engine_on(catalog, Double(), 0))
    body = SNIPPETS[name].replace("{snippet}", snippet_of(name))
    with in_thread(app) as base, shop(port, base, body) as address:
        context = browser.new_context(locale="de-DE")
        page = context.new_page()
        page.goto(address)
        with page.expect_response("**/v1/recommendations") as answer:
            page.get_by_role("button", name="Diesen Look shoppen").click()
        page.get_by_role("dialog").wait_for()
        searched = [one["searched"]["filters"] for one in answer.value.json()["recommendations"]]
        assert all(filters["exclude_ids"] == ["SP0001"] for filters in searched)
        assert page.get_by_role("button", name="Oberteil: Produkte zeigen").count() == 1
        context.close()


def test_a_refused_origin_is_told(browser, address):
    port = free_port()
    with shop(port, address) as elsewhere:
        context = browser.new_context()
        page = context.new_page()
        page.goto(elsewhere)
        page.get_by_role("button", name="Shop this look").click()
        button = page.locator(".open")
        until(page, lambda: button.is_enabled() and button.inner_text() != "Shop this look")
        context.close()
