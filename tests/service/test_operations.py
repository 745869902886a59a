"""Health, readiness, metrics, the info, the page's files."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.service.conftest import photo_bytes
from tests.service.double import engine_on
from tests.service.live import in_thread
from thatlook.core.taxonomy import CATEGORIES, drawing_colors, shown_names, taken_for_another
from thatlook.service import metrics, pages
from thatlook.service.app import create_app
from thatlook.service.settings import ServiceSettings

STATIC = pages.STATIC


def test_health_and_readiness(client):
    assert client.get("/healthz").json() == {"status": "alive"}
    assert client.get("/readyz").json() == {"status": "ready"}
    client.app.state.service.ready = False
    assert client.get("/readyz").status_code == 503


def test_metrics_tell_of_requests_stages_errors_and_cache(client):
    client.post("/v1/looks", files={"photo": ("a.jpg", photo_bytes(), "image/jpeg")})
    client.post("/v1/looks", files={"photo": ("a.jpg", b"junk", "image/jpeg")})
    text = client.get("/metrics").text
    assert 'thatlook_requests_total{method="POST",route="/v1/looks",status="200"}' in text
    assert 'thatlook_stage_seconds_bucket{le="0.005",stage="decode"}' in text
    assert 'thatlook_photo_errors_total{code="unsupported_format"}' in text
    assert "thatlook_queue_waiting 0.0" in text
    assert "thatlook_queue_running" in text


def test_unknown_addresses_do_not_grow_the_metrics(client):
    for number in range(5):
        client.get(f"/nowhere/{number}")
    client.request("BREW", "/")
    text = client.get("/metrics").text
    assert "/nowhere" not in text
    assert "BREW" not in text


def test_gauges_of_dead_workers_are_forgotten(tmp_path):
    done = subprocess.Popen([sys.executable, "-c", ""])  # a process id that is gone
    done.wait()
    dead = tmp_path / f"gauge_livesum_{done.pid}.db"
    mine = tmp_path / f"gauge_livesum_{os.getpid()}.db"
    kept = tmp_path / f"counter_{done.pid}.db"
    for file in (dead, mine, kept):
        file.touch()
    metrics.forget_dead(tmp_path)
    assert not dead.exists()
    assert mine.exists()
    assert kept.exists()


def test_info(client):
    info = client.get("/v1/info").json()
    assert info["products"] == 40
    assert sum(info["categories"].values()) == 40
    assert info["colors"]["black"].startswith("#")
    assert info["photo_url"] is False


def test_errors_of_the_router_are_problems(client):
    for answer, status in (
        (client.get("/nowhere"), 404),
        (client.get("/v1/looks"), 405),
        (client.get("/examples/x.jpg"), 404),
        (client.get("/static/none.js"), 404),
    ):
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/healthz", 200),
        ("/readyz", 200),
        ("/", 200),
        ("/openapi.json", 200),
        ("/metrics", 200),
        ("/v1/info", 200),
        ("/v1/products/SP0002", 200),
        ("/v1/products/SP0002/similar?k=3", 200),
        ("/v1/products/SP0002/image", 200),
        ("/v1/products/nothing", 404),
        ("/static/none.js", 404),
        ("/v1/looks", 405),
    ],
)
def test_head_is_answered_as_get_without_the_body(client, path, status):
    head, get = client.head(path), client.get(path)
    assert (head.status_code, head.content) == (get.status_code, b"") == (status, b"")
    own = {"x-request-id"} | ({"content-length"} if path == "/metrics" else set())  # it counts
    assert [h for h in head.headers.items() if h[0] not in own] == [
        h for h in get.headers.items() if h[0] not in own
    ]


def test_a_connection_goes_on_after_head(filled_folder, double):
    app = create_app(ServiceSettings(), lambda: engine_on(filled_folder, double, 0))
    with in_thread(app) as base, closing(HTTPConnection(urlsplit(base).netloc)) as connection:
        lengths = []
        for method in ("HEAD", "HEAD", "GET"):
            connection.request(method, "/v1/info")
            answer = connection.getresponse()
            lengths.append((answer.headers["content-length"], len(answer.read())))
    length = lengths[2][1]
    assert length > 100
    assert lengths == [(str(length), 0), (str(length), 0), (str(length), length)]


def test_head_is_counted_as_head(client):
    client.head("/v1/products/SP0002")
    route = 'method="HEAD",route="/v1/products/{product_id:path}",status="200"'
    assert f"thatlook_requests_total{{{route}}}" in client.get("/metrics").text


def test_a_bug_is_a_problem_without_its_trace(client, double, caplog):
    def broken(*_):
        raise ZeroDivisionError("deep inside")

    double.parse = broken
    answer = client.post("/v1/looks", files={"photo": ("a.jpg", photo_bytes(), "image/jpeg")})
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal"
    assert "deep inside" not in answer.text
    assert "deep inside" in caplog.text


def test_examples_are_there(client):
    for name in pages.EXAMPLES:
        answer = client.get(f"/examples/{name}.jpg")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg")


@pytest.mark.parametrize(
    ("path", "kind", "cache"),
    [
        ("/static/categories.js", "text/javascript", "no-cache"),
        ("/static/categories.css", "text/css", "no-cache"),
        ("/embed.js", "text/javascript", "max-age=300"),
    ],
)
def test_what_is_made_of_the_taxonomy_can_be_cached(client, path, kind, cache):
    answer = client.get(path)
    assert answer.headers["content-type"] == f"{kind}; charset=utf-8"
    assert answer.headers["cache-control"] == cache
    tag = {"If-None-Match": answer.headers["etag"]}
    again = client.get(path, headers=tag)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == answer.headers["etag"]
    assert client.get(path, headers={"If-None-Match": '"old"'}).content == answer.content


def test_names_and_colors_of_the_categories(client):
    names = json.dumps(shown_names())
    taken = json.dumps(taken_for_another())
    made = f"export const NAMES = {names};\nexport const TAKEN_FOR = {taken};\n"
    assert client.get("/static/categories.js").text == made
    colors = client.get("/static/categories.css").text
    assert colors.splitlines() == [
        f".c-{name} {{ --c: {color}; }}" for name, color in drawing_colors().items()
    ]
    text = client.get("/embed.js").text
    assert f'"names": {names}' in text
    assert pages.NO_TEXTS not in text


def test_no_category_is_written_into_the_page():
    for file in STATIC.iterdir():
        text = file.read_text(encoding="utf-8")
        for name in CATEGORIES:
            assert not re.search(rf"c-{name}|\b{name}: ", text), file.name


def test_the_page_uses_nothing_from_elsewhere():
    files = list(STATIC.iterdir())
    assert len(files) > 3
    for file in files:
        text = file.read_text(encoding="utf-8")
        for address in ("http://", "https://", "//cdn", "@import"):
            for line in text.splitlines():
                if address in line and file.name != "icon.svg":
                    told = (
                        "w3.org",
                        "placeholder",
                        "example",
                        "protocol",
                        "RegExp",
                        "https?",
                        "without https",
                    )
                    assert any(word in line for word in told), f"{file.name}: {line}"


@pytest.mark.parametrize(
    "word", ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("]
)
def test_products_are_never_set_as_html(word):
    files = list(STATIC.glob("*.js"))
    assert files
    for file in files:
        assert word not in file.read_text(encoding="utf-8"), file.name


def test_the_page_has_no_inline_script_or_style():
    text = (STATIC / "index.html").read_text(encoding="utf-8")
    assert "<style" not in text
    assert " style=" not in text
    assert " on" not in [part[:3] for part in text.split("<script")[0].split("=")]
    assert text.count("<script") == 1
    assert Path(STATIC / "app.js").exists()
