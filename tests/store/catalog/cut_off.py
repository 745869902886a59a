"""A shop in PostgreSQL whose network is cut while it is changed, indexed, fed, asked and served."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError

import numpy as np

from tests.cuttable import Cuttable, cuttable
from tests.engines import Engine
from tests.postgres import Server
from tests.search.index.samples import random_entry, random_query, random_vector
from tests.service.double import DIM, Double
from tests.service.live import ROOT, free_port, start_process, wait_ready
from tests.service.test_workers import KEY, PICTURE, put
from tests.store.catalog.asking import wrongly_shown
from tests.store.catalog.test_oracle import catch_up, row_of
from tests.store.ingest.fake import picture
from thatlook.core.errors import CatalogUnavailableError, SearchUnavailableError
from thatlook.core.records import Box, Described
from thatlook.search.index import ExactIndex
from thatlook.store.catalog import Catalog
from thatlook.store.ingest import ingest, pipeline

KINDS: Final = ("silent", "reset")
DEADLINE_S: Final = 8
"""Of a request to the service."""
BACK_S: Final = 240
INDEXED: Final = 40
DESCRIBED_S: Final = 0.1
TRIED_AGAIN_S: Final = 0.2


@dataclass(frozen=True)
class Slow:
    """A describer that takes its time, so that a cut finds an index run at work."""

    key: str = Double.key
    dim: int = DIM

    def __call__(self) -> Slow:
        return self

    def describe(self, items: list[Any]) -> list[Described]:
        time.sleep(DESCRIBED_S)
        return [self._one(image) for image, _ in items]

    def _one(self, image: np.ndarray) -> Described:
        rng = np.random.default_rng(int(image.sum()))
        return Described(random_vector(rng, DIM), Box(0, 0, 1, 1), {}, 1.0, True)


def index(address: str, feed: str) -> None:
    """One index run, in small transactions."""
    pipeline.STORE_ROWS = pipeline.GROUP_JOBS = 4
    with Catalog.open(address, Double.key, DIM) as catalog:
        ingest(feed, catalog, Slow(), workers=0)


@dataclass
class Shop:
    """What was acknowledged, what was answered, and what was wrong."""

    folder: Path
    network: Cuttable
    dice: random.Random
    address: str = ""
    there: dict[str, str] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    counts: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    exact: ExactIndex = field(default_factory=lambda: ExactIndex(DIM))

    def count(self, what: str) -> None:
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1

    def opened(self, name: str = "cut") -> Catalog:
        """The catalog through the network that is cut, or "direct"."""
        return Catalog.open(self.folder / f"{name}.toml", Double.key, DIM)

    def acknowledged(self, product_id: str, title: str | None) -> None:
        """What the shop was told: the product has this title, or is gone for good."""
        with self.lock:
            if title is None:
                self.there.pop(product_id, None)
                self.removed.add(product_id)
            else:
                self.there[product_id] = title
        self.count("changes acknowledged")

    def write(self, name: str, stop: threading.Event) -> None:
        """Changes products until it is told to stop, each until it is acknowledged."""
        dice, rng = random.Random(name), np.random.default_rng(self.dice.randrange(2**32))
        own = [one for one in self.there if one.startswith(f"{name}-")]
        number = self.counts.get("changes acknowledged", 0)  # no id comes again
        with self.opened() as catalog:
            while not stop.is_set():
                number += 1
                product_id = f"{name}-{number}"
                if own and dice.random() < 0.3:
                    product_id = own.pop(dice.randrange(len(own)))
                    self.until_done(catalog.remove, [product_id])
                    self.acknowledged(product_id, None)
                else:
                    self.until_done(catalog.upsert, [row_of(random_entry(rng, product_id, DIM))])
                    self.acknowledged(product_id, "")
                    own.append(product_id)
                stop.wait(0.05)

    def until_done(self, change: Callable[[Any], object], given: Any) -> None:
        """Nobody knows whether a change that broke off was made: it is made again."""
        while True:
            try:
                change(given)
            except CatalogUnavailableError:
                self.count("changes broken off")
                time.sleep(TRIED_AGAIN_S)
            else:
                return

    def ask(self, stop: threading.Event) -> None:
        """Searches until it is told to stop; remembers what it should not have been shown."""
        rng = np.random.default_rng(self.dice.randrange(2**32))
        with self.opened() as catalog:
            for shown in wrongly_shown(catalog, self.removed, rng, CatalogUnavailableError, stop):
                self.count("searches refused" if shown is None else "searches answered")
                self.wrong += [f"{product_id} shown" for product_id in shown or ()]

    def index(self, stop: threading.Event) -> None:
        """Index runs one after another, each started again until it ends well."""
        value = 0
        while not stop.is_set():
            value = self.counts.get("index runs done", 0) + 1
            self.index_once(value)
            self.count("index runs done")

    def index_once(self, value: int) -> None:
        picture(self.folder / "a.png", (value % 200, value // 200, 9))
        rows = "".join(f"f-{n},{value},dress,a.png\n" for n in range(INDEXED))
        feed = self.folder / "feed.csv"
        feed.write_text("id,title,category,image_link\n" + rows)
        code = (
            f"from tests.store.catalog.cut_off import index; index({self.address!r}, {str(feed)!r})"
        )
        while True:
            command = [sys.executable, "-c", code]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            if done.returncode == 0:
                break
            self.count("index runs broken off")
            last = (done.stderr.strip().splitlines() or [""])[-1]
            if "Unavailable" not in last and "is being indexed by" not in last:
                self.wrong.append(f"an index run: {last}")
            time.sleep(TRIED_AGAIN_S)
        for n in range(INDEXED):
            self.acknowledged(f"f-{n}", str(value))

    def serve(self, address: str, stop: threading.Event) -> None:
        """Asks the service for what needs the catalog, and changes it."""
        client, number = Client(self, address), 0
        while not stop.is_set():
            number += 1
            client.ask("recommendations", "POST", "/v1/recommendations", PHOTO)
            client.ask("words", "GET", "/v1/search?q=shirt")
            product_id = f"s-{self.counts.get('changes acknowledged', 0)}-{number}"
            while put(address, product_id) not in {200, 201}:
                self.count("changes broken off")
                time.sleep(TRIED_AGAIN_S)
            self.acknowledged(product_id, product_id)
            stop.wait(0.05)

    def serve_without(self, address: str, stop: threading.Event) -> None:
        """Asks the service for what needs no catalog: that is always answered."""
        client = Client(self, address, refused=False)
        while not stop.is_set():
            client.ask("health", "GET", "/healthz")
            client.ask("page", "GET", "/")
            client.ask("looks", "POST", "/v1/looks", PHOTO)
            stop.wait(0.2)


PHOTO: Final = (
    b'--x\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'
    + PICTURE + b"\r\n--x--\r\n"
)  # fmt: skip


@dataclass
class Client:
    """Counts a service's answers; what may not be is wrong."""

    shop: Shop
    address: str
    refused: bool = True

    def ask(self, name: str, method: str, path: str, body: bytes | None = None) -> None:
        headers = {"Content-Type": "multipart/form-data; boundary=x", "Connection": "close"}
        asked = urllib.request.Request(f"{self.address}{path}", body, headers, method=method)
        begun = time.monotonic()
        try:
            with urllib.request.urlopen(asked, timeout=60) as answer:
                status, again = answer.status, ""
                answer.read()
        except HTTPError as error:
            with error:
                status, again = error.code, error.headers.get("Retry-After", "")
        except OSError as error:
            self.shop.wrong.append(f"{name}: no answer: {error}")
            return
        took_s = time.monotonic() - begun
        self.shop.count(f"{name}: {status}")
        fine = status == 200 or (self.refused and status == 503 and again.isdigit())
        if not fine or took_s > DEADLINE_S + 4:
            self.shop.wrong.append(f"{name}: {status} after {took_s:.1f} s")


