"""Products by HTTP: read, similar, picture, put, delete."""

from __future__ import annotations

import errno
import io
import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from tests.service.conftest import photo_bytes
from tests.service.double import Double, engine_on
from thatlook.core.errors import CatalogError, CatalogReadOnlyError
from thatlook.store.catalog import Catalog
from thatlook.store.catalog.versions import snapshot

KEY = {"Authorization": "Bearer write-key-of-tests"}


@pytest.fixture
def writer(serve, tmp_path):
    return serve(tmp_path, write_keys="shop:write-key-of-tests", photo_url=False)


def put(client, product_id="n-1", picture=None, key=KEY, **fields):
    fields = {"title": "Striped shirt", "category": "topwear", "price": "19.90 EUR"} | fields
    parts = {"product": (None, json.dumps(fields))}
    parts["image"] = ("p.jpg", picture or photo_bytes(), "image/jpeg")
    return client.put(f"/v1/products/{product_id}", files=parts, headers=key)


def pictures_in(folder):
    return [path for path in sorted((folder / "catalog" / "pictures").rglob("*")) if path.is_file()]


def first_id(client, photo):
    answer = client.post("/v1/recommendations", files={"photo": ("a.jpg", photo)}).json()
    return answer["recommendations"][0]["matches"][0]["product"]["id"]


def test_read_and_similar(client, photo):
    product_id = first_id(client, photo)
    product = client.get(f"/v1/products/{product_id}").json()
    assert product["id"] == product_id
    found = client.get(f"/v1/products/{product_id}/similar?k=3").json()
    assert found["product"] == product
    assert len(found["matches"]) == 3
    assert product_id not in [m["product"]["id"] for m in found["matches"]]
    assert client.get(f"/v1/products/{product_id}/similar?k=3&max_price=").json() == found
    cheap = client.get(f"/v1/products/{product_id}/similar?k=50&max_price=50").json()
    prices = [float(m["product"]["price"].split()[0]) for m in cheap["matches"]]
    assert prices
    assert all(price <= 50 for price in prices)


def pages(client, **query):
    """The answers of all pages, four products each."""
    found, offset = [], 0
    while not found or found[-1]["products"]:
        found.append(client.get("/v1/products", params=query | {"k": 4, "offset": offset}).json())
        offset += 4
    return found


def test_all_products_in_pages(client):
    counted = client.get("/v1/info").json()["products"]
    found = pages(client)
    ids = [product["id"] for page in found for product in page["products"]]
    assert len(ids) == len(set(ids)) == counted
    assert {page["total"] for page in found} == {counted}
    assert found[0] == client.get("/v1/products?k=4").json()
    assert client.get(f"/v1/products/{ids[0]}").json() == found[0]["products"][0]


def test_products_are_filtered_and_searched(client):
    dresses = [one for page in pages(client, category="dress") for one in page["products"]]
    assert dresses
    assert {one["category"] for one in dresses} == {"dress"}
    cheap = client.get("/v1/products?max_price=40&k=50").json()
    assert 0 < cheap["total"] == len(cheap["products"])
    assert all(float(one["price"].split()[0]) <= 40 for one in cheap["products"])
    found = client.get("/v1/products?q=blue+dress").json()
    assert found["products"][0]["category"] == "dress"
    assert [chip["key"] for chip in found["understood"]][:2] == ["color:blue", "type:dress"]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/v1/products?colour=red", "query.colour there is no such field; did you mean colors?"),
        ("/v1/search?zzz=1", "query.zzz there is no such field"),
        ("/v1/products/x/similar?min_prise=1", "did you mean min_price"),
        ("/v1/search?q=red&gender=women", "query.gender did you mean female? Input should be"),
        ("/v1/search?q=red&category=shoe", "query.category did you mean footwear? Input should"),
        ("/v1/search?q=red&gender=qqq", "query.gender Input should be 'auto'"),
    ],
)
def test_a_misspelt_field_is_told_the_nearest(client, path, said):
    answer = client.get(path)
    assert answer.status_code == 422
    assert said in answer.json()["detail"]


def test_a_shops_word_in_a_form_is_told_the_choice(client, photo):
    files = {"photo": ("a.jpg", photo)}
    answer = client.post("/v1/recommendations", files=files, data={"gender": "women"})
    assert answer.status_code == 422
    assert "did you mean female? Input should be" in answer.json()["detail"]


