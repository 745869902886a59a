"""The two POST routes: what they answer, and what they refuse."""

from __future__ import annotations

import base64
import errno
import io
import json
import tempfile
from tempfile import SpooledTemporaryFile

import numpy as np
import pytest
from PIL import Image

from tests.service.conftest import photo_bytes
from thatlook.core.errors import FetchError
from thatlook.core.records import NEARNESS


def send(client, photo, path="/v1/recommendations", name="a.jpg", **fields):
    return client.post(path, files={"photo": (name, photo, "image/jpeg")}, data=fields)


def test_a_look(client, photo):
    answer = send(client, photo, "/v1/looks")
    assert answer.status_code == 200
    look = answer.json()
    assert (look["photo"], look["width"], look["height"]) == ("a.jpg", 240, 360)
    assert [a["category"] for a in look["articles"]] == ["topwear", "bottomwear", "footwear"]
    assert look["articles"][0]["box"] == [72.0, 64.8, 148.8, 165.6]
    assert len(look["person"]["keypoints"]) == 17
    assert set(look["timing_ms"]) >= {"decode", "article"}
    assert "mask" not in look["articles"][0]


def test_masks_on_request(client, photo):
    look = send(client, photo, "/v1/looks", include="masks").json()
    mask = look["articles"][0]["mask"]
    grey = np.asarray(Image.open(io.BytesIO(base64.b64decode(mask["png"]))))
    assert grey.shape == (12, 8)
    assert (grey[0, 0], grey[5, 4]) == (0, 255)
    assert mask["box"] == look["articles"][0]["box"]


def test_recommendations(client, photo):
    answer = send(client, photo, k="3").json()
    assert answer["accepted"] is True
    assert answer["reason"] is None
    assert [r["role"] for r in answer["recommendations"]].count("primary") == 1
    first = answer["recommendations"][0]
    assert len(first["matches"]) == 3
    scores = [m["score"] for m in first["matches"]]
    assert scores == sorted(scores, reverse=True)
    assert first["matches"][0]["reasons"]
    assert first["passed"] >= 3


def test_the_photo_itself_is_the_best_match_of_a_product(client, filled_folder):
    from tests.service.double import engine_on

    with engine_on(filled_folder) as engine:
        stored = next(s for s in engine.catalog.all_stored() if s.product.category == "topwear")
    with open(stored.image, "rb") as file:  # noqa: PTH123
        picture = file.read()
    box = ",".join(str(v) for v in stored.box.to_list())
    answer = send(client, picture, box=box, box_category="topwear", gender="any", k="1").json()
    (found,) = answer["recommendations"]
    assert found["matches"][0]["product"]["id"] == stored.product.id
    assert answer["look"]["articles"][0]["box"] == stored.box.to_list()


def test_requests_reach_the_engine(client, photo):
    everything = send(client, photo, gender="any", k="30").json()
    brands = {m["product"]["brand"] for r in everything["recommendations"] for m in r["matches"]}
    brand = min(brands)
    one = send(
        client,
        photo,
        gender="any",
        k="30",
        brands=[brand],
        categories=["topwear"],
        max_price="60",
        min_score="0",
    ).json()
    (only,) = one["recommendations"]
    assert only["category"] == "topwear"
    assert {m["product"]["brand"] for m in only["matches"]} <= {brand}
    prices = [float(m["product"]["price"].split()[0]) for m in only["matches"]]
    assert prices
    assert all(price <= 60 for price in prices)


def test_dislike_takes_a_product_away(client, photo):
    before = send(client, photo, categories=["topwear"]).json()["recommendations"][0]
    worst = before["matches"][0]["product"]["id"]
    after = send(client, photo, categories=["topwear"], disliked=[worst]).json()
    assert worst not in [m["product"]["id"] for m in after["recommendations"][0]["matches"]]
    again = send(client, photo, disliked=["no-such-product"])
    assert (again.status_code, again.json()["code"]) == (422, "unknown_product")


def test_every_match_says_how_near_it_is(client, photo):
    found = send(client, photo).json()["recommendations"]
    assert found
    for row in found:
        words = [match["nearness"] for match in row["matches"]]
        assert words == sorted(words, key=NEARNESS.index)
        assert row["matches"] or not row["passed"]


def test_a_wrong_category_can_be_corrected(client, photo):
    before = send(client, photo).json()["look"]["articles"]
    answer = send(client, photo, corrections=["topwear=outerwear", "1=dress"]).json()
    after = answer["look"]["articles"]
    assert [article["category"] for article in after] == ["outerwear", "dress", "footwear"]
    assert [article["box"] for article in after] == [article["box"] for article in before]
    rows = {row["article"]: row["category"] for row in answer["recommendations"]}
    assert rows == {0: "outerwear", 1: "dress", 2: "footwear"}
    for wrong in ("hat", "bag=dress", "7=dress"):
        refused = send(client, photo, corrections=[wrong])
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid")


def test_boosts_change_the_order_and_not_the_scores(client, photo):
    def asked(**more):
        search_request = {"categories": ["topwear"], "gender": "any", "k": "20"} | more
        found = send(client, photo, **search_request).json()["recommendations"][0]["matches"]
        return {m["product"]["id"]: m for m in found}

    plain = asked()
    last = list(plain)[-1]
    brand = plain[last]["product"]["brand"]
    boosted = asked(boosts=[f"brand={brand}:1"])
    assert list(boosted).index(last) < list(plain).index(last)
    assert boosted[last]["score"] == plain[last]["score"]
    for wrong in ("brand", "size=3:1", "brand=x:9"):
        assert send(client, photo, boosts=[wrong]).status_code == 422


