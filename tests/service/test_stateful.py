"""PUT, GET and DELETE in any order, compared with a dictionary that does the same; and chains of
requests by the links of the OpenAPI document.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.service.conftest import photo_bytes
from thatlook.core.records import normal_id

KEY = {"Authorization": "Bearer write-key-of-tests"}
IDS = st.sampled_from(["a", "10000", "10000.0", "caf\u00e9", "cafe\u0301", "a/b", "x y", "%2e"])
TITLES = st.text(min_size=1, max_size=20)


@pytest.fixture
def writer(serve, tmp_path):
    return serve(tmp_path, write_keys="shop:write-key-of-tests", write_rate="9999/second")


class Products(RuleBasedStateMachine):
    """What was put and not removed is there as it was put; nothing else is."""

    client: Any = None

    @initialize()
    def begin(self) -> None:
        self.model: dict[str, str] = {}
        self.catalog = self.client.app.state.service.engine.catalog
        self.catalog.remove([stored.product.id for stored in self.catalog.all_stored()])

    def _asked(self, method: str, product_id: str, part: str = "", **more: Any) -> Any:
        path = f"/v1/products/{quote(product_id, safe='')}{part}"
        return self.client.request(method, path, headers=KEY, **more)

    @rule(product_id=IDS, title=TITLES, shade=st.integers(0, 255))
    def put(self, product_id: str, title: str, shade: int) -> None:
        fields = json.dumps({"title": title, "category": "topwear"})
        picture = photo_bytes(40 + shade, 50)
        answer = self._asked(
            "PUT",
            product_id,
            files={"product": (None, fields), "image": ("a.jpg", picture, "image/jpeg")},
        )
        there = normal_id(product_id) in self.model
        assert answer.status_code == (200 if there else 201), answer.text
        self.model[normal_id(product_id)] = answer.json()["product"]["title"]

    @rule(product_id=IDS, title=st.sampled_from(["Hat", "Shirt"]))
    def put_words(self, product_id: str, title: str) -> None:
        answer = self._asked("PUT", product_id, json={"title": title, "category": "topwear"})
        if normal_id(product_id) in self.model:
            assert answer.status_code == 200, answer.text
            self.model[normal_id(product_id)] = title
        else:
            assert (answer.status_code, answer.json()["code"]) == (422, "picture_needed")

    @rule(product_id=IDS)
    def get(self, product_id: str) -> None:
        answer = self._asked("GET", product_id)
        title = self.model.get(normal_id(product_id))
        assert answer.status_code == (404 if title is None else 200), answer.text
        assert answer.json().get("title", "") == (title or "") or title is None

    @rule(product_id=IDS, part=st.sampled_from(["/image", "/similar"]))
    def get_part(self, product_id: str, part: str) -> None:
        answer = self._asked("GET", product_id, part)
        assert answer.status_code == (200 if normal_id(product_id) in self.model else 404)
        if part == "/similar" and answer.status_code == 200:
            shown = {match["product"]["id"] for match in answer.json()["matches"]}
            assert shown <= self.model.keys() - {normal_id(product_id)}

    @rule(product_id=IDS)
    def delete(self, product_id: str) -> None:
        there = self.model.pop(normal_id(product_id), None)
        answer = self._asked("DELETE", product_id)
        assert answer.status_code == (404 if there is None else 204), answer.text

    @rule()
    def all_stored(self) -> None:
        found = {stored.product.id: stored.product.title for stored in self.catalog.all_stored()}
        assert found == self.model


def test_products_put_read_and_removed_in_any_order(writer):
    class OfThisService(Products):
        client = writer

    run_state_machine_as_test(
        OfThisService,
        settings=settings(
            max_examples=15,
            phases=[Phase.generate],
            stateful_step_count=20,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_chains_by_the_links_of_the_document(tmp_path):
    linked = pytest.importorskip("tests.service.linked", reason="needs the dev dependencies")
    with linked.running(tmp_path) as (address, reset):
        counts = linked.run_chains(address, reset, examples=20, steps=8)
    product = "/v1/products/{product_id}"
    for asked in (f"PUT {product} 201", f"DELETE {product} 204", f"DELETE {product} 404"):
        assert counts[asked], counts
    assert sum(counts[f"GET {product}{part} 200"] for part in ("", "/image", "/similar")), counts
