"""Indexing on a Ray cluster of two machines, both of them this one."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.store.ingest.fake import DIM, KEY, Factory, FakeDescriber, picture
from thatlook.core.errors import MissingExtraError, ModelError, SettingsError
from thatlook.store.catalog import Catalog
from thatlook.store.ingest import ingest

COUNT = 120


@dataclass(frozen=True)
class Slow(FakeDescriber):
    """Takes its time, and writes down which process it is."""

    pids: str = ""

    def describe(self, items):
        Path(self.pids, str(os.getpid())).touch()
        time.sleep(0.02)
        return super().describe(items)


@dataclass(frozen=True)
class SlowFactory:
    pids: str

    def __call__(self):
        return Slow(pids=self.pids)


@pytest.fixture(scope="module")
def cluster():
    """The address of a cluster of two nodes with a core each."""
    ray = pytest.importorskip("ray", reason="needs the extra cluster")
    from ray.cluster_utils import Cluster

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    size = {"num_cpus": 1, "object_store_memory": 80_000_000}
    made = Cluster(initialize_head=True, head_node_args=size | {"include_dashboard": False})
    made.add_node(**size)
    yield made.address
    ray.shutdown()
    made.shutdown()


@pytest.fixture(scope="module")
def feed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    lines = ["id,title,category,image_link"]
    for n in range(COUNT):
        picture(folder / f"{n}.png", (n, 100, 50))
        lines.append(f"{n},T,dress,{n}.png")
    feed = folder / "feed.csv"
    feed.write_text("\n".join(lines))
    return feed


@pytest.fixture(scope="module")
def expected(feed, tmp_path_factory):
    """What an index run of one process makes of the feed."""
    folder = tmp_path_factory.mktemp("alone")
    with Catalog.open(folder, KEY, DIM) as catalog:
        ingest(feed, catalog, Factory(), workers=0)
        return contents(catalog)


def contents(catalog):
    facts = ("product", "row_hash", "image", "image_hash", "box", "found")
    return {
        s.product.id: (*(getattr(s, fact) for fact in facts), s.vector.tobytes())
        for s in catalog.all_stored()
    }


def test_two_nodes_make_the_same_catalog_bit_by_bit(cluster, feed, expected, tmp_path):
    with Catalog.open(tmp_path / "c", KEY, DIM) as catalog:
        report = ingest(feed, catalog, SlowFactory(pids(tmp_path)), ray=cluster)
        assert report.added == COUNT
        assert contents(catalog) == expected
    assert len(list((tmp_path / "pids").iterdir())) == 2  # both cores worked, a process each


def test_killed_actors_cost_nothing(cluster, feed, expected, tmp_path):
    killed = []

    def kill():
        """Each process once it has described something, until three are gone."""
        while len(killed) < 3 and not done.wait(0.05):
            for file in (tmp_path / "pids").iterdir():
                if (pid := int(file.name)) not in killed:
                    os.kill(pid, signal.SIGKILL)
                    killed.append(pid)

    done = threading.Event()
    made = SlowFactory(pids(tmp_path))
    killer = threading.Thread(target=kill)
    killer.start()
    try:
        with Catalog.open(tmp_path / "c", KEY, DIM) as catalog:
            report = ingest(feed, catalog, made, ray=cluster)
            assert (report.added, report.failed) == (COUNT, 0)
            assert contents(catalog) == expected
    finally:
        done.set()
        killer.join()
    assert len(killed) >= 3


def test_a_picture_that_kills_its_actor_costs_one_product(cluster, tmp_path):
    picture(tmp_path / "deadly.png", (0, 255, 0))
    picture(tmp_path / "sound.png")
    feed = tmp_path / "feed.csv"
    feed.write_text("id,title,category,image_link\n1,T,dress,sound.png\n2,T,dress,deadly.png")
    with Catalog.open(tmp_path / "c", KEY, DIM) as catalog:
        report = ingest(feed, catalog, Factory(), ray=cluster, workers=1)
        assert (report.added, report.failed) == (1, 1)
        assert "the actor that read the picture died" in report.problems[0].message
        assert [s.product.id for s in catalog.all_stored()] == ["1"]


def test_what_is_wrong_with_the_networks_is_raised(cluster, feed, tmp_path):
    with (
        Catalog.open(tmp_path / "c", KEY, DIM) as catalog,
        pytest.raises(ModelError, match=r"^the weights are missing$"),
    ):
        ingest(feed, catalog, Factory("broken"), ray=cluster)


def test_a_run_without_the_extra_says_how_to_install_it(feed, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with (
        Catalog.open(tmp_path / "c", KEY, DIM) as catalog,
        pytest.raises(MissingExtraError, match=r"pip install 'thatlook\[cluster\]'"),
    ):
        ingest(feed, catalog, Factory(), ray="local")


def test_a_cluster_needs_a_worker_at_least(feed, tmp_path):
    with (
        Catalog.open(tmp_path / "c", KEY, DIM) as catalog,
        pytest.raises(SettingsError, match=r"workers must be 1 \(on Ray\) or more, not 0"),
    ):
        ingest(feed, catalog, Factory(), ray="local", workers=0)


def pids(folder):
    (folder / "pids").mkdir()
    return str(folder / "pids")
