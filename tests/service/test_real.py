"""`thatlook serve` with the networks that ship, as a process, on a part of the sample's shop."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("fastapi", reason="needs the extra serve")

import httpx2

import thatlook
from tests.service.double import SAMPLE
from tests.service.live import free_port, wait_ready

LOOK = SAMPLE / "images" / "looks" / "look_001.jpg"
WORN = {"topwear": "SP0002", "bottomwear": "SP0022"}
"""What the person in LOOK wears, by looks.jsonl."""
WRITE = "write-key-of-tests-1"


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every fourth product of the sample, and those worn."""
    folder = tmp_path_factory.mktemp("real")
    with (SAMPLE / "products.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    chosen = [row for n, row in enumerate(rows) if n % 4 == 0 or row["id"] in WORN.values()]
    with (folder / "feed.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(chosen)
    with thatlook.open(folder / "catalog") as engine:
        engine.index(folder / "feed.csv", SAMPLE, workers=0)
    return folder / "catalog"


@pytest.fixture(scope="module")
def client(catalog: Path) -> Iterator[httpx2.Client]:
    port = free_port()
    command = [sys.executable, "-m", "thatlook", "serve", "--catalog", str(catalog)]
    process = subprocess.Popen(
        [*command, "--port", str(port)],
        env=os.environ | {"THATLOOK_SERVE_WRITE_KEYS": f"t:{WRITE}"},
        stderr=subprocess.DEVNULL,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_ready(address)
        with httpx2.Client(base_url=address, timeout=60) as found:
            yield found
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def ask(client, path="/v1/recommendations", **fields):
    answer = client.post(path, files={"photo": ("a.jpg", LOOK.read_bytes())}, data=fields)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_look(client):
    look = ask(client, "/v1/looks", include="masks")
    assert look["person"]["full_shot"] is True
    assert {"topwear", "bottomwear"} <= {a["category"] for a in look["articles"]}
    assert any("mask" in article for article in look["articles"])


def test_what_is_worn_is_found(client):
    answer, worn = ask(client, k="5", gender="female"), dict(WORN)
    for found in answer["recommendations"]:
        wanted = worn.pop(found["category"], None)
        if wanted:
            assert wanted in [m["product"]["id"] for m in found["matches"]]
            assert found["passed"] > 0
    assert worn == {}


def test_a_drawn_box_and_refinement(client):
    box = ask(client, "/v1/looks")["articles"][0]["box"]
    fields = {"box": ",".join(map(str, box)), "box_category": "topwear", "gender": "any", "k": "3"}
    (found,) = ask(client, **fields)["recommendations"]
    first = found["matches"][0]["product"]["id"]
    (again,) = ask(client, **fields, disliked=first)["recommendations"]
    assert first not in [m["product"]["id"] for m in again["matches"]]
    (white,) = ask(client, **fields, in_color="white")["recommendations"]
    assert white["matches"]
    assert all("white" in m["product"]["color"] for m in white["matches"])


def test_similar_picture_and_put(client):
    found = client.get(f"/v1/products/{WORN['topwear']}/similar?k=3").json()
    assert {m["product"]["category"] for m in found["matches"]} == {"topwear"}
    assert client.get(f"/v1/products/{WORN['topwear']}/image").status_code == 200
    picture = (SAMPLE / "images" / "products" / "SP0002.jpg").read_bytes()
    parts = {
        "product": (None, '{"title": "The same shirt", "category": "topwear"}'),
        "image": ("a.jpg", picture),
    }
    key = {"Authorization": f"Bearer {WRITE}"}
    made = client.put("/v1/products/new-1", files=parts, headers=key)
    assert made.status_code == 201
    similar = client.get("/v1/products/new-1/similar?k=1").json()["matches"]
    assert similar[0]["product"]["id"] == WORN["topwear"]
    assert client.delete("/v1/products/new-1", headers=key).status_code == 204
