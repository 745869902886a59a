"""Keys, rates, limits, headers, logs: who may ask, and what an answer gives away."""

from __future__ import annotations

import json
import logging

import pytest

from tests.service.conftest import photo_bytes
from thatlook.core.errors import SettingsError
from thatlook.service.envelope import HEADERS
from thatlook.service.keys import Guard, network_of
from thatlook.service.logs import JsonLines
from thatlook.service.settings import ServiceSettings

READ, WRITE = "read-key-of-tests-1", "write-key-of-tests-1"


def bearer(key):
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture
def locked(serve, tmp_path):
    return serve(tmp_path, read_keys=f"app:{READ}", write_keys=f"shop:{WRITE}")


def test_without_keys_reading_is_open_and_writing_off(client):
    assert client.get("/v1/info").json()["key_needed"] is False
    answer = client.delete("/v1/products/x", headers=bearer("whatever"))
    assert (answer.status_code, answer.json()["code"]) == (403, "writing_is_off")


@pytest.mark.parametrize("path", ["/v1/products/x", "/v1/products/x/similar", "/metrics"])
def test_reading_needs_a_key_where_there_are_keys(locked, path):
    bare = locked.get(path)
    assert (bare.status_code, bare.json()["code"]) == (401, "key")
    assert "Bearer" in bare.headers["www-authenticate"]
    assert locked.get(path, headers=bearer("wrong")).status_code == 401
    assert locked.get(path, headers=bearer(READ)).status_code in {200, 404}
    assert locked.get(path, headers=bearer(WRITE)).status_code in {200, 404}


def test_photos_need_a_key_before_their_body_is_read(locked):
    answer = locked.post("/v1/looks", content=b"junk", headers={"Content-Type": "text/plain"})
    assert answer.status_code == 401


def test_a_read_key_cannot_write(locked):
    answer = locked.delete("/v1/products/x", headers=bearer(READ))
    assert (answer.status_code, answer.json()["code"]) == (403, "read_key")
    assert locked.delete("/v1/products/x", headers=bearer("wrong")).status_code == 401
    assert locked.delete("/v1/products/x", headers=bearer(WRITE)).status_code == 404


@pytest.mark.parametrize("path", ["/", "/healthz", "/readyz", "/v1/info", "/openapi.json"])
def test_what_is_always_open(locked, path):
    assert locked.get(path).status_code == 200


def test_each_key_has_its_own_rate(serve):
    keys = f"a:{READ},b:{WRITE}"
    client = serve(read_keys=keys, rate="2/minute")
    photo = {"photo": ("a.jpg", photo_bytes(), "image/jpeg")}

    def ask(key):
        return client.post("/v1/looks", files=photo, headers=bearer(key))

    assert [ask(READ).status_code for _ in range(3)] == [200, 200, 429]
    assert ask(WRITE).status_code == 200
    late = ask(READ)
    assert int(late.headers["retry-after"]) >= 1
    assert late.json()["code"] == "rate"
    assert client.get("/v1/products/x", headers=bearer(READ)).status_code == 404  # another rate


def test_failed_keys_are_counted_and_right_ones_go_on(serve, tmp_path):
    client = serve(tmp_path, read_keys=f"app:{READ}", failed_rate="3/minute")
    path = "/v1/products/x"
    wrong = [client.get(path, headers=bearer(f"guess-{n}")) for n in range(3)]
    assert [answer.status_code for answer in wrong] == [401, 401, 401]
    late = client.get(path)  # no key is a failed one too
    assert (late.status_code, late.json()["code"]) == (429, "rate")
    assert int(late.headers["retry-after"]) >= 1
    assert client.get(path, headers=bearer(READ)).status_code == 404


def test_ipv6_callers_are_counted_by_their_network():
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff") == "2001:db8::/64"
    assert network_of("10.0.0.1") == "10.0.0.1"
    assert network_of("testclient") == "testclient"


@pytest.mark.parametrize(
    "settings",
    [
        {"read_keys": "nokey"},
        {"read_keys": "a:short"},
        {"write_keys": f"a:{READ},a:{WRITE}"},
        {"keys_file": "/no/such/file"},
        {"rate": "often"},
    ],
)
def test_keys_and_rates_that_cannot_be(settings):
    with pytest.raises(SettingsError) as error:
        Guard(ServiceSettings(**settings))
    assert READ not in str(error.value)


def test_a_file_of_keys(tmp_path):
    file = tmp_path / "keys"
    file.write_text(f"# ours\nread app:{READ}\n\nwrite shop:{WRITE}\n", encoding="utf-8")
    keys = ServiceSettings(keys_file=str(file)).keys()
    assert keys == {"read": {"app": READ}, "write": {"shop": WRITE}}
    file.write_text("admin x:y", encoding="utf-8")
    with pytest.raises(SettingsError, match="line 1"):
        ServiceSettings(keys_file=str(file)).keys()


