"""A service whose search is a cluster: fed from within, cut off, and back."""

from __future__ import annotations

import itertools
import time

import pytest

from tests.cuttable import cuttable
from tests.service.conftest import photo_bytes
from tests.service.double import engine_on
from tests.service.test_products import KEY, put
from thatlook.core.errors import CatalogError
from thatlook.service import feeding
from thatlook.store.catalog.cluster import ClusterFinder
from thatlook.store.catalog.search_feed import SearchFeed

NAMES = (f"service_{n}" for n in itertools.count())
WAIT_S = 30
UP = 'thatlook_search_up{engine="milvus"}'
LAG = 'thatlook_search_lag_changes{engine="milvus"}'


@pytest.fixture
def network(lite):
    with cuttable(lite.port) as proxy:
        yield proxy


@pytest.fixture
def client(lite, network, serve, tmp_path, monkeypatch):
    """A client of a service that feeds its cluster, whose catalog has 40 products."""
    search = lite.url(next(NAMES), network.port, index="FLAT", timeout=0.5)
    (tmp_path / "catalog").mkdir()
    (tmp_path / "catalog" / "catalog.toml").write_text(f'search = "{search}"\n')
    engine_on(tmp_path, count=40).close()
    client = serve(tmp_path, feed_search=True, write_keys="shop:write-key-of-tests")
    until(lambda: gauge(client, LAG) == 0)
    return client


def until(true) -> None:
    end = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def gauge(client, name) -> float:
    lines = client.get("/metrics").text.splitlines()
    found = [line.split()[1] for line in lines if line.startswith(f"{name} ")]
    return float(found[0]) if found else -1.0


def recommended(client):
    return client.post("/v1/recommendations", files={"photo": ("a.jpg", photo_bytes())})


def ids_of(answer) -> set[str]:
    found = answer.json()["recommendations"]
    return {match["product"]["id"] for one in found for match in one["matches"]}


def test_what_is_put_is_found_and_what_is_deleted_is_not(client):
    assert put(client, "new", gender="female").status_code == 201
    until(lambda: "new" in ids_of(recommended(client)))
    assert client.delete("/v1/products/new", headers=KEY).status_code == 204
    assert "new" not in ids_of(recommended(client))  # whether the cluster knows or not
    until(lambda: gauge(client, LAG) == 0)
    assert gauge(client, UP) == 1
    assert gauge(client, "thatlook_search_engine_seconds_count") > 0
    assert gauge(client, "thatlook_search_stale_hits_total") >= 0


def test_without_the_cluster_all_but_the_search_goes_on(client, network):
    network.cut()
    answer = recommended(client)
    assert (answer.status_code, answer.json()["code"]) == (503, "search_unavailable")
    assert int(answer.headers["Retry-After"]) > 0
    known = client.app.state.service.engine.catalog.changes(0, 1)[0].product_id
    assert client.get(f"/v1/products/{known}").status_code == 200
    assert client.get(f"/v1/products/{known}/similar").status_code == 503
    assert put(client, "meanwhile").status_code == 201
    assert gauge(client, UP) == 0
    assert client.get("/readyz").status_code == 200
    network.mend()
    until(lambda: recommended(client).status_code == 200)
    until(lambda: "meanwhile" in ids_of(recommended(client)))
    assert gauge(client, UP) == 1


def test_a_feed_that_cannot_go_on_is_told_and_tried_again(client, monkeypatch, caplog):
    tried = []

    def refuses(self, stop, every_s=1.0):
        tried.append(stop)
        stop.set()
        raise CatalogError("another catalog's")

    monkeypatch.setattr(SearchFeed, "run", refuses)
    cluster = client.app.state.service.engine.catalog.cluster
    assert isinstance(cluster, ClusterFinder)
    with feeding.fed(cluster):
        until(lambda: tried)
    assert "the search is not fed" in caplog.text
