from __future__ import annotations

import pytest

from thatlook.core.errors import SettingsError
from thatlook.search.index.milvus import MilvusPlace


def test_what_an_address_says():
    place = MilvusPlace.of("milvus://db.shop.example/products", "secret")
    assert (place.host, place.port, place.collection) == ("db.shop.example", 19530, "products")
    assert (place.index, place.strong) == ("HNSW", False)
    assert place.build == {"M": 30, "efConstruction": 360}
    assert place.search_params(20) == {"metric_type": "IP", "params": {"ef": 512}}
    assert place.search_params(900)["params"] == {"ef": 900}
    assert str(place) == "milvus://db.shop.example:19530/products"
    assert place.password == "secret"
    assert "secret" not in repr(place)


def test_settings_are_in_the_address():
    place = MilvusPlace.of(
        "milvus://me@[::1]:2000/a_b?index=ivf_flat&nlist=64&nprobe=9"
        "&consistency=strong&partitions=16&timeout=0.5&tls=on&database=shop"
    )
    assert (place.user, place.host, place.port, place.database) == ("me", "::1", 2000, "shop")
    assert (place.build, place.ask) == ({"nlist": 64}, {"nprobe": 9})
    assert (place.strong, place.tls) == (True, True)
    assert (place.partitions, place.timeout_s) == (16, 0.5)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("milvus://host", "milvus://HOST:PORT/COLLECTION"),
        ("milvus:///a", "milvus://HOST:PORT/COLLECTION"),
        ("milvus://host/a-b", "letters, digits and '_'"),
        ("milvus://host/a/b", "letters, digits and '_'"),
        ("http://host/a", "milvus://HOST:PORT/COLLECTION"),
        ("milvus://host:0/a", "1 to 65535, not '0'"),
        ("milvus://host:x/a", "1 to 65535, not 'x'"),
        ("milvus://host/a?index=TREE", "index must be one of HNSW, FLAT"),
        ("milvus://host/a?efs=3", "did you mean ef"),
        ("milvus://host/a?index=FLAT&ef=3", "no setting 'ef' for the index FLAT"),
        ("milvus://host/a?ef=none", "ef must be a number of 1 or more, not 'none'"),
        ("milvus://host/a?timeout=0", "timeout must be a number of 0.1 or more"),
        ("milvus://host/a?consistency=eventual", "bounded, strong"),
        ("milvus://host/a?tls=yes", "tls must be one of on, off"),
    ],
)
def test_what_is_wrong_is_told(address, message):
    with pytest.raises(SettingsError, match=message):
        MilvusPlace.of(address)
