"""`GET /v1/products/{id}/scenes` and the pictures of scenes."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from tests.service.double import engine_on
from tests.service.styled import HEIGHT, WIDTH, with_scenes


@pytest.fixture
def styled(serve, tmp_path):
    engine_on(tmp_path / "shop", count=40).close()
    with_scenes(tmp_path / "shop" / "catalog", tmp_path / "street")
    return serve(tmp_path / "shop")


def test_scenes_of_a_product(styled):
    found = styled.get("/v1/products/SP0001/scenes?k=1&others=2").json()
    (scene,) = found["scenes"]
    assert found["product"]["id"] == "SP0001"
    assert (found["indexed"], found["message"]) == (2, None)
    assert (scene["width"], scene["height"]) == (WIDTH, HEIGHT)
    assert scene["nearness"] == "very close"
    assert scene["articles"][scene["article"]]["category"] == "topwear"
    assert scene["photo"] == f"/v1/scenes/{scene['id']}/image"
    assert {one["category"] for one in scene["worn_with"]} == {"bottomwear", "footwear"}
    assert all(len(one["matches"]) <= 2 for one in scene["worn_with"])
    assert "street" not in styled.get("/v1/products/SP0001/scenes").text  # no path of the shop's
    none = styled.get("/v1/products/SP0001/scenes?min_score=1").json()
    assert none["message"] == "nothing like it is worn in the 2 scenes"


def test_the_picture_of_a_scene_and_its_tag(styled):
    (scene, *_) = styled.get("/v1/products/SP0001/scenes").json()["scenes"]
    answer = styled.get(f"{scene['photo']}?size=small")
    assert answer.headers["content-type"] == "image/jpeg"
    with Image.open(io.BytesIO(answer.content)) as opened:
        assert opened.size == (120, 240)
    again = styled.get(
        f"{scene['photo']}?size=small", headers={"If-None-Match": answer.headers["etag"]}
    )
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/v1/scenes/0123456789abcdef/image", 404, "no_picture"),
        ("/v1/scenes/..%2f..%2fetc/image", 404, None),
        ("/v1/scenes/UPPER/image", 422, "invalid"),
        ("/v1/products/nobody/scenes", 404, "unknown_product"),
        ("/v1/products/SP0001/scenes?k=0", 422, "invalid"),
    ],
)
def test_what_is_not_there(styled, path, status, code):
    answer = styled.get(path)
    assert answer.status_code == status
    assert code is None or answer.json()["code"] == code


def test_a_shop_without_scenes(client):
    found = client.get("/v1/products/SP0001/scenes").json()
    assert (found["scenes"], found["indexed"]) == ([], 0)
    assert found["message"] == "no scenes are indexed yet: thatlook index-scenes FOLDER"
    assert client.get("/v1/scenes/0123456789abcdef/image").status_code == 404


def test_scenes_that_are_indexed_while_the_service_runs(serve, tmp_path):
    engine_on(tmp_path / "shop", count=40).close()
    client = serve(tmp_path / "shop")
    assert client.get("/v1/products/SP0001/scenes").json()["indexed"] == 0
    with_scenes(tmp_path / "shop" / "catalog", tmp_path / "street")
    assert client.get("/v1/products/SP0001/scenes").json()["indexed"] == 2
