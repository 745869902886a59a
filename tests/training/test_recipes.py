"""The recipes' own parts on made scenes: views, targets, plans, pseudo labels."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch

from thatlook.core.errors import DataError, ModelError
from thatlook.core.image import fit_box, with_aspect
from thatlook.core.records import Box
from thatlook.core.taxonomy import CATEGORIES, DETECTOR_CLASSES
from thatlook.data.items import (
    EXPAND,
    HEADS,
    Item,
    crop_window,
    frequent_words,
    title_words,
    vocabulary,
)
from thatlook.data.scenes import PERSON, Scene, photo
from thatlook.training import pseudo, scenes
from thatlook.training.products import PHONE, SHOP, ItemViews, cut, plain_crop
from thatlook.training.recipes import article, embedding, person
from thatlook.vision.stages.embedding import Embedded

TOPWEAR, DRESS, BAG = (CATEGORIES.index(name) for name in ("topwear", "dress", "bag"))


def upright():
    points = np.zeros((17, 3), np.float32)
    points[:, 2] = 1
    points[:, 0] = np.where(np.arange(17) % 2 == 1, 120, 80)
    points[:, 1] = np.linspace(40, 280, 17)
    points[0, :2] = (100, 40)
    points[5, :2], points[6, :2] = (130, 80), (70, 80)
    return points


@pytest.fixture
def model(tmp_path):
    path = tmp_path / "photo.png"
    picture = np.full((300, 200, 3), 255, np.uint8)
    picture[20:290, 60:140] = (200, 60, 60)
    cv2.imwrite(str(path), picture)
    known = np.zeros(len(DETECTOR_CLASSES), bool)
    known[PERSON] = True
    return Scene(
        path,
        "model",
        "train",
        np.array([[60, 20, 140, 290]], np.float32),
        np.array([PERSON]),
        known,
        hint="topwear",
        gender="male",
        view="front",
        keypoints=upright(),
    )


def found(*rows):
    boxes = np.array([box for _, _, box in rows], float).reshape(-1, 4)
    return boxes, np.array([s for _, s, _ in rows], float), np.array([c for c, _, _ in rows], int)


def test_the_shop_names_what_the_network_placed(model):
    seen = found((DRESS, 0.4, [62, 60, 138, 200]), (BAG, 0.8, [60, 200, 90, 260]))
    made = pseudo.label_model(model, seen)
    assert [DETECTOR_CLASSES[i] for i in made.labels] == ["person", "topwear", "bag"]
    assert made.boxes[1].tolist() == [62, 60, 138, 200]
    closed = {DETECTOR_CLASSES[i] for i in np.flatnonzero(made.known)}
    assert closed == {"topwear", "outerwear", "dress", "person"}


def test_a_box_that_misses_the_torso_is_no_label(model):
    assert pseudo.label_model(model, found((TOPWEAR, 0.9, [60, 200, 140, 290]))) is None
    assert pseudo.label_model(model, found((TOPWEAR, 0.05, [62, 60, 138, 200]))) is None
    assert pseudo.label_model(model, found((BAG, 0.9, [62, 60, 138, 200]))) is None


def test_tags_close_what_they_do_not_name(model):
    tagged = Scene(**(vars(model) | {"kind": "tagged", "hint": "blouse skirt skin"}))
    seen = found(
        (PERSON, 0.9, [60, 20, 140, 290]),
        (TOPWEAR, 0.7, [62, 60, 138, 150]),
        (BAG, 0.9, [0, 0, 9, 9]),
    )
    made = pseudo.label_tagged(tagged, seen, {TOPWEAR, BAG, DETECTOR_CLASSES.index("bottomwear")})
    assert [DETECTOR_CLASSES[i] for i in made.labels] == ["person", "topwear"]
    closed = {DETECTOR_CLASSES[i] for i in np.flatnonzero(made.known)}
    # The skirt was tagged but not found; of hats no tag speaks.
    assert closed == {"person", "topwear", "bag"}


def test_stored_labels_come_back(model, tmp_path):
    made = pseudo.label_model(model, found((TOPWEAR, 0.4, [62, 60, 138, 200])))
    pseudo.store([made], tmp_path / "p.json")
    (again,) = pseudo.applied([model], tmp_path / "p.json")
    assert again.boxes.tolist() == made.boxes.tolist()
    assert again.known.tolist() == made.known.tolist()
    (row,) = json.loads((tmp_path / "p.json").read_text()).values()
    assert row["labels"] == ["person", "topwear"]
    # Files of before hold indices and flags.
    old = row | {"labels": made.labels.tolist(), "known": made.known.tolist()}
    (tmp_path / "old.json").write_text(json.dumps({f"model/{model.path.name}": old}))
    (again,) = pseudo.applied([model], tmp_path / "old.json")
    assert again.labels.tolist() == made.labels.tolist()
    assert again.known.tolist() == made.known.tolist()
    old["known"].append(True)
    (tmp_path / "old.json").write_text(json.dumps({f"model/{model.path.name}": old}))
    with pytest.raises(DataError, match="made for 11 classes, not for 10"):
        pseudo.applied([model], tmp_path / "old.json")
    kept = Scene(**(vars(model) | {"split": "val"}))
    assert pseudo.applied([kept], tmp_path / "p.json") == [kept]


def test_the_same_key_gives_the_same_view(model):
    views = scenes.SceneViews([model])
    one, two = views[scenes.Key(0, 5, 0)], views[scenes.Key(0, 5, 0)]
    np.testing.assert_array_equal(one.image, two.image)
    np.testing.assert_array_equal(one.boxes, two.boxes)
    assert one.image.shape == (512, 320, 3)
    assert one.mask.shape == (128, 80)


def test_a_batch_pads_labels(model):
    views = scenes.SceneViews([model])
    view = views[scenes.Key(0, 5, 1)]
    empty = replace(view, boxes=view.boxes[:0], labels=view.labels[:0])
    images, labels, masks = scenes.collate([view, empty])
    assert images.shape == (2, 3, 320, 320)
    assert labels.valid.tolist() == [[True], [False]]
    assert masks.shape == (2, 80, 80)
    assert images.is_contiguous(memory_format=torch.channels_last)


def test_heat_is_one_at_a_joint_and_zero_for_one_cut_off():
    points = np.zeros((17, 2), np.float32)
    points[0] = (8 * 10 + 4, 8 * 20 + 4)
    state = np.zeros(17, np.int64)
    state[0] = 1
    maps = person.heat(points, state)
    assert maps.shape == (17, 64, 48)
    assert np.unravel_index(maps[0].argmax(), (64, 48)) == (20, 10)
    assert maps[0].max() == 1
    assert maps[1:].max() == 0


def test_a_flip_exchanges_left_and_right(model):
    view = person.PersonViews([model])[0, -1]
    turned = person.mirrored(view)
    assert turned.points[5].tolist() == view.points[6].tolist()
    assert turned.points[0].tolist() == view.points[0].tolist()
    assert person.mirrored(turned).points.tolist() == view.points.tolist()


def test_a_plain_view_maps_the_box_to_the_crop(model):
    view = person.PersonViews([model])[0, -1]
    # The box is 270 high, 310.5 with its margin: 512 crop rows. The middle stays the middle.
    assert view.points[0].tolist() == pytest.approx(
        [192 + (100 - 100) * 512 / 310.5, 256 + (40 - 155) * 512 / 310.5], abs=1e-3
    )
    assert (view.gender, view.view) == (1, 0)


def test_the_frame_of_a_cut_hides_joints(model):
    for seed in range(40):
        view = person.PersonViews([model])[0, seed]
        shown = view.points[view.state == 1]
        assert (shown >= 0).all()
        assert (shown < (384, 512)).all()
        if (view.state == 0).sum() > 4:
            return
    raise AssertionError("none of 40 views was cut")


def test_a_perfect_heatmap_costs_nothing():
    target = torch.from_numpy(person.heat(np.full((17, 2), 50, np.float32), np.ones(17, np.int64)))[
        None
    ]
    logits = torch.logit(target.clamp(1e-6, 1 - 1e-6))
    assert person.heat_loss(logits, target, torch.ones(1, 17)).item() == pytest.approx(0, abs=0.02)
    assert person.heat_loss(-logits, target, torch.ones(1, 17)).item() > 100
    assert person.heat_loss(-logits, target, torch.zeros(1, 17)).item() == 0


def item(key, kind, color, path=Path("x"), part="topwear/male"):
    labels = (kind, color, "", "", "topwear", "summer")
    return Item(key, part, "train", ((path, (60.0, 20.0, 140.0, 290.0)),), labels)


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_equal_type_and_color_are_one_group_and_unknown_ones_stand_alone():
    items = [item("1", "shirts", "blue"), item("2", "shirts", "blue"), item("3", "shirts", "red")]
    items += [item("4", "", ""), item("5", "", "")]
    assert embedding._groups(items).tolist() == [0, 0, 1, 2, 3]


def test_a_square_window_about_a_tall_box():
    assert crop_window((60, 20, 140, 290), 1.0).tolist() == [-35, 20, 235, 290]


def test_a_plain_crop_is_grey_beyond_the_photo():
    image = np.zeros((300, 60, 3), np.uint8)
    crop = plain_crop(image, (0, 0, 60, 300))
    assert crop.shape == (224, 224, 3)
    assert crop[112, 2].tolist() == [128] * 3
    assert crop[112, 112].tolist() == [0] * 3


def test_a_plain_crop_is_what_the_stage_cuts():
    noise = np.random.default_rng(0).integers(0, 256, (300, 200, 3)).astype(np.uint8)
    image = np.asarray(cv2.GaussianBlur(noise, (0, 0), 3), np.uint8)
    image = cv2.normalize(image, None, 0, 255, cv2.NORM_MINMAX)
    for box in ((60.0, 60.0, 140.0, 150.0), (40.0, 50.0, 110.0, 120.0), (90.0, 96.0, 144.0, 150.0)):
        mine = plain_crop(image, box).astype(int)
        square = with_aspect(Box(*box).scaled(EXPAND), 1.0)
        theirs = fit_box(image, square, (224, 224)).canvas.astype(int)
        # Where the middles of pixels are forgotten it is 2 to 3 levels.
        assert np.abs(mine - theirs).mean() < 0.5


def test_batches_hold_two_views_of_each_item_and_whole_parts(model, tmp_path):
    items = [item(str(i), "shirts", "blue" if i % 2 else "red", model.path) for i in range(6)]
    items += [item("9", "bags", "red", model.path, "bag/female")]
    words = {
        "type": ("shirts",),
        "color": ("blue", "red"),
        "pattern": (),
        "usage": (),
        "category": ("topwear",),
        "season": ("summer",),
    }
    views = ItemViews(items, words, [model.path])
    assert views.classes[0].tolist() == [0, 1, -1, -1, 0, 0]
    crop = views[0, 3]
    assert crop.image.shape == (224, 224, 3)
    np.testing.assert_array_equal(crop.image, views[0, 3].image)

    task = embedding.EmbeddingTask.__new__(embedding.EmbeddingTask)
    task.options = SimpleNamespace(batch=8, steps=5, seed=0)
    task.train, task.groups = items, embedding._groups(items)
    plan = task.plan(0)
    assert plan == task.plan(0)
    assert plan != task.plan(1)
    assert len(plan) == 5
    for batch in plan:
        rows = [row for row, _, _ in batch]
        assert rows[0::2] == rows[1::2]
        assert {how for _, _, how in batch[1::2]} == {PHONE}
        parts = [items[row].part for row in rows]
        assert len(set(parts[:4])) == len(set(parts[4:])) == 1
        assert parts[0] != parts[4]
        assert len(batch) == 8
    first = [how for batch in plan for _, _, how in batch[0::2]]
    assert set(first) == {SHOP, ""}


def test_a_view_as_the_shop_shows_it_and_one_as_a_phone_takes_it(model):
    items = [item("1", "shirts", "blue", model.path)]
    views = ItemViews(items, dict.fromkeys(HEADS, ()), [model.path])
    asked = cv2.resize(plain_crop(photo(model.path), items[0].crops[0][1]), (16, 16)).astype(int)

    def apart(how):
        found = [cv2.resize(views[0, seed, how].image, (16, 16)).astype(int) for seed in range(24)]
        return np.mean([min(abs(x - asked).mean(), abs(x[:, ::-1] - asked).mean()) for x in found])

    # As shown it differs by its size alone, as taken by light, place and what lies over it.
    assert apart(SHOP) < 12
    assert apart(PHONE) > 2 * apart(SHOP)
    np.testing.assert_array_equal(views[0, 3, PHONE].image, views[0, 3, PHONE].image)


def test_an_image_cut_near_a_box():
    image = np.arange(100 * 80, dtype=np.uint16).reshape(100, 80)
    seen = set()
    for seed in range(40):
        part, (x0, y0, x1, y1) = cut(image, (20, 10, 60, 90), np.random.default_rng(seed))
        top, left = divmod(int(part[0, 0]), 80)
        height, width = part.shape
        np.testing.assert_array_equal(part, image[top : top + height, left : left + width])
        # A tenth of the box's 40 by 80 at most; what is left of the box is where it was.
        assert 16 <= left <= 24
        assert 56 <= left + width <= 64
        assert 2 <= top <= 18
        assert 82 <= top + height <= 98
        box = (x0 + left, y0 + top, x1 + left, y1 + top)
        assert box == (max(20, left), max(10, top), min(60, left + width), min(90, top + height))
        seen.add(box == (20, 10, 60, 90))
    assert seen == {True, False}


def test_the_words_of_names():
    said = ["Fila Men 2 Red T-shirts", "FILA Women Shoes", ""]
    items = [replace(item(str(k), "", ""), title=title) for k, title in enumerate(said)]
    assert title_words(items[0]) == {"fila", "men", "red", "shirts"}
    told = embedding.title_word_targets(items, ("fila", "men", "shoes"))
    assert told.tolist() == [[0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0, 0]]
    logits = torch.tensor([[0.8, 0.1, 0.1], [0.2, 0.4, 0.4], [1.0, 0, 0]]).clamp(1e-9).log()
    wanted = -(np.log(0.8) + np.log(0.1) + np.log(0.2) + np.log(0.4)) / 2 / 2
    assert embedding.name_loss(logits, told).item() == pytest.approx(wanted, rel=1e-5)
    assert embedding.name_loss(logits[2:], told[2:]).item() == 0
    many = [replace(items[k % 2], id=str(k)) for k in range(39)]
    # 20 of "men" and "red", 19 of "women" and "shoes"; what is kept apart teaches nothing.
    assert frequent_words(many) == ("fila", "men", "red", "shirts")
    apart = replace(items[1], split="val")
    assert frequent_words([*many, apart]) == frequent_words(many)


def test_types_need_five_products_and_colors_twelve():
    items = [item(str(k), "shirts" if k < 5 else "tops", "blue") for k in range(9)]
    assert vocabulary(items)["type"] == ("shirts",)
    assert vocabulary(items)["color"] == ()
    items += [item(str(k), "tops", "blue") for k in range(9, 12)]
    assert vocabulary(items)["type"] == ("shirts", "tops")
    assert vocabulary(items)["color"] == ("blue",)


def test_disagreement_of_two_views():
    guesses = torch.tensor([[0.5, 0.5], [0.8, 0.2], [0.3, 0.7], [0.3, 0.7]])
    # (0.8 - 0.5) (log 0.8 - log 0.5) + (0.2 - 0.5) (log 0.2 - log 0.5) = 0.415888 for the first two
    # views, 0 for the next; half of the mean of both.
    known = torch.tensor([True] * 4)
    found = embedding.consistency_loss(guesses.log(), known).item()
    assert found == pytest.approx(0.415888 / 4, abs=1e-6)
    # What has no label may say what it likes: to agree it would say one thing of everything.
    first = torch.tensor([True, True, False, False])
    assert embedding.consistency_loss(guesses.log(), first).item() == pytest.approx(2 * found)
    assert embedding.consistency_loss(guesses.log(), ~first).item() == 0
    assert embedding.consistency_loss(guesses.log(), ~known).item() == 0


def test_a_teacher_tells_what_is_not_known_of_worn_articles(model, monkeypatch):
    told = {"type": {"tops": 0.6, "shirts": 0.4}, "color": {"red": 0.9}, "pattern": {"solid": 0.4}}
    asked = []

    class Stage:
        def __init__(self, session):
            pass

        def run(self, image, boxes):
            asked.append(boxes)
            return [Embedded(np.ones(1, np.float32), told)]

    monkeypatch.setattr(embedding, "EmbeddingStage", Stage)
    monkeypatch.setattr(embedding, "Session", lambda *_: None)
    product = item("1", "", "", model.path)
    worn = replace(item("2", "shirts", "", model.path), kind="street")
    mine, theirs = embedding.with_teacher_labels([product, worn], None)
    assert mine == product
    # The tag's word stays; of the color it is sure, of the pattern not.
    assert theirs.labels == ("shirts", "red", "", "", "topwear", "summer")
    assert asked == [[Box(60, 20, 140, 290)]]


class Fixed(torch.nn.Module):
    """Gives what it is told, whatever it sees."""

    def __init__(self, *outputs):
        super().__init__()
        self.outputs = outputs

    def forward(self, _images):
        return self.outputs


def test_the_loss_weighs_how_far_the_guesses_of_two_views_disagree():
    torch.manual_seed(0)
    vectors = torch.nn.functional.normalize(torch.rand(4, 8), dim=1)
    logits = [torch.rand(4, 3) for _ in embedding.HEADS]
    rows, classes = torch.tensor([0, 0, 1, 1]), torch.tensor([[0, 1, 2, 0, -1, -1]] * 4)

    def loss(*more, **changes):
        task = embedding.EmbeddingTask.__new__(embedding.EmbeddingTask)
        plain = {"metric_loss_weight": 0.0, "instance_loss_weight": 0.0, "consistency_weight": 0.0}
        task.options = SimpleNamespace(**(plain | changes))
        task.groups = torch.tensor([0, 1])
        task.metric_loss = task.instance_loss = lambda *_: torch.tensor(7.0)
        task.named = torch.tensor([[1.0, 0], [0.5, 0.5]])
        return task.loss(Fixed(vectors, *logits, *more), (None, rows, classes))

    total, parts = loss()
    # Cross-entropies of the heads with labels alone, by their weights 1, 1, 0.5, 0.3.
    heads = [parts[name] for name in embedding.HEADS]
    assert heads[4:] == [0, 0]
    wanted = heads[0] + heads[1] + 0.5 * heads[2] + 0.3 * heads[3]
    assert total.item() == pytest.approx(wanted, rel=1e-5)
    known = torch.tensor([True] * 4)
    apart = [embedding.consistency_loss(found, known).item() for found in logits[:3]]
    wanted = apart[0] + apart[1] + 0.5 * apart[2]
    assert parts["apart"] == pytest.approx(wanted, rel=1e-5)
    assert wanted > 0.01
    assert (loss(consistency_weight=2.0)[0] - total).item() == pytest.approx(2 * wanted, rel=1e-4)
    assert (
        loss(metric_loss_weight=0.1, instance_loss_weight=0.5)[0] - total
    ).item() == pytest.approx(4.2, rel=1e-4)
    words = torch.zeros(4, 2)
    # Two words as likely as each other cost log 2, whichever of them a name has.
    assert (loss(words, names=0.5)[0] - total).item() == pytest.approx(np.log(2) / 2, rel=1e-4)


def test_what_is_measured_while_it_learns(monkeypatch):
    task = embedding.EmbeddingTask.__new__(embedding.EmbeddingTask)
    task.words = {"type": ("shirts", "bags"), "color": ("blue", "red")}
    task.val = [item(str(i), "shirts" if i < 3 else "bags", "blue", "x") for i in range(6)]
    # The learned vectors know nothing, all alike but two; the guesses know the type of five.
    vectors = unit(np.eye(6, 4, dtype=np.float32) + 1)
    kinds = np.array([[9, 0]] * 3 + [[0, 9]] * 2 + [[9, 0]], np.float32)
    colors, patterns = np.tile(np.float32([1, 0]), (6, 1)), np.zeros((6, 2), np.float32)
    monkeypatch.setattr(embedding, "infer", lambda *_: (vectors, [kinds, colors, patterns]))
    found = task.measure(None)
    assert found["right_type"] == pytest.approx(5 / 6)
    assert found["right_color"] == 1
    assert found["p10_color"] == found["learned_p10_color"] == 1
    # Five neighbours each of six: two of five are right, with the guesses as without.
    assert found["p10_type"] == found["learned_p10_type"] == pytest.approx(0.4)


def test_the_exported_vector_joins_the_look_with_the_guesses():
    mix = embedding.Mix((5.0, 2.0, 2.0, 1.0), (0.0, 1.0, 0.0), 4.0, 6)
    torch.manual_seed(0)
    net = embedding.EmbeddingNet((5, 4, 3, 2, 2), 8).eval()
    rng = np.random.default_rng(0)
    made = [unit(rng.normal(size=(20, count)).astype(np.float32)) for count in (8, 1280)]
    graph = embedding.EmbeddingGraph(net, *embedding.fit_pca(*made, mix), mix).eval()
    x = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        vector, kinds, colors, patterns, *_ = graph(x)
    assert vector.shape == (2, 6 + 5 + 4 + 3)
    torch.testing.assert_close(vector.norm(dim=1), torch.ones(2))
    # Parts keep their proportions: each has length 1 before it is weighted.
    length = (25 + 4 + 4 + 1) ** 0.5
    part = vector[:, :6].norm(dim=1)
    torch.testing.assert_close(part, torch.full((2,), 5 / length), atol=1e-4, rtol=0)
    torch.testing.assert_close(vector[:, 6:11], 2 * kinds.sqrt() / length, atol=1e-4, rtol=0)
    shade = vector[:, 11:15]
    torch.testing.assert_close(shade.norm(dim=1), torch.full((2,), 2 / length), atol=1e-4, rtol=0)
    assert not torch.allclose(shade, 2 * colors.sqrt() / length, atol=0.02)
    assert colors.shape == (2, 4)
    assert patterns.shape == (2, 3)


@pytest.mark.filterwarnings("ignore:Initializing zero-element tensors")
def test_a_head_without_classes_is_not_exported():
    net = embedding.EmbeddingNet((5, 4, 3, 0, 2, 0), 8).eval()
    mix = embedding.Mix((1.0, 1.0, 1.0, 1.0), (0.0, 0.0, 0.0), 1.0, 6)
    made = np.eye(8, dtype=np.float32), np.eye(8, 1280, dtype=np.float32)
    graph = embedding.EmbeddingGraph(net, *embedding.fit_pca(*made, mix), mix).eval()
    with torch.no_grad():
        found = graph(torch.rand(2, 3, 64, 64))
    assert [one.shape[1] for one in found] == [6 + 5 + 4 + 3, 5, 4, 3, 2]


def test_guesses_that_doubt_alike_are_alike():
    black, navy, red = torch.tensor([[4.0, 3.4, -3.0], [3.4, 4.0, -3.0], [-3.0, -2.0, 4.0]])

    def alike(lean):
        one, two, other = embedding.guess(torch.stack([black, navy, red]), lean)
        return float(one @ two), float(one @ other)

    # By hand: p(black) is 0.6453 and 0.3541 once the light has changed.
    p = black.softmax(0).double()
    assert alike(0)[0] == pytest.approx(float((p * p[[1, 0, 2]]).sqrt().sum()), abs=1e-4)
    centered = [x - x.mean() for x in (black, navy)]
    directions = float(torch.nn.functional.cosine_similarity(*centered, dim=0))
    assert alike(1e4)[0] == pytest.approx(directions, abs=1e-3)
    # Leaning finds a change of the light smaller, and another color farther.
    sure, leaning = alike(0), alike(1.5)
    assert sure[0] < leaning[0]
    assert leaning[1] < sure[1]
    assert embedding.guess(red[None], 1.5).norm().item() == pytest.approx(1, abs=1e-6)


def test_a_checkpoint_of_other_labels_is_not_exported(tmp_path):
    torch.manual_seed(0)
    words = ("shirts", "blue", "", "casual", "topwear", "summer")
    items = [replace(item(str(k), "", ""), labels=words) for k in range(12)]
    sizes = tuple(len(vocabulary(items)[head]) for head in HEADS)
    net = embedding.EmbeddingNet((sizes[0] + 1, *sizes[1:]), 8, words=3)
    torch.save({"average": net.state_dict()}, tmp_path / "last.pt")
    assert embedding.restored_embedding_net(tmp_path / "last.pt").words.out_features == 3
    with pytest.raises(ModelError, match="2 classes of type, but the data has 1"):
        embedding.export_to(tmp_path, tmp_path / "last.pt", items, {})


def test_words_are_guessed_beside_the_heads_and_not_exported():
    torch.manual_seed(0)
    net = embedding.EmbeddingNet((5, 4, 3), 8, words=6).eval()
    x = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        assert [list(found.shape) for found in net(x)] == [[2, 8], [2, 5], [2, 4], [2, 3], [2, 6]]
        made = np.eye(8, dtype=np.float32), np.eye(8, 1280, dtype=np.float32)
        mix = embedding.Mix((1.0, 1.0, 1.0, 1.0), (0.0, 0.0, 0.0), 1.0, 6)
        graph = embedding.EmbeddingGraph(net, *embedding.fit_pca(*made, mix), mix).eval()
        assert [list(found.shape)[1] for found in graph(x)] == [6 + 5 + 4 + 3, 5, 4, 3]


def test_main_axes_keep_what_differs_most_of_both():
    mix = embedding.Mix((1.0, 1.0, 1.0, 1.0), (0.0, 0.0, 0.0), 2.0, 9)
    rng = np.random.default_rng(0)
    learned, features = (unit(rng.normal(size=(60, count)).astype(np.float32)) for count in (4, 5))
    axes, offset = embedding.fit_pca(learned, features, mix)
    turned = np.hstack([learned, features]) @ axes.numpy() - offset.numpy()
    # All axes kept: distances are those of both, the features made as long and twice as heavy.
    spread = np.sqrt(((features - features.mean(0)) ** 2).sum(1).mean())
    whole = np.hstack([learned, features * 2 / spread])
    for k in range(1, 6):
        wanted = np.linalg.norm(whole[0] - whole[k])
        assert np.linalg.norm(turned[0] - turned[k]) == pytest.approx(wanted, rel=1e-4)
    np.testing.assert_allclose(turned.mean(0), 0, atol=1e-5)
    variances = turned.var(0)
    assert (np.diff(variances) < 1e-6).all()


def test_tags_show_what_has_no_box_where_the_whole_photo_is_seen(model):
    tagged = replace(model, kind="tagged", hint="dress bag sandals")
    views = scenes.SceneViews([tagged])
    seen = {frozenset(np.flatnonzero(views[scenes.Key(0, s, 0)].shown)) for s in range(40)}
    named = {DRESS, BAG, CATEGORIES.index("footwear")}
    assert any(named <= shown for shown in seen)
    assert any(not named <= shown for shown in seen)


def test_rare_categories_are_taken_more_often_than_their_share(model):
    many = [replace(model, kind="model", hint="topwear")] * 16
    probabilities = article._probabilities([*many, replace(model, kind="model", hint="dress")])
    # Roots: 16 at 1/4 and one at 1.
    assert probabilities[0] == pytest.approx(0.25 / 5)
    assert probabilities[-1] == pytest.approx(1 / 5)


def test_too_few_products_stop_an_embedding_before_it_learns():
    def some(count, side="train", color="red"):
        labels = ("handbags", color, "", "", "bag", "")
        return [Item(str(k), "bag/female", side, (), labels) for k in range(count)]

    assert len(embedding.axes_items(some(66))) == 66
    assert len(embedding.axes_items(some(40 * 66))) == 10 * 66
    with pytest.raises(DataError, match="65 training products; the vector's 66 axes need as many"):
        embedding.check_enough(some(65) + some(9, "val"))
    with pytest.raises(DataError, match="no color is on enough training products"):
        embedding.check_enough(some(66, color=""))
    with pytest.raises(DataError, match="no product is kept apart"):
        embedding.check_enough(some(66))
    embedding.check_enough(some(66) + some(1, "val"))