def test_a_misspelt_field_of_a_form_is_told_the_nearest(client, photo):
    given = {"categorys": "dress"}
    files = {"photo": ("a.jpg", photo)}
    answer = client.post("/v1/recommendations", files=files, data=given)
    assert "did you mean categories" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["", "/similar", "/image"])
def test_an_unknown_product(client, path):
    answer = client.get(f"/v1/products/no-such-thing{path}")
    assert answer.status_code == 404
    assert answer.json()["code"] == "unknown_product"


def test_the_picture_in_three_sizes_and_its_tag(client, photo):
    product_id = first_id(client, photo)
    sides = {}
    for size in ("small", "medium", "large"):
        answer = client.get(f"/v1/products/{product_id}/image?size={size}")
        assert answer.headers["content-type"] == "image/jpeg"
        sides[size] = max(Image.open(io.BytesIO(answer.content)).size)
    assert sides["small"] == 240
    assert sides["small"] < sides["medium"] <= sides["large"]
    tag = {"If-None-Match": answer.headers["etag"]}
    again = client.get(f"/v1/products/{product_id}/image?size=large", headers=tag)
    assert (again.status_code, again.content) == (304, b"")


def test_a_picture_has_no_metadata(writer):
    exif = Image.Exif()
    exif[0x010E] = "my secret place"
    put(writer, picture=photo_bytes(exif=exif))
    assert b"secret" not in writer.get("/v1/products/n-1/image").content


def test_put_find_replace_delete(writer):
    made = put(writer)
    assert (made.status_code, made.json()["created"]) == (201, True)
    assert made.json()["product"]["price"] == "19.90 EUR"
    assert writer.get("/v1/products/n-1").json()["title"] == "Striped shirt"
    found = writer.post("/v1/recommendations", files={"photo": ("a.jpg", photo_bytes())}).json()
    ids = [m["product"]["id"] for r in found["recommendations"] for m in r["matches"]]
    assert ids == ["n-1"]
    again = put(writer, title="Another shirt")
    assert (again.status_code, again.json()["created"]) == (200, False)
    assert writer.delete("/v1/products/n-1", headers=KEY).status_code == 204
    assert writer.get("/v1/products/n-1").status_code == 404
    assert writer.delete("/v1/products/n-1", headers=KEY).status_code == 404


def test_pictures_of_replaced_and_deleted_products_go(writer, tmp_path):
    put(writer)
    put(writer, picture=photo_bytes(100, 200))
    assert len(pictures_in(tmp_path)) == 1
    writer.delete("/v1/products/n-1", headers=KEY)
    assert pictures_in(tmp_path) == []


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (CatalogError("the disk is full"), 503, "catalog_unavailable"),
        (CatalogReadOnlyError("/a/secret/place"), 403, "catalog_read_only"),
    ],
)
def test_a_put_that_fails_leaves_no_picture(
    error, status, code, writer, tmp_path, photo, monkeypatch
):
    def fail(catalog, rows):
        raise error

    put(writer, "n-1")
    kept = pictures_in(tmp_path)
    monkeypatch.setattr(Catalog, "upsert", fail)
    for product_id in ("n-1", "n-2"):
        answer = put(writer, product_id, picture=photo)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
        assert str(error) not in answer.text
    assert pictures_in(tmp_path) == kept
    assert len(kept) == 1


def test_a_picture_that_does_not_fit_on_the_disk_leaves_nothing(writer, tmp_path, monkeypatch):
    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    answer = put(writer)
    assert (answer.status_code, answer.json()["code"]) == (503, "catalog_unavailable")
    assert pictures_in(tmp_path) == []
    assert writer.get("/v1/products/n-1").status_code == 404


def test_a_put_that_is_removed_at_once_is_answered_all_the_same(writer, monkeypatch):
    upsert = Catalog.upsert

    def upsert_and_remove(catalog, rows):
        sequence = upsert(catalog, rows)
        catalog.remove([row.product.id for row in rows])  # as another caller may
        return sequence

    monkeypatch.setattr(Catalog, "upsert", upsert_and_remove)
    answer = put(writer)
    assert (answer.status_code, answer.json()["product"]["id"]) == (201, "n-1")
    assert writer.get("/v1/products/n-1").status_code == 404


