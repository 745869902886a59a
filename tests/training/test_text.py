"""The text tower's recipe on a small catalog."""

from __future__ import annotations

import csv

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the extra train")

from thatlook.core.errors import DataError
from thatlook.core.records import Product
from thatlook.core.tokens import tokens
from thatlook.data.splits import name_stem, product_sides, split_of
from thatlook.search.words.tower import Tower
from thatlook.store.catalog import Catalog, Row
from thatlook.training.recipes.text import TextOptions, run
from thatlook.training.texts import ASKED, Writer, item_of, read_titles
from thatlook.vision.models.registry import ModelSpec, shipped

KINDS = {"heels": "red", "jeans": "blue", "shirts": "green", "watches": "black"}


def products():
    for n in range(160):
        kind = list(KINDS)[n % 4]
        yield (
            n % 4,
            Product(
                f"p{n}",
                f"Brand{'abcdefgh'[n % 8]} Women {KINDS[kind]} {kind} {'xyz'[n % 3]}",
                gender="female",
                product_type=kind,
                color=KINDS[kind],
            ),
        )


@pytest.fixture
def catalog(tmp_path):
    space = shipped("embedding")
    dim = space.dim_of("embedding")
    rng = np.random.default_rng(0)
    with Catalog.open(tmp_path / "c", model_key=space.key, dim=dim) as opened:
        rows = []
        for place, product in products():
            vector = np.eye(dim)[place] + 0.05 * rng.standard_normal(dim)
            vector = (vector / np.linalg.norm(vector)).astype(np.float32)
            rows.append(Row(product=product, vector=vector))
        opened.upsert(rows)
    return tmp_path / "c"


def options(catalog, tmp_path, **more):
    fields = {"epochs": 12, "batch": 32, "rate": 1e-2, "everything": True} | more
    return TextOptions(catalogs=[catalog], out=tmp_path / "out", **fields)


def test_words_learn_where_their_products_are(catalog, tmp_path):
    assert run(options(catalog, tmp_path)) == 0
    spec = ModelSpec.from_file(tmp_path / "out" / "text.json")
    tower = Tower.of(spec)
    assert tower.space == shipped("embedding").key
    assert spec.path.stat().st_size < 3_000_000
    for place, word in enumerate(["heels", "jeans", "shirt", "watch"]):
        assert int(np.argmax(tower.of_text(word)[:4])) == place
    assert int(np.argmax(tower.of_text("hells")[:4])) == 0  # by its parts


def test_the_same_seed_gives_the_same_weights(catalog, tmp_path):
    sums = []
    for _ in range(2):
        run(options(catalog, tmp_path, epochs=1))
        sums.append(ModelSpec.from_file(tmp_path / "out" / "text.json").sha256)
    assert sums[0] == sums[1]


def test_titles_without_pictures_teach_too(catalog, tmp_path):
    feed = tmp_path / "titles.csv"
    (tmp_path / "images").mkdir()
    with feed.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "title", "product_type", "color"])
        for n in range(40):
            (tmp_path / "images" / f"t{n}.jpg").touch()
            told = (("Zorblax", "Handbags", "Pink"), ("Quixle", "Jeans", "Blue"))[n % 2]
            rows.writerow([f"t{n}", f"{told[0]} {n}", *told[1:]])
    assert len(list(read_titles(feed))) == 40
    run(options(catalog, tmp_path, titles=[feed], epochs=24))
    tower = Tower.of(ModelSpec.from_file(tmp_path / "out" / "text.json"))
    part = shipped("embedding").parts_of("embedding")["type"]
    names = shipped("embedding").names("type")
    for word, kind in (("zorblax", "handbags"), ("quixle", "jeans")):
        assert names[int(np.argmax(tower.of_text(word)[part]))] == kind


def test_a_catalog_of_another_network_is_refused(tmp_path):
    with Catalog.open(tmp_path / "c", model_key="other", dim=2):
        pass
    with pytest.raises(DataError, match="made by other, not by"):
        run(options(tmp_path / "c", tmp_path))


def test_texts_name_what_they_say_that_they_name():
    product = Product("a", "Acme Red Heels", gender="female", product_type="Heels", color="Red")
    item = item_of(product)
    assert item.attributes == {"type": "heels", "color": "red", "gender": "women"}
    writer = Writer(np.random.default_rng(0))
    for _ in range(50):
        words, asked = writer.write(item)
        assert words
        assert asked.any()
        named = {name for name, on in zip((*ASKED, "title"), asked, strict=True) if on}
        assert named == {"title"} or named <= set(item.attributes)
    assert tokens("Acme Red Heels") == item.title


def test_near_duplicates_are_on_one_side():
    east, north = np.eye(2, dtype=np.float32)
    stems = [f"Model {name} shirt" for name in "abcdefghijklmnop"]
    apart = next(s for s in stems if split_of(name_stem(s)) == "val")
    learned = next(s for s in stems if split_of(name_stem(s)) == "train")
    titles = {"1": apart, "2": f"{learned}", "3": f"{learned} blue", "4": f"{learned} 2"}
    alone = product_sides(titles, {"1": east, "2": north})
    assert alone == {"1": "val", "2": "train", "3": "train", "4": "train"}
    joined = product_sides(titles, {"1": east, "2": east})
    assert set(joined.values()) == {"val"}