def test_policy_full_refuses_with_words(client, photo, double):
    double.full_shot = False
    answer = send(client, photo, policy="full").json()
    assert answer["accepted"] is False
    assert "ankles" in answer["reason"]
    assert answer["recommendations"] == []


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"k": "0"}, "k"),
        ({"k": "many"}, "k"),
        ({"gender": "robot"}, "gender"),
        ({"age": "old"}, "age"),
        ({"categories": "hat"}, "categories.0"),
        ({"min_price": "-1"}, "min_price"),
        ({"min_price": "nan"}, "min_price"),
        ({"box": "1,2,3"}, "box"),
        ({"box": "1,2,3,inf"}, "box.3"),
        ({"diversity": "2"}, "diversity"),
        ({"colour": "red"}, "colour"),
        ({"include": "everything"}, "include.0"),
    ],
)
def test_impossible_requests_name_their_field(client, photo, fields, field):
    answer = send(client, photo, **fields)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["field"] == field


@pytest.mark.parametrize(
    "fields",
    [
        {"box": "10,10,50,50"},  # without its category
        {"box_category": "bag"},
        {"box": "50,50,10,10", "box_category": "bag"},
        {"box": "5000,5000,6000,6000", "box_category": "bag"},
    ],
)
def test_boxes_that_cannot_be(client, photo, fields):
    answer = send(client, photo, **fields)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_filters_that_nothing_passes_say_so(client, photo):
    answer = send(client, photo, min_price="50", max_price="10").json()
    assert [(r["matches"], r["passed"]) for r in answer["recommendations"]] == [([], 0)] * 3


def test_empty_fields_count_as_none(client, photo):
    assert send(client, photo, primary="", max_price="", brands="").status_code == 200


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a\x00b.jpg", "C:\\x\\y.jpg", "\u202egpj.exe"]
)
def test_file_names_are_shown_as_plain_words(client, photo, name):
    body = (
        b'--x\r\nContent-Disposition: form-data; name="photo"; filename="'
        + name.encode().replace(b"\\", b"\\\\")
        + b'"\r\n\r\n'
        + photo
        + b"\r\n--x--\r\n"
    )
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = client.post("/v1/looks", content=body, headers=kind)
    assert answer.status_code in {200, 400}
    if answer.status_code == 200:
        shown = answer.json()["photo"]
        assert not set("/\\") & set(shown)
        assert shown.isprintable()


def test_photo_url_is_off_by_default(client):
    answer = client.post("/v1/looks", json={"photo_url": "https://shop.example/a.jpg"})
    assert answer.status_code == 403
    assert answer.json()["code"] == "photo_url_is_off"


def test_photo_url_when_on(serve, photo):
    asked = []

    def fetch(url):
        asked.append(url)
        if "gone" in url:
            raise FetchError(f"{url}: leads to 10.1.2.3, which is not public")
        return photo

    client = serve(fetch=fetch, photo_url=True)
    answer = client.post("/v1/looks", json={"photo_url": "https://shop.example/p/a.jpg?token=1"})
    assert answer.status_code == 200
    assert answer.json()["photo"] == "a.jpg"
    assert asked == ["https://shop.example/p/a.jpg?token=1"]
    gone = client.post("/v1/looks", json={"photo_url": "https://gone.example/"})
    assert gone.status_code == 422
    assert "10.1.2.3" not in gone.text


def test_exif_is_not_echoed_and_rotation_is_applied(client):
    exif = Image.Exif()
    exif[0x0112] = 6  # rotated
    exif[0x010E] = "my secret place"
    data = photo_bytes(exif=exif)
    answer = send(client, data, "/v1/looks")
    assert (answer.json()["width"], answer.json()["height"]) == (360, 240)
    assert "secret" not in answer.text


def test_json_is_utf8_and_never_cached(client, photo):
    answer = send(client, photo, name="Größe.jpg")
    assert answer.headers["cache-control"] == "no-store"
    assert json.loads(answer.content.decode())["look"]["photo"] == "Größe.jpg"


def test_long_files_wait_on_the_disk_and_are_gone_afterwards(client, photo, monkeypatch):
    made = []

    def spooled(limit):
        made.append(SpooledTemporaryFile(limit))  # noqa: SIM115 - closed by the service
        return made[-1]

    monkeypatch.setattr("thatlook.service.forms.SpooledTemporaryFile", spooled)
    monkeypatch.setattr("thatlook.service.forms.IN_MEMORY_BYTES", 1000)
    files = {"photo": ("a.jpg", photo, "image/jpeg")}
    first = client.post("/v1/looks", files=files)
    assert first.status_code == 200
    assert made[0]._rolled
    monkeypatch.setattr("thatlook.service.forms.IN_MEMORY_BYTES", 10**7)
    second = client.post("/v1/looks", files=files)
    assert second.json()["articles"] == first.json()["articles"]
    assert not made[1]._rolled
    broken = b"--x\r\nContent-Disposition: form-data; name=photo; filename=a\r\n\r\n" + photo
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    assert client.post("/v1/looks", content=broken, headers=kind).status_code == 400
    assert [file.closed for file in made] == [True, True, True]


def test_a_disk_without_room_for_a_long_file_is_told(client, photo, monkeypatch, caplog):
    class Full(SpooledTemporaryFile):
        def write(self, data):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("thatlook.service.forms.SpooledTemporaryFile", Full)
    answer = send(client, photo)
    assert (answer.status_code, answer.json()["code"]) == (503, "no_room")
    assert answer.headers["Retry-After"]
    assert [record.error for record in caplog.records if record.message == "disk full"] == [
        f"{tempfile.gettempdir()}: No space left on device"
    ]
    assert "bug" not in caplog.messages