def test_put_without_picture_keeps_the_one_there(writer):
    first = put(writer).json()
    changed = writer.put(
        "/v1/products/n-1", json={"title": "Now cheaper", "category": "topwear"}, headers=KEY
    )
    assert changed.status_code == 200
    assert changed.json()["box"] == first["box"]
    assert writer.get("/v1/products/n-1/image").status_code == 200
    moved = writer.put("/v1/products/n-1", json={"category": "dress"}, headers=KEY)
    assert moved.json()["product"]["category"] == "dress"


def test_a_category_that_only_the_picture_tells(serve, tmp_path, double):
    double.told = "bottomwear"
    writer = serve(tmp_path, write_keys="shop:write-key-of-tests")
    named = {"title": "Model 4711", "category": "", "product_type": ""}
    assert put(writer, **named).json()["product"]["category"] == "bottomwear"
    again = writer.put("/v1/products/n-1", json={"title": "Model 4712"}, headers=KEY).json()
    assert again["product"]["category"] == "bottomwear"
    assert again["product"]["title"] == "Model 4712"


def test_a_version_shows_the_pictures_of_its_catalog(serve, tmp_path):
    writer = serve(tmp_path, write_keys="shop:write-key-of-tests")
    put(writer)
    with Catalog.open(tmp_path / "catalog", create=False) as catalog:
        folder = snapshot(catalog, "catalog")
    version = serve(folder.parent)
    assert version.get("/v1/products/n-1/image").status_code == 200
    # Replaced or removed in the catalog, the picture stays for the version that shows it.
    put(writer, picture=photo_bytes(100, 200))
    writer.delete("/v1/products/n-1", headers=KEY)
    assert version.get("/v1/products/n-1/image?size=medium").status_code == 200


def test_the_category_is_read_from_words(writer):
    found = put(writer, category="", product_type="Apparel > Shoes > Boots", gender="").json()
    assert found["product"]["category"] == "footwear"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"price": "cheap"}, "invalid_product"),
        ({"category": "hat"}, "invalid"),
        ({"id": "another"}, "invalid"),
        ({"colour": "red"}, "invalid"),
        ({"title": "x" * 3000}, "invalid"),
    ],
)
def test_products_that_cannot_be(writer, fields, code):
    answer = put(writer, **fields)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_a_new_product_needs_a_picture_that_can_be_read(writer):
    bare = writer.put("/v1/products/n-2", json={"title": "x"}, headers=KEY)
    assert (bare.status_code, bare.json()["code"]) == (422, "picture_needed")
    linked = {"title": "x", "image_link": "https://shop.example/p.jpg"}
    off = writer.put("/v1/products/n-2", json=linked, headers=KEY)
    assert (off.status_code, off.json()["code"]) == (403, "image_link_is_off")
    broken = put(writer, picture=b"not a photo")
    assert (broken.status_code, broken.json()["code"]) == (415, "unsupported_format")
    assert writer.get("/v1/products/n-1").status_code == 404


def test_image_link_is_fetched_when_on(serve, tmp_path):
    asked = []

    def fetch(url):
        asked.append(url)
        return photo_bytes()

    client = serve(tmp_path, fetch, write_keys="a:write-key-of-tests", image_link=True)
    body = {"title": "x", "category": "bag", "image_link": "https://shop.example/p.jpg"}
    assert client.put("/v1/products/l-1", json=body, headers=KEY).status_code == 201
    assert (
        client.put("/v1/products/l-1", json=body | {"title": "y"}, headers=KEY).status_code == 200
    )
    assert asked == ["https://shop.example/p.jpg"]  # the same link is not fetched twice


@pytest.mark.parametrize(
    "product_id", ["a%2Fb", "%C3%A4%20b", "..%2F..%2Fetc", "a.b-c_1", "%F0%9F%91%97"]
)
def test_ids_of_all_kinds(writer, product_id):
    assert put(writer, product_id).status_code == 201
    assert writer.get(f"/v1/products/{product_id}").status_code == 200
    assert writer.get(f"/v1/products/{product_id}/image").status_code == 200
    assert writer.delete(f"/v1/products/{product_id}", headers=KEY).status_code == 204