@contextmanager
def selling(folder: Path, server: Server, engine: Engine, name: str, seed: int) -> Iterator[Shop]:
    """A shop with a worker and a service, whose way to its database can be cut."""
    with ExitStack() as stack:
        network = stack.enter_context(cuttable(server.port))
        direct = server.url(name, password="")
        through = direct.replace(f":{server.port}/", f":{network.port}/")
        search = engine.url(name, index="FLAT", consistency="{}", timeout=10)
        (folder / "catalog").mkdir()
        for file, store, way in (
            ("cut.toml", through, "bounded"),
            ("direct.toml", direct, "strong"),
            ("catalog/catalog.toml", through, "bounded"),
        ):
            text = f'store = "{store}"\nstore_password_env = "SHOP_PASSWORD"\n'
            (folder / file).write_text(text + f'search = "{search.format(way)}"\n')
        os.environ["SHOP_PASSWORD"] = server.password
        shop = Shop(folder, network, random.Random(seed), str(folder / "cut.toml"))
        shop.opened().close()
        worker = ("catalog", "feed-search", "--catalog", shop.address)
        with (folder / "worker.txt").open("ab") as log:
            running = subprocess.Popen([sys.executable, "-m", "thatlook", *worker], stderr=log)
        stack.callback(ended, running)
        stack.callback(lambda: alive(shop, running, "the worker"))
        yield shop


