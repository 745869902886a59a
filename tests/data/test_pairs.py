"""Every form of pairs to the same record; boxes in both units; splits by product."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from tests.data.conftest import picture
from thatlook.core.errors import DataError
from thatlook.data.pairs import pinterest, table
from thatlook.data.pairs.reading import read
from thatlook.data.pairs.records import Pair, PairPicture
from thatlook.data.pairs.splitting import split

SHOE, SCENE = "0027e30879ce3d87f82f699f148bff7e", "cdab9160072dd1800038227960ff6467"


def codes(found):
    counts = Counter()
    for one in found.findings:
        counts[one.code] += one.count
    return counts


def fashion(folder, *rows, categories=None):
    (folder / "fashion.json").write_text("".join(json.dumps(row) + "\n" for row in rows))
    if categories is not None:
        (folder / "fashion-cat.json").write_text(categories)
    return folder / "fashion.json"


def test_shop_the_look(tmp_path):
    row = {"product": SHOE, "scene": SCENE, "bbox": [0.25, 0.5, 0.75, 1.0]}
    path = fashion(
        tmp_path, row, {**row, "bbox": [1, 2]}, {**row, "scene": "no"},
        categories=json.dumps({SHOE: "Apparel & Accessories|Shoes"}),
    )  # fmt: skip
    found = read(path)
    assert found.format == "pinterest"
    (pair,) = found.pairs
    assert pair.scene.place == (
        "http://i.pinimg.com/400x/cd/ab/91/cdab9160072dd1800038227960ff6467.jpg"
    )
    assert pair.product == PairPicture(
        "http://i.pinimg.com/400x/00/27/e3/0027e30879ce3d87f82f699f148bff7e.jpg"
    )
    assert (pair.product_id, pair.category, pair.split) == (SHOE, "footwear", "")
    # left, top, right, bottom as parts of 400 x 600
    assert pair.scene.corners((400, 600)) == (100, 300, 300, 600)
    assert pair.product.corners((400, 300)) == (0, 0, 400, 300)
    assert codes(found) == {"malformed": 2}
    assert found.addresses == (pair.scene.place, pair.product.place)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({SHOE: "Shoes"}, indent=1),
        json.dumps({"product": SHOE, "category": "Shoes"}) + "\n",
        json.dumps({SHOE: "Shoes"}) + "\n" + json.dumps({SCENE: "Bags"}) + "\n",
    ],
)
def test_categories_in_one_object_or_one_a_line(tmp_path, text):
    row = {"product": SHOE, "scene": SCENE, "bbox": [0, 0, 1, 1]}
    (pair,) = read(fashion(tmp_path, row, categories=text)).pairs
    assert pair.category == "footwear"


def test_pairs_without_categories_are_other(tmp_path):
    row = {"product": SHOE, "scene": SCENE, "bbox": [0, 0, 1, 1]}
    found = read(fashion(tmp_path, row))
    assert found.pairs[0].category == "other"
    assert codes(found) == {"no_categories": 1}


@pytest.mark.parametrize("signature", ["", "0027", "../../../../etc/passwd", SHOE.upper()])
def test_only_signatures_become_addresses(signature):
    with pytest.raises(DataError, match="32 hexadecimal digits"):
        pinterest.address_of(signature)


def test_json_that_is_none(tmp_path):
    (tmp_path / "fashion.json").write_text('{"product": 1}\n[]\n')
    with pytest.raises(DataError, match=r"fashion\.json:2: expected a JSON object"):
        read(tmp_path)


def test_street2shop(tmp_path):
    picture(tmp_path / "pictures/s.jpg", 1)
    (tmp_path / "photos.csv").write_text(
        "id,url\n0007,pictures/s.jpg\n8,http://shop.test/8.jpg\n9,http://shop.test/9.jpg\n"
    )
    (tmp_path / "train_pairs_dresses.csv").write_text(
        "photo,product,left,top,width,height\n7,P1,10,20,30,40\n7,P2,0,0,5,5\n99,P1,1,1,1,1\n"
        "7,P1,a,b,c,d\n"
    )
    (tmp_path / "test_pairs_footwear.csv").write_text(
        "photo,product,left,top,width,height\n7,P3,,,,\n"
    )
    (tmp_path / "retrieval_dresses.csv").write_text("photo,product\n8,P1\n9,P1\n9,P3\n")
    found = read(tmp_path)
    assert found.format == "street2shop"
    told = [
        (p.product_id, p.product.place[-5:], p.scene.box, p.category, p.split) for p in found.pairs
    ]
    assert told == [
        ("P3", "9.jpg", None, "footwear", "test"),
        ("P1", "8.jpg", (10, 20, 40, 60), "dress", "train"),
        ("P1", "9.jpg", (10, 20, 40, 60), "dress", "train"),
    ]
    assert found.pairs[0].scene.path == tmp_path / "pictures/s.jpg"
    assert codes(found) == {"no_box": 1, "no_product_shot": 1, "unknown_photo": 1, "malformed": 1}


def test_rendered_looks(tmp_path):
    (tmp_path / "products.csv").write_text(
        "id,category,product_type,image_link\nA,dress,Dresses,../shop/A.jpg\nB,,Hats,B.jpg\n"
    )
    article = {"product_id": "A", "box": [1, 2, 30, 40], "visible_px": 900}
    articles = [
        {**article, "has_product_shot": True},
        {**article, "product_id": "B", "has_product_shot": True},
        {**article, "has_product_shot": False},
        {**article, "has_product_shot": True, "visible_px": 399},
        {**article, "has_product_shot": True, "box": None},
        {**article, "product_id": "C", "has_product_shot": True},
    ]
    (tmp_path / "looks.jsonl").write_text(json.dumps({"file": "l.jpg", "articles": articles}))
    found = read(tmp_path)
    assert [(p.product_id, p.category) for p in found.pairs] == [("A", "dress"), ("B", "headwear")]
    assert found.pairs[0].scene == PairPicture(str(tmp_path / "l.jpg"), (1, 2, 30, 40))
    assert found.pairs[0].product.path == (tmp_path / "../shop/A.jpg").resolve()
    assert codes(found) == {"no_product_shot": 1, "hidden": 1, "malformed": 1, "unknown_product": 1}


OWN = {
    "scene,box,product\na.jpg,10 20 30 40,b.jpg": (10, 20, 30, 40),
    'scene,box,product\na.jpg,"[10, 20, 30, 40]",b.jpg': (10, 20, 30, 40),
    "product,scene,x0,y0,x1,y1\nb.jpg,a.jpg,10,20,30,40": (10, 20, 30, 40),
    "scene,product,left,top,right,bottom\na.jpg,b.jpg,10,20,30,40": (10, 20, 30, 40),
    "scene,product,left,top,width,height\na.jpg,b.jpg,10,20,30,40": (10, 20, 40, 60),
    "Scene\tscene_x\tscene_y\tscene_width\tscene_height\tproduct\na.jpg\t1\t2\t3\t4\tb.jpg": (
        1, 2, 4, 6,
    ),
    "scene,box,product\na.jpg,.1 .2 .3 1,b.jpg": (10, 40, 30, 200),
}  # fmt: skip


@pytest.mark.parametrize(("text", "box"), OWN.items())
def test_boxes_of_ones_own(tmp_path, text, box):
    (tmp_path / "own.csv").write_text(text)
    (pair,) = read(tmp_path / "own.csv").pairs
    assert pair.scene.corners((100, 200)) == pytest.approx(box)
    assert pair.scene.place == str(tmp_path / "a.jpg")


def test_ones_own_in_full(tmp_path):
    images = tmp_path / "images"
    picture(images / "b.jpg", 1)
    (tmp_path / "own.csv").write_text(
        "scene,box,product,product_box,product_id,category,split\n"
        "a.jpg,1 2 3 4,b.jpg,5 6 7 8,B,Shoes,val\n"
        "a.jpg,,http://shop.test/c.jpg,,,dress,\n"
        ",1 2 3 4,b.jpg,,,,\n"
        "a.jpg,1 2 3 4,b.jpg,1 2 3,,,\n"
        "a.jpg,1 2 3 4,b.jpg,,B,,sometimes\n"
    )
    found = read(tmp_path / "own.csv", images)
    first, second, third = found.pairs
    assert first == Pair(
        PairPicture(str(tmp_path / "a.jpg"), (1, 2, 3, 4)),
        PairPicture(str(images / "b.jpg"), (5, 6, 7, 8)),
        "B", "footwear", "Shoes", "val",
    )  # fmt: skip
    assert second.scene.box is None
    assert (second.product_id, second.product.path) == ("http://shop.test/c.jpg", None)
    assert (third.category, third.split) == ("other", "")
    assert codes(found) == {"no_box": 1, "malformed": 2, "unknown_split": 1}


def test_what_is_written_is_read_again(tmp_path):
    row = {"product": SHOE, "scene": SCENE, "bbox": [0.1, 0.2, 0.30004, 1.0]}
    pairs = read(fashion(tmp_path, row, categories=json.dumps({SHOE: "Shoes"}))).pairs
    table.write(tmp_path / "pairs.csv", pairs)
    assert read(tmp_path).pairs == pairs  # pairs.csv goes before fashion.json
    own = Pair(
        PairPicture(str(tmp_path / "i/a.jpg"), (1, 2, 3, 4)),
        PairPicture("/else/b.jpg"),
        "B",
        "dress",
    )
    table.write(tmp_path / "pairs.csv", [own])
    assert "\ni/a.jpg,1 2 3 4,/else/b.jpg,,B,dress,\n" in (tmp_path / "pairs.csv").read_text()


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.csv", "photo,product\n", "expected the columns scene, product"),
        ("a.csv", "\x80", "expected the columns"),
        ("a.txt", "", "expected a CSV of pairs, fashion.json, or a folder"),
        ("x/a.csv", "scene,product\n", "no pairs: expected pairs.csv"),
    ],
)
def test_what_is_no_pairs(tmp_path, name, text, message):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    with pytest.raises(DataError, match=message):
        read(path if path.parent == tmp_path else path.parent)


def side(group):
    return {"A": "val", "B": "train", "C": "train", "E": "val"}[group]


def test_splits_are_by_product_with_its_likes():
    pairs = [
        Pair(PairPicture("s1"), PairPicture("a"), "A", "dress"),
        Pair(PairPicture("s2"), PairPicture("a2"), "A", "dress"),
        Pair(PairPicture("s1"), PairPicture("b"), "B", "dress"),
        Pair(PairPicture("s3"), PairPicture("c"), "C", "dress", split="test"),
        Pair(PairPicture("s3"), PairPicture("b"), "D", "dress"),  # B's own picture
        Pair(PairPicture("s4"), PairPicture("e"), "E", "dress"),
        Pair(PairPicture("s4"), PairPicture("f"), "F", "dress"),  # nearly E's picture
    ]
    found = split(pairs, side, [("f", "e"), ("f", "nobody")])
    assert [pair.split for pair in found] == [
        "val", "val", "train", "test", "train", "val", "val",
    ]  # fmt: skip


def test_rendered_pairs_of_the_sample(data):
    folder = data.parent / "sample" / "pairs"
    if not folder.is_dir():
        pytest.skip(f"needs {folder}")
    found = read(folder)
    assert found.format == "rendered"
    assert len({pair.product_id for pair in found.pairs}) > 200
    assert all(shot.path.is_file() for pair in found.pairs for shot in pair.shots)
