"""Trials: who is a candidate, what counts, what is left out and said; vectors kept between runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from thatlook.core.errors import DataError
from thatlook.core.records import Box
from thatlook.evaluate.retrieval.boards import board_queries, crop_pixels
from thatlook.evaluate.retrieval.cache import Vectors
from thatlook.evaluate.retrieval.crops import Crop, digest_of
from thatlook.evaluate.retrieval.degrade import degraded
from thatlook.evaluate.retrieval.encoders import HISTOGRAM, NETWORK, HistogramEncoder
from thatlook.evaluate.retrieval.figures import compared, figures_of
from thatlook.evaluate.retrieval.finder import Finder
from thatlook.evaluate.retrieval.results import budgets, result_of
from thatlook.evaluate.retrieval.trials import Relevance, Trial, counts, measure, subsets
from thatlook.vision.stages.article import Detection


class Shade:
    """Embeds a crop by the red of its middle: an angle between 0 and 90 degrees."""

    def __init__(self, name=NETWORK, key="shade:1"):
        self.name, self.key, self.seen = name, key, 0

    def encode(self, crops):
        self.seen += len(crops)
        reds = [image[image.shape[0] // 2, image.shape[1] // 2, 0] for image, _ in crops]
        angle = np.array(reds, np.float32) / 255 * np.pi / 2
        return np.stack([np.cos(angle), np.sin(angle)], 1).astype(np.float32)


@pytest.fixture
def crop(tmp_path):
    """A crop of one red by its name; another name is another file."""

    def made(red, name=""):
        path = tmp_path / f"{name or red}.png"
        Image.fromarray(np.full((32, 32, 3), (red, 0, 0), np.uint8)).save(path)
        return Crop(path)

    return made


def trial_of(queries, gallery, notion, **more):
    fields = {"name": "t", "title": "T", "lead": "", "main": "kind", **more}
    fields.setdefault("categories", ["dress"] * len(queries))
    return Trial(queries=queries, gallery=gallery, notions={"kind": notion}, **fields)


def test_a_trial_by_hand(crop):
    gallery = [crop(red) for red in (0, 50, 100, 150, 200)]
    trial = trial_of(
        gallery[:3],
        gallery,
        Relevance(["a", "b", "c"], ["a", "b", "a", "b", "b"]),
        part=Relevance(["x", "x", "y"], ["x", "x", "x", "x", "y"]),
        apart=Relevance(["0", "1", "2"], ["0", "1", "2", "3", "4"]),
    )
    found = measure(trial, Vectors(Shade()))
    # 0 (a): 50 b, 100 a, 150 b; 50 (b): 0 a, 100 a (no nearer than 0: as far), 150 b; 100 (c): 200
    assert found.rows[0, :4].tolist() == [1, 2, 3, -1]
    assert sorted(found.rows[1, :2].tolist()) == [0, 2]
    assert found.rows[1, 2:4].tolist() == [3, -1]
    assert found.rows[2, :2].tolist() == [4, -1]
    assert found.figure("kind", "r1") == 0
    assert found.figure("kind", "r5") == 1
    assert found.figure("kind", "map10") == pytest.approx((1 / 2 + 1 / 3) / 2)
    assert found.figure("kind", "p10") == pytest.approx((1 / 3 + 1 / 3 + 0) / 3)
    assert counts(trial) == {
        "queries": 3, "gallery": 5, "not_found": 0, "without_candidate": 0, "without_answer": 1,
        "pairings_left_out": 3, "twins": 0,
    }  # fmt: skip


def test_what_was_not_found_is_a_miss_and_what_has_no_label_is_not_asked(crop):
    gallery = [crop(0), crop(100), crop(101, "twin")]
    Image.open(gallery[1].path).save(gallery[2].path)
    queries = [gallery[0], None, gallery[1], None]
    notion = Relevance(["a", "b", "", "nobody"], ["a", "b", "b"])
    trial = trial_of(queries, gallery, notion)
    found = measure(trial, Vectors(Shade()))
    values = found.values["kind"]["r1"]
    assert values[:2].tolist() == [1, 0]
    assert np.isnan(values[2:]).all()  # no label; no answer
    assert found.rows[1].tolist() == [-1] * 20
    told = counts(trial)
    assert (told["not_found"], told["without_answer"], told["twins"]) == (2, 2, 1)


def test_nothing_found_at_all(crop):
    trial = trial_of([None], [crop(0)], Relevance(["a"], ["a"]))
    assert measure(trial, Vectors(Shade())).figure("kind", "r20") == 0


def test_blocks_make_no_difference(crop, monkeypatch):
    gallery = [crop(red) for red in range(0, 250, 25)]
    words = list("aabbccddee")
    trial = trial_of(gallery, gallery, Relevance(words, words), apart=Relevance(words[::-1], words))
    whole = measure(trial, Vectors(Shade()))
    monkeypatch.setattr("thatlook.evaluate.retrieval.trials.BLOCK", 3)
    parts = measure(trial, Vectors(Shade()))
    assert (whole.rows == parts.rows).all()
    for name, column in whole.values["kind"].items():
        np.testing.assert_array_equal(column, parts.values["kind"][name])


def test_subsets_are_categories_and_sides(crop):
    side = np.array([True, False])
    trial = trial_of(
        [crop(0), crop(9)], [crop(0)], Relevance("ab", "a"),
        categories=["bag", "dress"], sides={"seen": side},
    )  # fmt: skip
    found = {name: rows.tolist() for name, rows in subsets(trial).items()}
    assert found == {"bag": [True, False], "dress": [False, True], "seen": [True, False]}


def test_vectors_are_made_once(crop, tmp_path):
    crops = [crop(red) for red in (0, 50, 100)]
    encoder = Shade()
    first = Vectors(encoder, tmp_path / "kept").of([*crops, crops[0]])
    assert encoder.seen == 3
    again = Vectors(encoder, tmp_path / "kept").of([crops[2], crops[0]])
    assert encoder.seen == 3
    np.testing.assert_array_equal(again, first[[2, 0]])
    other = Crop(crops[0].path, (0, 0, 9, 9))
    Vectors(encoder, tmp_path / "kept").of([other, Crop(crops[0].path, seed=1)])
    assert encoder.seen == 5


def test_another_network_or_another_picture_makes_them_again(crop, tmp_path):
    one = crop(0)
    Vectors(Shade(), tmp_path / "kept").of([one])
    other = Shade(key="shade:2")
    Vectors(other, tmp_path / "kept").of([one])
    assert other.seen == 1
    crop(200, "0")  # the same file, another picture
    digest_of.cache_clear()
    changed = Shade()
    found = Vectors(changed, tmp_path / "kept").of([one])
    assert changed.seen == 1
    assert found[0, 1] > 0.9


def test_kept_vectors_that_are_none(crop, tmp_path):
    folder = tmp_path / "kept"
    Vectors(Shade(), folder).of([crop(0)])
    (path,) = folder.iterdir()
    path.write_bytes(b"no vectors")
    with pytest.raises(DataError, match="not kept vectors; delete it"):
        Vectors(Shade(), folder)
    Vectors(Shade(key="shade:2"), folder).of([crop(0)])
    (other,) = set(folder.iterdir()) - {path}
    other.rename(path)
    with pytest.raises(DataError, match=r"vectors of shade:2, not shade:1"):
        Vectors(Shade(), folder)


def test_half_precision_rounds_the_gallery_only(crop):
    class Close(Shade):
        def encode(self, crops):
            # 1.0001 rounds to 1 in half precision: then both are equal, and the wrong one leads.
            row = {0: (1, 0), 100: (1.0001, 0), 200: (1, 0)}
            return np.array([row[int(image[0, 0, 0])] for image, _ in crops], np.float32)

    gallery = [crop(200), crop(100)]
    trial = trial_of([crop(0)], gallery, Relevance(["b"], ["a", "b"]))
    vectors = Vectors(Close())
    whole, half = measure(trial, vectors), measure(trial, vectors, half=True)
    assert (whole.figure("kind", "r1"), half.figure("kind", "r1")) == (1, 0)
    result = result_of(trial, {NETWORK: whole}, half, 100)
    assert result.half_costs()["kind_r1"] == 100


def test_what_detection_costs(crop):
    gallery = [crop(red) for red in (0, 100, 200)]
    notion = Relevance("abc", "abc")
    true = trial_of(gallery, gallery, notion, name="rendered")
    found = trial_of([gallery[0], None, gallery[0]], gallery, notion, name="rendered_detected")
    vectors = Vectors(Shade())
    results = [
        result_of(t, {NETWORK: measure(t, vectors)}, measure(t, vectors), 200)
        for t in (true, found)
    ]
    (budget,) = budgets(results)
    assert (budget.true["r1"], budget.detected["r1"]) == (1, pytest.approx(1 / 3))
    assert (budget.queries, budget.not_found) == (3, 1)
    assert budget.lost["r1"].value == pytest.approx(2 / 3)
    assert budget.lost["r10"].value == pytest.approx(1 / 3)
    assert budget.line().startswith(
        "rendered: Recall@1 1.000 with true boxes, 0.333 with those found: 66.7 points lost ("
    )
    assert budget.line().endswith("1 of 3 articles were not found")
    assert list(budgets(results[:1])) == []


def test_figures_as_the_gallery_is_mixed(crop):
    gallery = [crop(red) for red in (0, 100, 200)]
    # Two queries of a kind that is right, one of a kind that is wrong, as often in the shop.
    trial = trial_of(
        [gallery[0], gallery[1], gallery[2]],
        gallery,
        Relevance(["a", "b", "c"], ["a", "b", "x"]),
        name="shop",
        proportions=np.array([0.5, 0.5, 2.0]),
    )
    measured = measure(trial, Vectors(Shade()))
    result = result_of(trial, {NETWORK: measured}, measured, 200)
    assert result.figure("p10", "kind").value == pytest.approx(2 / 9)
    assert result.mixed("p10", "kind").value == pytest.approx((0.5 + 0.5) / 3 / 3)
    assert figures_of([result])["shop_mixed_p10_kind"] == pytest.approx(1 / 9)
    told = result.to_dict()["proportional"][NETWORK]["kind"]["p10"]
    assert (told[0], told[3]) == (pytest.approx(1 / 9), 3)
    plain, mixed = compared([result], {})
    assert plain[:2] == ("T", "kind")
    assert mixed[:2] == ("T, types mixed as there", "kind")
    assert plain[3].startswith("0.222 (")
    assert mixed[3].startswith("0.111 (")
    bare = replace(trial, proportions=None)
    alone = result_of(bare, {NETWORK: measured}, measured, 200)
    assert "proportional" not in alone.to_dict()
    assert len(compared([alone], {})) == 1


def test_boards_show_the_best_the_worst_and_some(crop):
    gallery = [crop(red) for red in (0, 40, 100, 110)]
    words = ["a", "b", "c", "c"]
    trial = trial_of(
        [*gallery, None], gallery, Relevance([*words, "a"], words),
        apart=Relevance(["0", "1", "2", "3", ""], ["0", "1", "2", "3"]),
    )  # fmt: skip
    vectors = Vectors(Shade())
    measured = measure(trial, vectors)
    found = board_queries(result_of(trial, {NETWORK: measured}, measured, 10), 2)
    assert sorted(found["The best"]) == [2, 3]  # 0 and 1 have no answer, 4 was not found
    assert sorted(found["The worst"]) == [2, 3]
    assert sorted(found["Random"]) == [2, 3]


def test_a_color_histogram_tells_colors_and_not_places(tmp_path):
    image = np.zeros((40, 40, 3), np.uint8)
    image[:, :20] = (200, 20, 20)
    mirrored = np.ascontiguousarray(image[:, ::-1])
    other = np.full_like(image, (20, 20, 200))
    box = Box(0, 0, 40, 40)
    encoder = HistogramEncoder()
    found = encoder.encode(
        [(image, box), (mirrored, box), (other, box), (image, Box(0, 0, 20, 40))]
    )
    assert encoder.name == HISTOGRAM
    assert np.linalg.norm(found, axis=1) == pytest.approx(np.ones(4))
    assert found[0] @ found[1] == pytest.approx(1, abs=0.01)
    assert found[0] @ found[2] == pytest.approx(0, abs=0.01)
    # Half of the pixels are red: the coefficient of (1/2, 1/2) and (1, 0) is the root of a half.
    assert found[0] @ found[3] == pytest.approx(0.5**0.5, abs=0.02)


def test_a_degraded_photo_is_cut_dark_blurred_and_the_same_for_its_seed():
    rng = np.random.default_rng(0)
    image = rng.integers(60, 200, (100, 80, 3), np.uint8)
    box = Box(20, 30, 60, 90)
    one, cut = degraded(image, box, 5)
    same, same_cut = degraded(image, box, 5)
    other, _ = degraded(image, box, 6)
    np.testing.assert_array_equal(one, same)
    assert cut == same_cut
    assert one.shape != other.shape or (one != other).any()
    height, width = one.shape[:2]
    assert 0.75 * 100 < height <= 100
    assert 0.75 * 80 < width <= 80
    assert cut.width == pytest.approx(40, abs=1)
    assert cut.x1 <= width
    assert (
        np.abs(np.diff(one.astype(int), axis=1)).mean()
        < np.abs(np.diff(image.astype(int), axis=1)).mean()
    )  # blurred


def test_a_box_at_the_edge_is_clipped_to_what_is_left():
    image = np.full((100, 100, 3), 128, np.uint8)
    for seed in range(20):
        found, box = degraded(image, Box(0, 0, 100, 100), seed)
        assert box == Box(0, 0, found.shape[1], found.shape[0])


def network(fake_session):
    return fake_session(lambda _: {}, input={"area": 98304, "max_side": 512, "multiple": 32})


@pytest.fixture
def finder(fake_session, tmp_path):
    """A finder that sees a shirt twice and a bag."""

    class Stage:
        looked = 0

        def counts(self, label, score):
            return score >= 0.4

        def run(self, image, least):
            Stage.looked += 1
            assert least == 0.15
            return [
                Detection("bag", Box(50, 50, 90, 90), 0.3),
                Detection("topwear", Box(0, 0, 40, 40), 0.8),
                Detection("topwear", Box(2, 0, 42, 40), 0.9),
            ]

    made = Finder(network(fake_session), tmp_path / "kept")
    made._stage = Stage()
    return made


def test_found_boxes_answer_for_the_true_ones(finder, crop):
    path = crop(0).path
    wanted = [
        ("topwear", (0.0, 0.0, 41.0, 40.0)),
        ("topwear", (60.0, 0.0, 99.0, 40.0)),
        ("bag", (50.0, 50.0, 90.0, 90.0)),  # found, but below a look's threshold
        ("dress", (0.0, 0.0, 41.0, 40.0)),
    ]
    assert finder.matched(path, wanted) == [(2, 0, 42, 40), None, None, None]
    assert finder.matched(path, []) == []
    assert finder._stage.looked == 1


def test_a_products_own_box(finder, crop, tmp_path, fake_session):
    path = crop(0).path
    assert finder.own(path, "bag") == (50, 50, 90, 90)
    assert finder.own(path, "dress") == (0, 0, 32, 32)  # a plain picture is all foreground
    again = Finder(network(fake_session), tmp_path / "kept")
    assert again.own(path, "topwear") == (2, 0, 42, 40)  # without looking again


def test_kept_boxes_that_are_none(finder, crop, tmp_path, fake_session):
    finder.own(crop(0).path, "bag")
    (path,) = (tmp_path / "kept").iterdir()
    path.write_text("{}")
    with pytest.raises(DataError, match="not kept boxes; delete it"):
        Finder(network(fake_session), tmp_path / "kept")


def test_a_crop_is_its_content_and_its_box(crop):
    one, same = crop(7), crop(7, "copy")
    assert one.key == same.key
    assert Crop(one.path, (0, 0, 9, 9)).key != one.key
    assert Crop(one.path, seed=1).key != one.key
    assert crop_pixels(Crop(one.path, (0, 0, 9, 5))).shape == (5, 9, 3)
    assert Path(one.path).suffix == ".png"
