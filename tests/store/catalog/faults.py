"""A shop whose search cluster, outbox worker or network fails while it sells, and what is told."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from tests.cuttable import Cuttable, cuttable
from tests.engines import Engine
from tests.search.index.samples import DIM, random_entry, random_query, random_vector
from tests.store.catalog.asking import wrongly_shown
from tests.store.catalog.test_oracle import catch_up, row_of
from thatlook.core.errors import SearchUnavailableError
from thatlook.search.index import ExactIndex
from thatlook.store.catalog import Catalog

FAULTS: Final = ("engine", "worker", "network")
CAUGHT_UP_S: Final = 240
BEFORE: Final = 60
"""Products that are there when the first fault comes."""


@dataclass
class Shop:
    """A catalog that is changed and asked while parts of it fail."""

    folder: Path
    engine: Engine
    network: Cuttable
    dice: random.Random
    rng: np.random.Generator
    exact: ExactIndex = field(default_factory=lambda: ExactIndex(DIM))
    removed: set[str] = field(default_factory=set)
    there: list[str] = field(default_factory=list)
    acknowledged: int = 0
    answered: int = 0
    refused: int = 0
    shown: list[str] = field(default_factory=list)
    worker: subprocess.Popen[bytes] | None = None

    def opened(self, name: str = "catalog") -> Catalog:
        """The catalog, asked with bounded consistency; that of "strong" with strong one."""
        return Catalog.open(self.folder / f"{name}.toml", "net", DIM)

    def start_worker(self) -> None:
        words = ("catalog", "feed-search", "--catalog", str(self.folder))
        with (self.folder / "worker.txt").open("ab") as log:
            self.worker = subprocess.Popen([sys.executable, "-m", "thatlook", *words], stderr=log)

    def end_worker(self) -> None:
        if self.worker is not None:
            self.worker.kill()
            self.worker.wait()

    def write(self, stop: threading.Event) -> None:
        """Changes products until it is told to stop; an id that was removed never comes again."""
        with self.opened() as catalog:
            while not stop.is_set():
                self.change(catalog)
                stop.wait(0.02)

    def change(self, catalog: Catalog) -> None:
        if self.dice.random() < 0.3 and self.there:
            gone = self.there.pop(self.dice.randrange(len(self.there)))
            catalog.remove([gone])
            self.removed.add(gone)  # from here on nobody may be shown it
        else:
            some = self.dice.sample(self.there, min(3, len(self.there)))
            new = f"p{self.acknowledged}"
            catalog.upsert([row_of(random_entry(self.rng, one)) for one in (new, *some)])
            self.there.append(new)
        self.acknowledged += 1

    def ask(self, stop: threading.Event) -> None:
        """Searches until it is told to stop; remembers what it should not have been shown."""
        rng = np.random.default_rng(self.dice.randrange(2**32))
        with self.opened() as catalog:
            for shown in wrongly_shown(catalog, self.removed, rng, SearchUnavailableError, stop):
                self.answered += shown is not None
                self.refused += shown is None
                self.shown += shown or ()

    def behind(self, catalog: Catalog) -> bool:
        try:
            return catalog.cluster.lag(strong=True) > 0
        except SearchUnavailableError:
            return True

    def faults(self, queries: int = 20) -> Iterator[str]:
        """What the cluster does not answer as the store does, once it has caught up."""
        yield from (f"{one} was shown after it was deleted" for one in self.shown)
        self.shown = []
        with self.opened("strong") as catalog:
            end = time.monotonic() + CAUGHT_UP_S
            while self.behind(catalog):
                if time.monotonic() > end:
                    yield f"not caught up after {CAUGHT_UP_S} s"
                    return
                time.sleep(0.1)
            catch_up(self.exact, catalog)
            if sorted(self.exact.entries) != sorted(self.there):
                yield "the store lost what it acknowledged"
            if len(catalog.cluster.engine) != len(self.there):
                yield f"{len(catalog.cluster.engine)} in the cluster, not {len(self.there)}"
            for _ in range(queries):
                query = random_query(self.rng, self.there)
                vectors = np.stack([random_vector(self.rng) for _ in range(2)])
                if catalog.search(vectors, query) != self.exact.search(vectors, query):
                    yield f"another answer than the store's: {query}"


@contextmanager
def selling(folder: Path, engine: Engine, collection: str, seed: int) -> Iterator[Shop]:
    """A shop on the engine, reached through a network that can be cut."""
    with ExitStack() as stack:
        network = stack.enter_context(cuttable(engine.port))
        for name, consistency in (("catalog", "bounded"), ("strong", "strong")):
            settings = {"index": "FLAT", "consistency": consistency, "timeout": 2}
            search = engine.url(collection, network.port, **settings)
            (folder / f"{name}.toml").write_text(f'search = "{search}"\n')
        shop = Shop(folder, engine, network, random.Random(seed), np.random.default_rng(seed))
        with shop.opened() as catalog:
            for _ in range(BEFORE):
                shop.change(catalog)
            catalog.warm()
        stack.callback(shop.end_worker)
        shop.start_worker()
        yield shop


def fail(shop: Shop, kind: str, cut_s: float) -> Iterator[str]:
    """One fault at a random moment while the shop is changed and asked; what was wrong after."""
    broken: dict[str, tuple[Callable[[], None], Callable[[], None]]] = {
        "engine": (shop.engine.kill, shop.engine.start),
        "worker": (shop.end_worker, shop.start_worker),
        "network": (shop.network.cut, shop.network.mend),
    }
    stop = threading.Event()
    threads = [threading.Thread(target=work, args=(stop,)) for work in (shop.write, shop.ask)]
    for thread in threads:
        thread.start()
    try:
        breaks, mends = broken[kind]
        time.sleep(shop.dice.uniform(0.2, 2.0))
        breaks()
        time.sleep(cut_s if kind == "network" else shop.dice.uniform(0.1, 1.0))
        mends()
        time.sleep(shop.dice.uniform(0.2, 1.0))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    yield from shop.faults()
