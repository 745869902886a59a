"""The person network's second opinions: what is read from the head and from the key points."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from thatlook.core.errors import SettingsError
from thatlook.training.nets import Near, PersonNet, Trunk, peaks_of, postures
from thatlook.training.recipes import person


def points_of(**places):
    """Key points (1, 17, 3) in 0..1 of the crop; those named as (x, y, score), others at 0."""
    out = torch.zeros(1, 17, 3)
    names = {name: k for k, name in enumerate(person.KEYPOINTS)}
    for name, place in places.items():
        out[0, names[name]] = torch.tensor(place)
    return out


def standing(turn=1.0, **changes):
    """Someone upright in a crop of 384 x 512 whose shoulders are `turn` times 0.2 wide."""
    half = 0.1 * turn
    places = {
        "nose": (0.5, 0.1, 0.9),
        "left_shoulder": (0.5 + half, 0.2, 0.9),
        "right_shoulder": (0.5 - half, 0.2, 0.9),
        "left_hip": (0.5 + half / 2, 0.5, 0.9),
        "right_hip": (0.5 - half / 2, 0.5, 0.9),
    }
    return points_of(**(places | changes))


def test_peaks_are_the_middles_of_the_heat_and_the_highest_scores():
    maps = torch.full((1, 3, 6, 8), -30.0)
    maps[0, 0, 3, 5] = 2.0
    maps[0, 1, 0, 0] = 0.0
    # Heat of 0.5 and 0.25 in neighbouring columns: a third of the way; what is far counts nowhere.
    maps[0, 2, 2, 3], maps[0, 2, 2, 4], maps[0, 2, 2, 7] = 0.0, -np.log(3), -np.log(3)
    found = peaks_of(maps)
    assert found[0, 0].tolist() == pytest.approx([5.5 / 8, 3.5 / 6, 1 / (1 + np.exp(-2))])
    assert found[0, 1].tolist() == pytest.approx([0.5 / 8, 0.5 / 6, 0.5])
    assert found[0, 2].tolist() == pytest.approx([(3.5 + 1 / 3) / 8, 2.5 / 6, 0.5])


def test_postures_are_lengths_of_the_torso():
    found = postures(standing(), 0.75)[0]
    # The torso is 0.3 high; the shoulders 0.2 * 0.75 = 0.15 wide, the hips half of it.
    assert found[0].item() == pytest.approx(0.5)
    assert found[1].item() == pytest.approx(0.25)
    assert found[4].item() == pytest.approx(0.0)
    assert found[8:17].tolist() == pytest.approx([0.9, 0, 0, 0, 0, 0.9, 0.9, 0, 0])
    aside = standing(nose=(0.6, 0.1, 0.9), left_ear=(0.5, 0.1, 0.8), right_ear=(0.5, 0.1, 0.3))
    turned = postures(aside, 0.75)[0]
    assert turned[4].item() == pytest.approx(0.1 * 0.75 / 0.3)
    assert turned[17].item() == pytest.approx(0.5)
    # Seen from behind, the left shoulder is on the left of the picture.
    assert postures(standing(turn=-1.0), 0.75)[0, 0].item() == pytest.approx(-0.5)
    assert torch.isfinite(postures(torch.zeros(1, 17, 3), 0.75)).all()


def ramp():
    """A crop (1, 3, 512, 384) whose red is x in pixels and whose green is y."""
    y, x = torch.meshgrid(torch.arange(512.0), torch.arange(384.0), indexing="ij")
    return torch.stack([x, y, torch.zeros_like(x)])[None]


def test_the_window_lies_about_the_face_and_is_square_in_pixels():
    near = Near().eval()
    crop = ramp()
    seen = near.window(crop, standing(), (512, 384))[0]
    assert seen.shape == (3, Near.SIDE, Near.SIDE)
    # Face to shoulders: 0.1 of 512 px; the window is REACH times that, about (192, 51.2).
    side = Near.REACH * 51.2
    inside = seen[:, 60:, :]
    across = inside[0, 0, -1] - inside[0, 0, 0]
    assert across.item() == pytest.approx(side * (Near.SIDE - 1) / Near.SIDE, rel=0.01)
    assert seen[0, 80].mean().item() == pytest.approx(192 - 0.5, abs=0.1)
    assert (seen[1, -1, 5] - seen[1, -2, 5]).item() == pytest.approx(side / Near.SIDE, rel=0.01)
    # Beyond the crop's upper edge there is the padding's grey, 0.
    high = near.window(crop + 5, standing(nose=(0.5, 0.02, 0.9)), (512, 384))[0]
    assert high[:, 0].abs().max() == 0


def test_the_window_has_a_least_and_a_greatest_side():
    near = Near().eval()
    for low, share in ((0.2, 0.12), (0.6, 0.6)):
        # The face stays in the middle; only the shoulders are near, or far below.
        face = standing(
            nose=(0.5, 0.5, 0.9),
            left_shoulder=(0.5, 0.5 + low - 0.19, 0.9),
            right_shoulder=(0.5, 0.5 + low - 0.19, 0.9),
        )
        seen = near.window(ramp(), face, (512, 384))[0, 1]
        step = (seen[57] - seen[56]).mean()
        assert step.item() == pytest.approx(share * 512 / Near.SIDE, rel=0.01)
    assert torch.isfinite(near.window(ramp(), torch.zeros(1, 17, 3), (512, 384))).all()


def test_a_head_that_is_not_seen_says_nothing():
    torch.manual_seed(0)
    near, crop = Near().eval(), torch.rand(1, 3, 128, 96)
    with torch.no_grad():
        seen = near(crop, standing(), (128, 96))
        hidden = near(crop, standing(nose=(0.5, 0.1, 0.0)), (128, 96))
    assert seen.abs().max() > 0
    assert hidden.abs().max() == 0


def test_training_changes_the_windows_and_measuring_does_not():
    torch.manual_seed(0)
    near, crop = Near(Trunk(1, depth=Near.DEPTH)), torch.rand(4, 3, 128, 96)
    points = standing().expand(4, -1, -1)
    near.eval()
    assert torch.equal(near.window(crop, points, (128, 96)), near.window(crop, points, (128, 96)))
    near.train()
    changed = near.window(crop, points, (128, 96))
    assert not torch.equal(changed, near.window(crop, points, (128, 96)))


def test_the_opinions_are_added():
    torch.manual_seed(0)
    net = PersonNet(17, 3).eval()
    crop = torch.rand(2, 3, 128, 64)
    with torch.no_grad():
        found = net.read(crop)
        maps, gender, view = net(crop)
    assert torch.equal(maps, found.maps)
    torch.testing.assert_close(gender, found.genders[0] + found.genders[1])
    torch.testing.assert_close(view, found.views[0] + found.views[1])


def test_a_body_that_is_kept_does_not_learn():
    torch.manual_seed(0)
    net = PersonNet(17, 3)
    net.keep_body()
    net.train()
    assert not net.heat[0][1].training
    assert net.near.mix[1].training
    found = net.read(torch.rand(2, 3, 128, 64))
    (found.genders[1].sum() + found.genders[0].sum()).backward()
    learning = {name.split(".")[0] for name, p in net.named_parameters() if p.grad is not None}
    assert learning == {"near"}


def test_a_body_can_be_kept_only_where_there_is_one():
    with pytest.raises(SettingsError, match="--keep-body needs --start"):
        person.run(SimpleNamespace(keep_body=True, start=None, resume=False))


def test_classes_that_nobody_knows_cost_nothing():
    logits = torch.tensor([[2.0, 0.0], [0.0, 1.0]], requires_grad=True)
    assert person._told(logits, torch.tensor([-1, -1])).item() == 0
    known = person._told(logits, torch.tensor([0, -1])).item()
    assert known == pytest.approx(np.log(1 + np.exp(-2)))


def test_opinions_weigh_what_they_are_worth():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 2, 4000)
    side = np.where(truth == 1, 1.0, -1.0)
    # Logits of a normal signal of spread 1 and distance 2 are twice it: known is the best weight.
    sharp, loud = side + rng.normal(0, 1, 4000), 5 * (side + rng.normal(0, 1, 4000))
    nothing = np.zeros((4000, 2), np.float32)
    one = np.stack([-sharp, sharp], 1).astype(np.float32)
    other = np.stack([-loud, loud], 1).astype(np.float32)
    a, b, offset = person.opinion_weights((one, other), truth)
    assert (a, b) == (pytest.approx(1.0, abs=0.1), pytest.approx(0.2, abs=0.02))
    assert offset == pytest.approx(0, abs=0.1)
    a, b, _ = person.opinion_weights((other, nothing), truth)
    assert (a, b) == (pytest.approx(0.2, abs=0.02), pytest.approx(1.0, abs=1e-6))
    # Mistakes on the second class cost three times: its odds are three times as high.
    offset = person.opinion_weights((one, other), truth, (1.0, 3.0))[2]
    assert offset == pytest.approx(-np.log(3), abs=0.1)
    # Without a signal what is left is how often each class is there, here one in four.
    rare = (np.arange(4000) % 4 == 0).astype(np.int64)
    offset = person.opinion_weights((nothing, nothing), rare)[2]
    assert offset == pytest.approx(np.log(3), rel=0.01)
    assert person.opinion_weights((one, other), np.full(4000, -1)) == (1, 1, 0)
    assert person.opinion_weights((one, other), np.zeros(4000, np.int64)) == (1, 1, 0)


def test_the_graph_weighs_the_opinions():
    torch.manual_seed(0)
    net = PersonNet(17, 3).eval()
    net.posture.bias.data[:] = torch.tensor([1.0, 0.0, -1.0])
    graph = person.PersonGraph(net, ((0.5, 2.0, 0.7), (1.0, 3.0, 0.0))).eval()
    crop = torch.rand(2, 3, 128, 64)
    with torch.no_grad():
        found = net.read(crop)
        heat, gender, view = graph(crop)
    torch.testing.assert_close(heat, found.maps.sigmoid())
    both = 0.5 * found.genders[0] + 2 * found.genders[1] + torch.tensor([0.7, 0.0])
    wanted = both.softmax(-1)
    torch.testing.assert_close(gender, wanted, atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(
        view, (found.views[0] + 3 * found.views[1]).softmax(-1), atol=1e-5, rtol=1e-4
    )


@pytest.mark.parametrize("views", [("front", "side"), ("front", "side", "back"), ("side", "back")])
def test_a_posture_is_fitted_to_the_views_that_are_labelled(monkeypatch, views):
    rng = np.random.default_rng(0)
    rows = np.arange(90) % len(views)
    made = rng.normal(0, 0.1, (90, 18)).astype(np.float32)
    made[np.arange(90), rows] += 1
    told = [SimpleNamespace(view=views[k]) for k in rows] + [SimpleNamespace(view="")]
    monkeypatch.setattr(person, "readings", lambda _, scenes: [None, made[: len(scenes)]])
    net = PersonNet(17, 3).eval()
    person.fit_posture(net, told)
    with torch.no_grad():
        guess = net.posture(torch.from_numpy(made)).argmax(1).numpy()
    wanted = np.array([person.VIEWS.index(views[k]) for k in rows])
    assert (guess == wanted).mean() == 1
    before = net.posture.weight.clone()
    person.fit_posture(net, told[::2][:1])
    assert torch.equal(net.posture.weight, before)
