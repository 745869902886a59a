"""A small fashion shop on 127.0.0.1 that behaves, and misbehaves, as real ones do.

Its pages render with JavaScript from a JSON interface, with lazy pictures and a cookie
banner. `faults` says what goes wrong the first times that a path is asked for; `moved` says which
paths are redirected, and where to; `pages` are answers of one's own; `new_layout_from` says from
which page on the numbered listing uses other class names.
"""

from __future__ import annotations

import json
import socket
import ssl
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests.crawl.local_pages import (
    Answer,
    Made,
    plain_listing,
    png,
    product_page,
    shopify_page,
    sitemap,
)

SECTIONS = {
    "number": range(100),
    "scroll": range(100, 220),
    "next": range(220, 280),
    "click": range(280, 320),
}
SIZES = {"number": 20, "scroll": 24, "next": 20, "click": 10}

SCRIPT = """
const body = document.body, section = body.dataset.section, mode = body.dataset.mode;
const grid = document.querySelector('#grid');
const first = Number(body.dataset.page);
let page = first, more = true, busy = false;
const lazy = new IntersectionObserver(entries => entries.forEach(entry => {
  if (!entry.isIntersecting) return;
  entry.target.src = entry.target.dataset.later;
  lazy.unobserve(entry.target);
}));
function card(p, c) {
  const li = document.createElement('li');
  li.className = c.item; li.id = p.id;
  const now = `<b class="${c.now}">Rs. ${p.sale || p.price}</b>`;
  const strike = (p.sale ? `<s class="${c.old}">Rs. ${p.price}</s>` : '') + now;
  li.innerHTML = `<a href="/p/${p.id}"><img data-later="${p.image}" width=60 height=80>
    <h3 class="${c.brand}">${p.brand}</h3><h4 class="name">${p.title}</h4>
    <div>Sizes: <span class="sizes">${p.sizes}</span></div>
    <span class="stars">${p.rating} stars</span>
    <div>${strike}</div></a>`;
  grid.append(li);
  lazy.observe(li.querySelector('img'));
}
async function load() {
  const asked = document.querySelector('#cookies');  // no more goods before an answer
  if (busy || !more || (asked && page > first)) return;
  busy = true;
  const answer = await fetch(`/api/${section}?page=${page}`);
  if (answer.ok) {
    const data = await answer.json();
    await new Promise(done => setTimeout(done, 40));
    data.products.forEach(p => card(p, data.classes));
    more = data.more; page += 1;
    if (!more && mode === 'click') document.querySelector('#more').remove();
    if (!data.products.length) grid.innerHTML = '<p class="nothing">Nothing found</p>';
  }
  busy = false;
}
if (mode === 'scroll') new IntersectionObserver(e => e[0].isIntersecting && load())
  .observe(document.querySelector('footer'));
else load();
if (mode === 'click') document.querySelector('#more').onclick = load;
const accept = document.querySelector('#cookies button');
accept.onclick = () => accept.parentElement.remove();
"""

FONT = """<style>@font-face { font-family: Own; src: url(/own.woff2) }
  body { font-family: Own; background: url(/wall.png) }</style><link rel=icon href=/icon.png>"""

OLD = {"item": "card", "brand": "brand", "old": "was", "now": "now"}
NEW = OLD | {"brand": "maker"}