def alive(shop: Shop, process: subprocess.Popen[bytes], name: str) -> None:
    if process.poll() is not None:
        shop.wrong.append(f"{name} ended with {process.returncode}")


def ended(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        process.wait()


@contextmanager
def served(shop: Shop) -> Iterator[str]:
    """The address of the shop's service."""
    settings = {"WRITE_KEYS": f"t:{KEY}", "DEADLINE_S": str(DEADLINE_S), "THREADS": "2"}
    rates = dict.fromkeys(("RATE", "LOOKUP_RATE", "WRITE_RATE"), "9999/second")
    named = {f"THATLOOK_SERVE_{key}": value for key, value in (settings | rates).items()}
    port = free_port()
    process = start_process(shop.folder, port, **named)
    try:
        wait_ready(f"http://127.0.0.1:{port}", process)
        yield f"http://127.0.0.1:{port}"
        alive(shop, process, "the service")
    finally:
        ended(process)


def cut(shop: Shop, service: str, kind: str, cut_s: float) -> None:
    """One cut at a random moment; the shop is at work before, meanwhile and after."""
    stop = threading.Event()
    works: list[tuple[Any, ...]] = [
        (shop.write, "a"), (shop.write, "b"), (shop.ask,), (shop.index,),
        (shop.serve, service), (shop.serve_without, service),
    ]  # fmt: skip
    threads = [threading.Thread(target=work, args=(*given, stop)) for work, *given in works]
    for thread in threads:
        thread.start()
    try:
        time.sleep(shop.dice.uniform(0.5, 4.0))
        shop.network.cut(resets=kind == "reset")
        time.sleep(cut_s)
        shop.network.mend()
        mended = time.monotonic()
        while not _ready(service):
            if time.monotonic() - mended > BACK_S:
                shop.wrong.append("the service did not come back")
                break
            time.sleep(0.05)
        time.sleep(shop.dice.uniform(0.5, 1.5))
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _ready(service: str) -> bool:
    try:
        with urllib.request.urlopen(f"{service}/readyz", timeout=60) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def faults(shop: Shop, queries: int = 20) -> Iterator[str]:
    """What was wrong, and what store and search do not have as it was acknowledged."""
    yield from shop.wrong
    shop.wrong = []
    rng = np.random.default_rng(shop.dice.randrange(2**32))
    with shop.opened("direct") as catalog:
        end = time.monotonic() + BACK_S
        while behind(catalog):
            if time.monotonic() > end:
                yield f"not caught up after {BACK_S} s"
                return
            time.sleep(0.1)
        found = {one.product.id: one.product.title for one in catalog.all_stored()}
        for one in sorted({one for one, _ in found.items() ^ shop.there.items()}):
            yield f"{one}: {found.get(one)!r} is there, {shop.there.get(one)!r} was acknowledged"
        catch_up(shop.exact, catalog)
        if len(catalog.cluster.engine) != len(shop.exact):
            yield f"{len(catalog.cluster.engine)} in the search, not {len(shop.exact)}"
        ids = list(shop.exact.entries)
        for _ in range(queries):
            query, vector = random_query(rng, ids), random_vector(rng, DIM)[None]
            if catalog.search(vector, query) != shop.exact.search(vector, query):
                yield f"another answer than the store's: {query}"


def behind(catalog: Catalog) -> bool:
    try:
        return catalog.cluster.lag(strong=True) > 0
    except SearchUnavailableError:
        return True


def told(shop: Shop) -> str:
    """What was counted, as JSON."""
    return json.dumps(dict(sorted(shop.counts.items())))
