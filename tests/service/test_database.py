"""A service whose products are in a database: it says when that is away, and goes on by itself."""

from __future__ import annotations

import logging

import pytest

from tests.proxy import proxy
from tests.service.double import engine_on
from tests.service.test_products import KEY, first_id, put

pytestmark = pytest.mark.parametrize("address", ["postgresql"], indirect=True)


@pytest.fixture
def writer(address, tmp_path, serve):
    """A client that may write, of a service on 40 products in PostgreSQL."""
    engine_on(tmp_path, count=40).close()
    return serve(tmp_path, write_keys="shop:write-key-of-tests")


def answers(client, photo, product_id):
    """Everything that a service does with its catalog."""
    photos = {"photo": ("a.jpg", photo)}
    return {
        "read": client.get(f"/v1/products/{product_id}"),
        "similar": client.get(f"/v1/products/{product_id}/similar?k=3"),
        "recommend": client.post("/v1/recommendations", files=photos),
        "words": client.get("/v1/search?q=shirt"),
        "info": client.get("/v1/info"),
        "put": put(client, "n-2"),
        "delete": client.delete("/v1/products/n-2", headers=KEY),
        "ready": client.get("/readyz"),
    }


def statuses(client, photo, product_id):
    found = answers(client, photo, product_id)
    return {name: answer.status_code for name, answer in found.items()}


def test_503_while_the_database_is_away_and_on_by_itself(writer, postgres, photo, caplog):
    caplog.set_level(logging.DEBUG)
    product_id = first_id(writer, photo)
    fine = statuses(writer, photo, product_id)
    assert set(fine.values()) <= {200, 201, 204}
    postgres.stop()
    try:
        for name, answer in answers(writer, photo, product_id).items():
            assert answer.status_code == 503, name
            assert int(answer.headers["Retry-After"]) > 0
            assert answer.json()["code"] == "catalog_unavailable"
            assert "127.0.0.1" not in answer.text  # where the database is stays in the log
        assert writer.get("/healthz").status_code == 200
        looks = writer.post("/v1/looks", files={"photo": ("a.jpg", photo)})
        assert looks.status_code == 200  # which needs no catalog
    finally:
        postgres.start()
    assert statuses(writer, photo, product_id) == fine
    logged = " ".join(str(vars(record)) for record in caplog.records)
    assert "Connection refused" in logged
    assert postgres.password not in logged


def test_a_network_that_is_cut_holds_nobody_longer_than_the_deadline(
    address, tmp_path, serve, postgres, photo
):
    """A cut that nobody is told of: what waits is answered in time, and all is as before after."""
    engine_on(tmp_path, count=40).close()
    file = address.folder / "catalog.toml"
    with proxy(postgres.port) as network:
        file.write_text(file.read_text().replace(str(postgres.port), str(network.port)))
        client = serve(tmp_path, write_keys="shop:write-key-of-tests", deadline_s=1.5)
        product_id = first_id(client, photo)
        network.cut()
        asked = client.get(f"/v1/products/{product_id}")
        assert (asked.status_code, asked.json()["code"]) == (503, "deadline")
        assert int(asked.headers["Retry-After"]) > 0
        assert client.get("/healthz").status_code == 200
        network.mend()
        while client.get("/readyz").status_code != 200:
            pass
        assert put(client, "n-3").status_code == 201
        assert client.get("/v1/products/n-3").status_code == 200


def test_services_share_a_database(writer, address, tmp_path, serve, photo):
    """What one puts the other finds, its picture too; what one removes the other forgets."""
    other = serve(tmp_path)
    assert put(writer, "n-1").status_code == 201
    assert other.get("/v1/products/n-1").json()["title"] == "Striped shirt"
    assert other.get("/v1/products/n-1/image").status_code == 200
    assert writer.delete("/v1/products/n-1", headers=KEY).status_code == 204
    assert other.get("/v1/products/n-1").status_code == 404