class LocalShop:
    """A running shop: `url`, what it was asked (`log`), what goes wrong in it (`faults`)."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.log: list[tuple[float, str, str]] = []
        self.faults: dict[str, list[str]] = {}
        self.new_layout_from = 1000
        self.endless_bytes = 0
        self.robots = "User-agent: *\nDisallow: /private/\n"
        self.pictures: dict[str, Answer] = {}
        self.moved: dict[str, str] = {}
        self.pages: dict[str, Answer] = {}
        self.plain: Callable[[int], Answer] = plain_listing
        self._lock = threading.Lock()
        shop = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                shop.answer(self)

            def log_message(self, *_: object) -> None: ...

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None: ...  # a killed client is no news

        self._server = Server(("127.0.0.1", 0), Handler)
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        scheme = "http" if tls is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def asked(self) -> Counter[str]:
        """How often each path (with its query) was asked for."""
        return Counter(path for _, path, _ in self.log)

    def busiest_second(self) -> int:
        """The most requests that came within any one second."""
        times = sorted(at for at, _, _ in self.log)
        return max((sum(start <= at < start + 1 for at in times) for start in times), default=0)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        path = handler.path
        with self._lock:
            self.log.append((time.monotonic(), path, handler.headers.get("User-Agent", "")))
            faults = self.faults.get(path, [])
            fault = faults.pop(0) if faults else ""
        if fault.startswith("slow"):
            time.sleep(float(fault.split()[1]))
        if fault == "drop":
            # A reset, as from a crashed server.
            handler.connection.setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
            )
            handler.connection.close()
            handler.close_connection = True
            return
        if fault == "endless":
            self._endless(handler)
            return
        if fault[:1].isdigit():
            answer = self._faulty(fault)
        elif path in self.moved:
            answer = Answer(b"", status=302, headers={"Location": self.moved[path]})
        else:
            answer = self.pages.get(path) or self._answer(path)
        handler.send_response(answer.status)
        headers = {
            "Content-Type": answer.kind,
            "Content-Length": str(len(answer.body)),
            **answer.headers,
        }
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(answer.body)

    def _endless(self, handler: BaseHTTPRequestHandler) -> None:
        """An answer that goes on until nobody listens any more."""
        handler.send_response(200)
        handler.send_header("Content-Type", "text/html")
        handler.end_headers()
        handler.close_connection = True
        with suppress(OSError):
            while True:
                handler.wfile.write(b"<p>more</p>" * 10_000)
                self.endless_bytes += 110_000

    def _faulty(self, fault: str) -> Answer:
        status, *after = fault.split()
        return Answer(
            b"later", status=int(status), headers={"Retry-After": after[0]} if after else {}
        )

    def _answer(self, path: str) -> Answer:
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        first, _, rest = parts.path[1:].partition("/")
        if first in SECTIONS:
            return self._listing(first, int(query.get("page", 1)))
        if first == "img":
            return self.pictures.get(parts.path) or Answer(png(int(rest[:-4])), "image/png")
        if first == "p":
            return product_page(Made(int(rest) - 10_000))
        if first == "plain":
            return self.plain(int(query.get("page", 1)))
        if first == "products.json":
            return shopify_page(self.url, int(query["page"]), int(query["limit"]))
        fixed = {
            "api": self._api(rest, int(query.get("page", 1))) if rest in SECTIONS else None,
            "robots.txt": Answer(self.robots.replace("{url}", self.url).encode(), "text/plain"),
            "shop.js": Answer(SCRIPT.encode(), "text/javascript"),
            "sitemap.xml": sitemap(self.url),
        }
        return fixed.get(first) or Answer(b"no such page", status=404)

    def _api(self, section: str, page: int) -> Answer:
        size, numbers = SIZES[section], SECTIONS[section]
        shown = [Made(n).card() for n in numbers[(page - 1) * size : page * size]]
        classes = NEW if page >= self.new_layout_from else OLD
        data = {"products": shown, "more": page * size < len(numbers), "classes": classes}
        return Answer(json.dumps(data).encode(), "application/json")

    def _listing(self, section: str, page: int) -> Answer:
        more = page * SIZES[section] < len(SECTIONS[section])
        link = (
            f'<a class="next" href="/next?page={page + 1}">Next</a>'
            if section == "next" and more
            else ""
        )
        button = '<button id="more">Show more</button>' if section == "click" else ""
        return Answer(
            f"""<!doctype html><html><head><title>{section}</title>{FONT}</head>
          <body data-section="{section}" data-mode="{section}" data-page="{page}">
          <div id="cookies" style="position: fixed; inset: 0; background: white; z-index: 9">
            We use cookies <button class="accept">Only needed ones</button></div>
          <ul id="grid"></ul>{link}{button}<footer style="height: 40px">The end</footer>
          <script src="/shop.js"></script></body></html>""".encode()
        )


def shop_file(shop: LocalShop, rate: float = 60, **limits: object) -> str:
    """The shop file of the whole local shop; `limits` replace its own."""
    made = {"requests_per_second": rate, "jitter": 0.1, "timeout_s": 15.0, "retries": 4, **limits}
    written = "\n".join(f"{name} = {value}" for name, value in made.items())
    listings = "".join(
        f"""
[[source]]
start = "{shop.url}/{section}{"?page={page}" if section == "number" else ""}"
render = true
item = "li.card"
dismiss = "#cookies button.accept"
empty = "p.nothing"
paging = "{section}"
{'next = "a.next"' if section == "next" else 'next = "#more"' if section == "click" else ""}
[source.fields]
id = {{ css = "", attribute = "id" }}
title = "h4.name"
brand = "h3.brand"
gender = {{ css = "h4.name", pattern = "(Men|Women)" }}
price = [".was", ".now"]
sale_price = ".was + .now"
size = "span.sizes"
rating = {{ css = ".stars", pattern = "([0-9.]+)" }}
link = {{ css = "a", attribute = "href" }}
image_link = {{ css = "img", attribute = "src" }}
"""
        for section in SECTIONS
    )
    return f"""
name = "Local shop"
contact = "mailto:tests@example.com"
currency = "INR"
required = ["id", "title", "link", "image_link", "price", "brand"]
[limits]
{written}
{listings}"""
