"""`evaluate text`: its questions, what counts as an answer, and a run."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.vision.pair import made
from thatlook.cli import main
from thatlook.core.records import Product
from thatlook.evaluate.text.fusion import by_reciprocal_rank
from thatlook.evaluate.text.trials import (
    Labels,
    by_attributes,
    by_title,
    composed,
    with_slips,
)
from thatlook.search.index.query import Entry
from thatlook.search.stored import Stored
from thatlook.search.words.searcher import Ranked
from thatlook.search.words.shelf import Facts
from thatlook.store.catalog import Catalog, Row
from thatlook.vision.models.registry import shipped
from thatlook.vision.pair.adding import Addition, add


def product(n, title="Acme Eva", kind="Heels", color="Red", gender="female"):
    return Product(f"p{n}", title, "footwear", gender, product_type=f"Shoes > {kind}", color=color)


def stored(n, **fields):
    rng = np.random.default_rng(n)
    vector = rng.standard_normal(4).astype(np.float32)
    return Stored(
        product=product(n, **fields),
        status="active",
        sequence=n,
        changed_at="",
        row_hash="",
        vector=vector / np.linalg.norm(vector),
    )


def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize(
    ("found", "right"),
    [
        (Labels("heels", "blue", "female"), True),
        (Labels("heels", "navy blue", "unisex"), True),
        (Labels("flats", "blue", "female"), False),
        (Labels("heels", "red", "female"), False),
        (Labels("heels", "blue", "male"), False),
    ],
)
def test_what_answers(found, right):
    assert found.answers(Labels("heels", "blue", "female")) is right


def test_attributes_are_asked_for_where_enough_products_have_them():
    products = [stored(n) for n in range(10)] + [stored(n + 10, color="Blue") for n in range(9)]
    (asked,) = by_attributes(products, rng())
    assert sorted(asked.text.split()) == ["heels", "red", "women"]
    assert asked.wanted == Labels("heels", "red", "female")
    (slip,) = with_slips([asked], rng())
    changed = [a != b for a, b in zip(asked.text.split(), slip.text.split(), strict=True)]
    assert sum(changed) == 1


def test_titles_ask_for_their_product_and_those_of_the_same_title():
    products = [stored(1), stored(2), stored(3, title="Other one")]
    found = {one.text: one.answers for one in by_title(products, rng())}
    assert found == {"Acme Eva": {"p1", "p2"}, "Other one": {"p3"}}


def test_a_photo_is_asked_for_in_a_color_that_others_of_its_type_have():
    products = [stored(n) for n in range(3)] + [stored(n + 3, color="Green") for n in range(2)]
    found = composed(products, rng())
    assert [(one.text, one.photo) for one in found] == [("in red", "p3"), ("in red", "p4")] or [
        (one.text, one.photo) for one in found
    ] == [("in red", "p4"), ("in red", "p3")]


def test_a_run_on_a_catalog(tmp_path, capsys):
    space = shipped("embedding")
    vectors = np.random.default_rng(1).standard_normal((24, space.dim_of("embedding")))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    with Catalog.open(tmp_path / "c", model_key=space.key, dim=vectors.shape[1]) as catalog:
        catalog.upsert(
            Row(
                product=product(n, f"Acme Eva {n}", color=("Red", "Blue")[n % 2]),
                vector=vector.astype(np.float32),
            )
            for n, vector in enumerate(vectors)
        )
    queries = tmp_path / "queries.txt"
    queries.write_text("red heels\n")
    page = tmp_path / "page.html"
    given = ["--split", "all", "--rounds", "20", "--json", "--html", str(page)]
    status = main(
        ["evaluate", "text", "--catalog", str(tmp_path / "c"), "--queries", str(queries), *given]
    )
    assert status == 0
    figures = json.loads(capsys.readouterr().out)["metrics"]
    assert figures["attributes_hybrid_p10"] == 1.0
    assert figures["attributes_questions"] == 2
    assert figures["title_hybrid_r1"] == 1.0
    assert "red heels" in page.read_text()


def ranked(product_id, **parts):
    entry = Entry(id=product_id, category="dress", gender="female", vector=np.zeros(2, np.float32))
    return Ranked(Facts(entry=entry), 0.0, parts)


def test_reciprocal_ranks_by_hand():
    found = [
        ranked("a", color=1.0, words=0.2),  # 1/61 + 1/63
        ranked("b", color=1.0, words=0.9),  # 1/61 + 1/61
        ranked("c", color=0.0, words=0.9),  # 1/63 + 1/61: as a, by id after it
        ranked("d", color=0.0),  # 1/63 + 1/64
    ]
    assert by_reciprocal_rank(found) == ["b", "a", "c", "d"]


def test_a_run_with_a_pair(tmp_path, capsys):
    pytest.importorskip("tokenizers", reason="needs the extra clip")
    pair = add(Addition(source=str(made.transformers_js(tmp_path / "pair")), threads=1))
    space = shipped("embedding")
    rng = np.random.default_rng(1)
    vectors = rng.standard_normal((24, space.dim_of("embedding"))).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    seen = {color: np.array([*made.COLORS[color], 0.2], np.float32) for color in ("red", "blue")}
    with Catalog.open(tmp_path / "c", model_key=space.key, dim=vectors.shape[1]) as catalog:
        catalog.use_pair(pair.pair.image.key, 4)
        catalog.upsert(
            Row(
                product=product(n, f"Acme Eva {n}", color=color.title()),
                vector=vector,
                pair_vector=seen[color] / np.linalg.norm(seen[color]),
                pair_key=pair.pair.image.key,
            )
            for n, (vector, color) in enumerate(zip(vectors, ("red", "blue") * 12, strict=True))
        )
    given = ["--split", "all", "--rounds", "20", "--json", "--pair", str(pair.entry)]
    assert main(["evaluate", "text", "--catalog", str(tmp_path / "c"), *given]) == 0
    figures = json.loads(capsys.readouterr().out)["metrics"]
    assert figures["attributes_pair_p10"] == 1.0  # the tower, to which these vectors say nothing:
    assert figures["attributes_tower_p10"] < 1.0
    assert figures["attributes_hybrid_pair_p10"] == 1.0
    assert "attributes_rrf_p10" in figures
    assert figures["composed_words_color"] == 1.0  # whatever the photo shows
    assert {name for name in figures if name.startswith("composed_") and "color" in name} == {
        f"composed_{system}_color"
        for system in ("hybrid", "rrf", "words", "tower", "pair", "hybrid_pair")
    }

    with Catalog.open(tmp_path / "c", model_key=space.key, dim=vectors.shape[1]) as catalog:
        catalog.upsert([Row(product=product(1, "Other picture"), vector=vectors[0])])
    assert main(["evaluate", "text", "--catalog", str(tmp_path / "c"), *given]) == 1
    assert "p1: no vector of pair; name the pair" in capsys.readouterr().err


def test_too_few_products(tmp_path, capsys):
    with Catalog.open(tmp_path / "c", model_key="net", dim=4) as catalog:
        catalog.upsert([Row(product=product(1), vector=np.array([1, 0, 0, 0], np.float32))])
    assert main(["evaluate", "text", "--catalog", str(tmp_path / "c"), "--split", "all"]) == 1
    assert "only 1 products" in capsys.readouterr().err
