"""Another encoder in the embedding's place: a small ONNX one, from its entry to a catalog."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from tests.vision.stages.graphs import UNCHANGED, bags_and_nobody, encoder, entry
from thatlook.core.errors import ModelError, ModelMismatchError
from thatlook.core.records import Box
from thatlook.core.settings import Settings
from thatlook.engine import Engine
from thatlook.vision.models.registry import resolve
from thatlook.vision.models.session import Session
from thatlook.vision.stages.embedding import EmbeddingStage

INPUT = {"name": "pixel_values", "width": 8, "height": 8, "fit": "stretch", **UNCHANGED}


def entry_of(tmp_path, name="clip", dim=4, bias=1.0, batch="n", **changes):
    path = encoder(tmp_path / f"{name}.onnx", dim, batch, bias)
    content = {
        "task": "embedding",
        "input": INPUT,
        "outputs": {"image_embeds": {"dim": dim}},
        **changes,
    }
    return str(entry(path, **content))


def stage_of(tmp_path, **changes):
    return EmbeddingStage(Session(resolve("embedding", entry_of(tmp_path, **changes)), threads=1))


def colored(*color):
    return np.full((10, 20, 3), color, np.uint8)


def test_vectors_by_hand_without_attributes(tmp_path):
    stage = stage_of(tmp_path)
    crops = [(colored(255, 0, 0), Box(0, 0, 20, 10)), (colored(255, 255, 255), Box(5, 5, 9, 9))]
    red, white = stage.run_many(crops)
    np.testing.assert_allclose(red.vector, np.array([1, 0, 0, 1]) / 2**0.5, atol=1e-6)
    np.testing.assert_allclose(white.vector, [0.5] * 4, atol=1e-6)
    assert red.probabilities == {}
    assert stage.dim == 4
    assert stage.key.startswith("clip:")


def test_mean_and_std_are_the_entrys(tmp_path):
    normalised = {**INPUT, "mean": [0.5, 0.5, 0.5], "std": [0.25, 0.25, 0.5]}
    (found,) = stage_of(tmp_path, input=normalised).run(colored(255, 0, 255), [Box(0, 0, 20, 10)])
    expected = np.array([2, -2, 1, 1])  # (1 - .5) / .25, (0 - .5) / .25, (1 - .5) / .5, bias
    np.testing.assert_allclose(found.vector, expected / 10**0.5, atol=1e-5)


def test_an_export_of_fixed_batch(tmp_path):
    crops = [(colored(value, 0, 0), Box(0, 0, 20, 10)) for value in (51, 102, 255)]
    fixed = stage_of(tmp_path, batch=1, input={**INPUT, "batch": 1})
    ratios = [found.vector[0] / found.vector[3] for found in fixed.run_many(crops)]
    np.testing.assert_allclose(ratios, [0.2, 0.4, 1.0], atol=1e-5)
    with pytest.raises(ModelError, match="failed on inputs"):
        stage_of(tmp_path, batch=1).run_many(crops)


def test_another_dim_than_promised_is_refused(tmp_path):
    stage = stage_of(tmp_path, outputs={"image_embeds": {"dim": 5}})
    with pytest.raises(ModelError, match=r"image_embeds should be \(1, 5\).*it is \(1, 4\)"):
        stage.run(colored(1, 2, 3), [Box(0, 0, 20, 10)])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"outputs": {"image_embeds": {}}}, "expected one output with a dim"),
        ({"outputs": {"image_embeds": None}}, "expected one output with a dim"),
        ({"outputs": {"a": {"dim": 4}, "b": {"dim": 4}}}, "expected one output with a dim"),
        ({"input": {"width": 8, **UNCHANGED}}, "input.height must be .* missing"),
        ({"input": {"width": 8, "height": 8, "std": [1, 1, 1]}}, "input.mean must be .* missing"),
        ({"input": {**INPUT, "fit": "letter-box"}}, "input.fit must be letterbox or stretch"),
        ({"input": {**INPUT, "batch": 0}}, "input.batch must be a whole number"),
        ({"input": {**INPUT, "expand": "1.1"}}, "input.expand must be a number above 0"),
        ({"outputs": {"image_embeds": {"dim": "4"}}}, "outputs.image_embeds.dim must be"),
    ],
)
def test_incomplete_entries_are_refused(tmp_path, changes, message):
    with pytest.raises(ModelError, match=message):
        stage_of(tmp_path, **changes)


def test_a_missing_output_is_named(tmp_path):
    stage = stage_of(tmp_path, outputs={"embedding": {"dim": 4}})
    with pytest.raises(ModelError, match=r"\['embedding'\] are missing; it has \['image_embeds'\]"):
        stage.run(colored(1, 2, 3), [Box(0, 0, 20, 10)])


@pytest.fixture
def shop(tmp_path):
    """A feed of three bags, and entries of a detector that sees a bag everywhere."""
    for name, color in {"red": (255, 0, 0), "blue": (0, 0, 255), "green": (0, 255, 0)}.items():
        Image.fromarray(np.full((64, 64, 3), color, np.uint8)).save(tmp_path / f"{name}.png")
    rows = [f"{name},A {name} bag,{name}.png,Bags\n" for name in ("red", "blue", "green")]
    (tmp_path / "feed.csv").write_text("id,title,image_link,product_type\n" + "".join(rows))
    bag = np.array([[[32], [32], [48], [48], [0.9]]])  # (1, 4 + 1 class, 1 candidate)
    article, person = bags_and_nobody(tmp_path, bag)
    return {"THATLOOK_ARTICLE_MODEL": str(article), "THATLOOK_PERSON_MODEL": str(person)}


def settings_of(shop, encoder_entry):
    environment = {**shop, "THATLOOK_EMBEDDING_MODEL": encoder_entry, "THATLOOK_THREADS": "1"}
    return Settings.load(environment=environment)


def test_a_catalog_of_one_encoder_refuses_another(tmp_path, shop):
    settings = settings_of(shop, entry_of(tmp_path))
    photo = np.full((64, 64, 3), (250, 20, 20), np.uint8)
    with Engine.open(tmp_path / "catalog", settings) as engine:
        report = engine.index(tmp_path / "feed.csv", workers=0)
        assert (report.added, report.failed) == (3, 0)
        result = engine.recommend(photo, k=3)
    assert [found.category for found in result.recommendations] == ["bag"]
    ids = [match.product.id for match in result.recommendations[0].matches]
    assert ids[0] == "red"
    assert set(ids) == {"red", "blue", "green"}

    for changes in ({"bias": 2.0}, {"dim": 5}, {"name": "renamed"}):
        other = settings_of(shop, entry_of(tmp_path, **changes))
        with pytest.raises(ModelMismatchError):
            Engine.open(tmp_path / "catalog", other)
    same = settings_of(shop, entry_of(tmp_path))
    with Engine.open(tmp_path / "catalog", same) as engine:
        assert engine.recommend(photo, k=1).recommendations[0].matches[0].product.id == "red"