@pytest.mark.parametrize("product_id", ["%00", "a%00b", "x" * 256, "%0a", "%FF"])
def test_odd_ids_are_stored_or_refused_never_a_crash(writer, product_id):
    assert put(writer, product_id).status_code in {201, 422}
    assert writer.get(f"/v1/products/{product_id}").status_code in {200, 404, 422}
    assert writer.delete(f"/v1/products/{product_id}", headers=KEY).status_code in {204, 404, 422}


@pytest.mark.parametrize(
    ("address", "product_id"),
    [
        ("15970.0", "15970.0"),  # what a spreadsheet writes counts in feeds alone
        ("007.00", "007.00"),
        ("%20lead", "lead"),
        ("lead%20%C2%A0", "lead"),
        ("cafe%CC%81", "caf\u00e9"),
        ("caf%C3%A9", "caf\u00e9"),
    ],
)
def test_an_id_means_one_product_whatever_is_done_with_it(writer, address, product_id):
    made = put(writer, address)
    assert (made.status_code, made.json()["product"]["id"]) == (201, product_id)
    where = f"/v1/products/{address}"
    assert writer.get(where).json()["id"] == product_id
    assert writer.get(f"{where}/image").status_code == 200
    assert writer.get(f"{where}/similar").json()["product"]["id"] == product_id
    assert writer.get(f"{where}/look").status_code == 200
    assert put(writer, address, id=product_id).status_code == 200
    assert writer.delete(where, headers=KEY).status_code == 204
    assert writer.get(where).status_code == 404


def test_a_number_with_a_fraction_is_another_product(writer):
    put(writer, "10000", title="Own")
    made = put(writer, "10000.0", title="Other")
    assert (made.status_code, made.json()["created"]) == (201, True)
    assert writer.get("/v1/products/10000").json()["title"] == "Own"
    assert put(writer, "10000", id="10000.0").status_code == 422
    assert writer.delete("/v1/products/10000.0", headers=KEY).status_code == 204
    assert writer.get("/v1/products/10000").status_code == 200


def test_ids_in_a_request_are_read_as_in_an_address(writer):
    put(writer, "caf%C3%A9")

    def found(**fields):
        photo = {"photo": ("a.jpg", photo_bytes())}
        answer = writer.post("/v1/recommendations", files=photo, data=fields).json()
        return [m["product"]["id"] for r in answer["recommendations"] for m in r["matches"]]

    assert found() == ["caf\u00e9"]
    assert found(liked=" cafe\u0301") == ["caf\u00e9"]
    assert found(exclude_ids="cafe\u0301 ") == []
    assert found(disliked=" cafe\u0301") == []


def test_what_is_out_of_stock_is_not_recommended(writer, serve, tmp_path, monkeypatch):
    put(writer, "here", picture=photo_bytes(200, 300))
    put(writer, "sold", title="Other shirt", availability="Out of Stock")

    def found(client, **fields):
        photo = {"photo": ("a.jpg", photo_bytes())}
        answer = client.post("/v1/recommendations", files=photo, data=fields).json()
        return {m["product"]["id"] for r in answer["recommendations"] for m in r["matches"]}

    def similar(client, query=""):
        answer = client.get(f"/v1/products/here/similar{query}").json()
        return [(m["product"]["id"], m["product"]["availability"]) for m in answer["matches"]]

    assert found(writer) == {"here"}
    assert found(writer, availability="out of stock") == {"sold"}
    assert similar(writer) == []
    assert similar(writer, "?availability=out%20of%20stock") == [("sold", "out_of_stock")]
    assert writer.get("/v1/products/sold").json()["availability"] == "out_of_stock"
    monkeypatch.setattr("tests.service.double.OUT_OF_STOCK", "show")
    shown = serve(tmp_path)
    assert found(shown) == {"here", "sold"}
    assert similar(shown) == [("sold", "out_of_stock")]