@pytest.mark.parametrize("path", ["/", "/static/app.js", "/healthz", "/nowhere", "/openapi.json"])
def test_every_answer_has_the_headers(client, path):
    headers = client.get(path).headers
    for name, value in HEADERS.items():
        assert headers[name] == value
    assert len(headers["x-request-id"]) >= 8
    assert headers["cache-control"] in {"no-cache", "no-store"}


def test_cors_is_off_by_default_and_named_when_on(client, serve):
    asked = {"Origin": "https://shop.example"}
    assert "access-control-allow-origin" not in client.get("/v1/info", headers=asked).headers
    shop = serve(cors_origins="https://shop.example")
    allowed = shop.get("/v1/info", headers=asked)
    assert allowed.headers["access-control-allow-origin"] == "https://shop.example"
    other = shop.get("/v1/info", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in other.headers
    before = asked | {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    preflight = shop.options("/v1/recommendations", headers=before)
    assert preflight.status_code == 200
    assert "POST" in preflight.headers["access-control-allow-methods"]


def test_the_script_for_shops_may_be_used_elsewhere(client):
    answer = client.get("/embed.js")
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["content-type"].startswith("text/javascript")


def test_request_ids_are_kept_when_plain(client):
    given = client.get("/healthz", headers={"X-Request-Id": "order-4711-a"})
    assert given.headers["x-request-id"] == "order-4711-a"
    odd = client.get("/healthz", headers={"X-Request-Id": "a b\tc"})
    assert odd.headers["x-request-id"] != "a b\tc"
    gone = client.get("/nowhere", headers={"X-Request-Id": "order-4711-b"})
    assert gone.json()["request_id"] == "order-4711-b"


def test_the_log_has_no_photo_no_key_no_query(locked, caplog):
    with caplog.at_level(logging.DEBUG, logger="thatlook"):
        files = {"photo": ("private-name.jpg", photo_bytes(), "image/jpeg")}
        locked.post("/v1/looks?token=hush", files=files, headers=bearer(READ))
        locked.get("/v1/products/x?secret=hush", headers=bearer("wrong-key-of-tests"))
    lines = [json.loads(JsonLines().format(record)) for record in caplog.records]
    requests = [line for line in lines if line["event"] == "request"]
    assert [line["status"] for line in requests] == [200, 401]
    assert requests[0]["caller"] == "key app"
    assert requests[0]["route"] == "/v1/looks"
    text = json.dumps(lines)
    for secret in (READ, "wrong-key", "private-name", "hush"):
        assert secret not in text


def test_photos_at_a_time_share_the_cores(monkeypatch):
    monkeypatch.setattr("thatlook.service.settings.available_cores", lambda: 8)
    shares = {
        (w, t): (s.at_a_time, s.network_threads)
        for w, t in [(1, 0), (2, 0), (16, 0), (1, 2), (2, 2), (4, 8)]
        for s in [ServiceSettings(workers=w, threads=t)]
    }
    assert shares == {
        (1, 0): (8, 1), (2, 0): (4, 1), (16, 0): (1, 1), (1, 2): (2, 4), (2, 2): (2, 2),
        (4, 8): (8, 1),
    }  # fmt: skip


def test_settings_from_the_environment():
    found = ServiceSettings.load(
        {"THATLOOK_SERVE_QUEUE": "3", "THATLOOK_SERVE_PHOTO_URL": "on", "OTHER": "1"}, threads=5
    )
    assert (found.queue, found.photo_url, found.threads) == (3, True, 5)
    assert ServiceSettings.load(found.to_environment()) == found
    for wrong in ({"QUEUE": "some"}, {"PHOTO_URL": "maybe"}, {"QEUE": "1"}, {"THREADS": "-1"}):
        with pytest.raises(SettingsError):
            ServiceSettings.load({f"THATLOOK_SERVE_{k}": v for k, v in wrong.items()})


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        (("QEUE", "1"), "variable THATLOOK_SERVE_QEUE; did you mean THATLOOK_SERVE_QUEUE?"),
        (("XYZZY", "1"), "variable THATLOOK_SERVE_XYZZY; known are CATALOG, THREADS, QUEUE,"),
        (("QUEUE", "some"), "THATLOOK_SERVE_QUEUE must be a int, not 'some'"),
        (("PHOTO_URL", "maybe"), "THATLOOK_SERVE_PHOTO_URL must be on or off, not 'maybe'"),
    ],
)
def test_a_wrong_variable_is_named_with_what_was_expected(variable, message):
    with pytest.raises(SettingsError) as error:
        ServiceSettings.load({f"THATLOOK_SERVE_{variable[0]}": variable[1]})
    assert message in str(error.value)
