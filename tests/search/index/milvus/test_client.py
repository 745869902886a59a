"""What the client asks of pymilvus, by a double of it."""

from __future__ import annotations

import pytest

from thatlook.core.errors import SearchUnavailableError
from thatlook.search.index.milvus import MilvusPlace
from thatlook.search.index.milvus.client import Client

pymilvus = pytest.importorskip("pymilvus", reason="needs the extra cluster")


class Double:
    """Remembers what it is asked; raises what it is told to."""

    def __init__(self, error=None, **given):
        self.error, self.made, self.asked, self.closed = error, given, [], False

    def insert(self, **given):
        self.asked.append(given)
        if self.error is not None:
            raise self.error
        return "done"

    def close(self):
        self.closed = True


@pytest.fixture
def client(monkeypatch):
    made = Double()
    monkeypatch.setattr(pymilvus, "MilvusClient", lambda **given: made)
    return Client(MilvusPlace.of("milvus://host/products?timeout=2")), made


def test_a_call_has_the_places_timeout_and_one_that_must_not_be_repeated_has_none(client):
    asks, double = client
    assert asks.call("insert", data=[1]) == "done"
    asks.call("insert", timeout_s=60.0, data=[2])
    asks.call("insert", once=True, data=[3])
    shared = {"collection_name": "products"}
    assert double.asked == [
        {**shared, "timeout": 2.0, "data": [1]},
        {**shared, "timeout": 60.0, "data": [2]},
        {**shared, "timeout": None, "retry_times": 0, "data": [3]},
    ]


@pytest.mark.parametrize(("code", "lost"), [(2, True), (65535, False), (100, False)])
def test_only_a_lost_connection_is_made_anew(client, code, lost):
    asks, double = client
    double.error = pymilvus.MilvusException(code, "why")
    with pytest.raises(SearchUnavailableError, match="milvus://host:19530/products: insert: why"):
        asks.call("insert")
    assert double.closed is lost
    double.error = None
    if lost:
        with pytest.raises(SearchUnavailableError, match="a moment ago"):
            asks.call("insert")
    else:
        assert asks.call("insert") == "done"