def test_childrens_products_are_found_where_they_are_asked_for(writer):
    put(writer, "hers", picture=photo_bytes(200, 300))
    put(writer, "kids", title="Other kids shirt")
    put(writer, "boys", title="Third shirt", age_group="toddler", picture=photo_bytes(100, 150))

    def found(**fields):
        photo = {"photo": ("a.jpg", photo_bytes())}
        answer = writer.post("/v1/recommendations", files=photo, data=fields).json()
        (first, *_) = answer["recommendations"]
        ids = {m["product"]["id"] for m in first["matches"]}
        return ids, first["searched"]["filters"].get("age")

    def similar(product_id, query=""):
        answer = writer.get(f"/v1/products/{product_id}/similar{query}").json()
        return {m["product"]["id"] for m in answer["matches"]}

    assert writer.get("/v1/products/kids").json()["age_group"] == "kids"
    assert found() == found(age="") == ({"hers"}, "adult")
    assert found(age="child") == ({"kids", "boys"}, "child")
    assert found(age="any") == ({"hers", "kids", "boys"}, None)
    assert (similar("kids"), similar("hers")) == ({"boys"}, set())
    assert similar("kids", "?age=adult") == {"hers"}
    assert similar("hers", "?age=child") == {"kids", "boys"}
    wrong = writer.get("/v1/products/hers/similar?age=old")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid")


def test_the_look_of_a_childs_product_is_for_children(writer):
    put(writer, "hers", picture=photo_bytes(200, 300))
    put(writer, "kids", title="Kids shirt")
    put(writer, "boys", title="Other kids shirt", picture=photo_bytes(100, 150))

    def found(product_id, **query):
        answer = writer.get(f"/v1/products/{product_id}/look", params=query).json()
        return {m["product"]["id"] for r in answer["recommendations"] for m in r["matches"]}

    assert (found("kids"), found("hers")) == ({"boys"}, set())
    assert found("kids", age="adult") == {"hers"}
    assert found("hers", age="any") == {"kids", "boys"}


def test_writers_at_the_same_time_lose_no_picture(writer, tmp_path):
    def one(number):
        return put(writer, "same", photo_bytes(60 + number, 90)).status_code

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(one, range(12))) <= {200, 201}
    assert writer.get("/v1/products/same/image").status_code == 200


def test_another_process_sees_a_product_at_once(serve, tmp_path):
    writer = serve(tmp_path, write_keys="a:write-key-of-tests")
    other = serve(tmp_path)  # its own catalog on the same folder, as another worker has
    assert other.get("/v1/info").json()["products"] == 0
    put(writer)
    found = other.post("/v1/recommendations", files={"photo": ("a.jpg", photo_bytes())}).json()
    assert [len(r["matches"]) for r in found["recommendations"]] == [1, 0, 0]
    writer.delete("/v1/products/n-1", headers=KEY)
    assert other.get("/v1/products/n-1").status_code == 404
    assert other.get("/v1/info").json()["products"] == 0


def test_the_double_counts_threads_safely(tmp_path):
    """The double itself may be shared, or the tests above would prove nothing."""
    with engine_on(tmp_path, Double(), 5) as engine:
        seen = []
        threads = [
            threading.Thread(target=lambda: seen.append(engine.parse(photo_bytes()).articles))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(seen) == 4


def test_an_id_whose_address_is_taken(writer):
    for product_id in ("a/similar", "a/image", "a/scenes"):
        refused = put(writer, product_id)
        assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")
        assert writer.delete(f"/v1/products/{product_id}", headers=KEY).status_code == 405
    other = writer.patch("/v1/products/a")
    assert (other.status_code, other.headers["allow"]) == (405, "DELETE, GET, HEAD, PUT")


def test_shop_the_look_of_a_product(client, double):
    answer = client.get("/v1/products/SP0002/look", params={"k": 3, "min_score": 0})
    assert answer.status_code == 200
    found = answer.json()
    assert found["accepted"] is True
    first = found["recommendations"][0]
    assert (first["category"], first["role"], len(first["matches"])) == ("topwear", "primary", 3)
    shown = {m["product"]["id"] for r in found["recommendations"] for m in r["matches"]}
    assert shown
    assert "SP0002" not in shown


def test_a_product_without_a_full_shot_has_no_look(client, double):
    double.full_shot = False
    found = client.get("/v1/products/SP0002/look").json()
    assert found["accepted"] is False
    assert found["reason"] == "none of the product's 1 pictures is a front-facing full shot"
    assert found["recommendations"] == []
    missing = client.get("/v1/products/nobody/look")
    assert (missing.status_code, missing.json()["code"]) == (404, "unknown_product")
