from __future__ import annotations

import pytest
import torch

from thatlook.training.losses import (
    Labels,
    assign,
    mask_loss,
    overlap,
    presence_loss,
    score_loss,
    side_loss,
)
from thatlook.training.nets import BINS, decode, points


def labels(*rows, classes=3):
    boxes = torch.tensor([[box for _, box in rows]], dtype=torch.float32)
    kinds = torch.tensor([[k for k, _ in rows]])
    known = torch.ones(1, classes, dtype=torch.bool)
    return Labels(boxes, kinds, torch.ones_like(kinds, dtype=torch.bool), known, ~known)


def test_overlap_of_half_shifted_squares():
    a, b = torch.tensor([0.0, 0, 2, 2]), torch.tensor([1.0, 0, 3, 2])
    assert overlap(a, b).item() == pytest.approx(1 / 3)
    # The hull is 3 x 2 and holds no more than the union: GIoU is IoU.
    assert overlap(a, b, generalized=True).item() == pytest.approx(1 / 3)


def test_generalized_overlap_of_boxes_apart_is_negative():
    a, b = torch.tensor([0.0, 0, 1, 1]), torch.tensor([3.0, 0, 4, 1])
    assert overlap(a, b).item() == 0
    assert overlap(a, b, generalized=True).item() == pytest.approx(-0.5)


def test_points_and_decoding():
    centers, strides = points(64, 32)
    assert len(centers) == 8 * 4 + 4 * 2 + 2
    assert centers[1].tolist() == [12, 4]
    assert strides[[0, 32, 40]].flatten().tolist() == [8, 16, 32]
    raw = torch.full((1, 42, 4, BINS), -50.0)
    raw[..., 2] = 50
    boxes = decode(raw, centers, strides)
    assert boxes[0, 1].tolist() == pytest.approx([12 - 16, 4 - 16, 12 + 16, 4 + 16])


def test_the_aligned_point_inside_a_box_is_positive():
    centers = torch.tensor([[10.0, 10], [30, 10], [90, 90]])
    boxes = torch.tensor([[[0.0, 0, 20, 20], [0, 0, 20, 20], [0, 0, 20, 20]]])
    scores = torch.full((1, 3, 3), 0.25)
    got = assign(scores, boxes, centers, labels((1, [0, 0, 20, 20])))
    # Only the first point lies in the box, although all three predict it.
    assert got.positive.tolist() == [[True, False, False]]
    assert got.targets[0, 0].tolist() == pytest.approx([0, 1, 0])
    assert got.boxes[0, 0].tolist() == [0, 0, 20, 20]


def test_soft_targets_follow_the_alignment():
    centers = torch.tensor([[8.0, 10], [12, 10]])
    boxes = torch.tensor([[[0.0, 0, 20, 20], [0, 0, 20, 10]]])
    scores = torch.full((1, 2, 3), 0.25)
    got = assign(scores, boxes, centers, labels((0, [0, 0, 20, 20])))
    # Alignments .5 * 1 and .5 * .5**6, scaled so that the best gets its overlap of 1.
    assert got.targets[0, :, 0].tolist() == pytest.approx([1, 0.5**6])


def test_a_point_in_two_boxes_goes_to_the_one_it_overlaps_more():
    centers = torch.tensor([[10.0, 10]])
    boxes = torch.tensor([[[0.0, 0, 20, 22]]])
    scores = torch.full((1, 1, 3), 0.5)
    got = assign(scores, boxes, centers, labels((0, [0, 0, 20, 60]), (2, [0, 0, 20, 20])))
    assert got.targets[0, 0].argmax().item() == 2
    assert got.boxes[0, 0].tolist() == [0, 0, 20, 20]


def test_a_thing_smaller_than_a_stride_still_has_points():
    centers, _ = points(32, 32)
    boxes = torch.tensor([15.0, 15, 17, 17]).expand(1, len(centers), 4)
    got = assign(
        torch.full((1, len(centers), 3), 0.5), boxes, centers, labels((0, [15, 15, 17, 17]))
    )
    assert int(got.positive.sum()) == 4 + 1


def test_padding_is_never_assigned():
    found = labels((0, [0, 0, 20, 20]), (1, [0, 0, 0, 0]))
    found.valid[0, 1] = False
    got = assign(
        torch.full((1, 1, 3), 0.5), torch.zeros(1, 1, 4) + 0.5, torch.tensor([[1.0, 1]]), found
    )
    assert got.targets[0, 0, 1] == 0


def test_an_open_class_has_no_negatives():
    logits = torch.zeros(1, 1, 3)
    got = assign(
        logits.sigmoid(),
        torch.zeros(1, 1, 4),
        torch.tensor([[90.0, 90]]),
        labels((0, [0, 0, 20, 20])),
    )
    known = torch.tensor([[1.0, 0, 0]])
    # One negative of score .5: weight .75 * .25, cross-entropy ln 2.
    assert score_loss(logits, got, known).item() == pytest.approx(0.75 * 0.25 * 0.6931, rel=1e-3)


def test_a_side_between_two_bins_wants_both():
    raw = torch.full((1, 4, BINS), -50.0)
    raw[..., 3] = raw[..., 4] = 0
    assert side_loss(raw, torch.full((1, 4), 3.5)).item() == pytest.approx(0.6931, rel=1e-3)
    assert side_loss(raw, torch.full((1, 4), 9.0)).item() > 10


def test_a_right_mask_costs_nothing_and_unknown_pixels_count_nowhere():
    mask = torch.tensor([[[0, 1], [2, 255]]])
    logits = torch.full((1, 2, 2, 2), -30.0)
    logits[0, 0, 0, 1] = logits[0, 1, 1, 0] = 30
    logits[0, :, 1, 1] = 30
    assert mask_loss(logits, mask).item() == pytest.approx(0, abs=1e-5)
    assert mask_loss(-logits, mask).item() > 10
    assert mask_loss(logits, torch.full((1, 2, 2), 255)).item() == 0


def test_presence_counts_what_is_shown_or_surely_absent():
    known = torch.tensor([[True, False, False, True]])
    shown = torch.tensor([[False, True, False, True]])
    found = Labels(torch.zeros(1, 1, 4), torch.zeros(1, 1), torch.zeros(1, 1), known, shown)
    # Absent at .5: ln 2; shown at .5: ln 2; the third is open; the fourth is no category.
    assert presence_loss(torch.tensor([[0.0, 0, 50]]), found).item() == pytest.approx(0.6931, 1e-3)
    assert presence_loss(torch.tensor([[-50.0, 50, 50]]), found).item() == pytest.approx(
        0, abs=1e-6
    )
    assert presence_loss(torch.tensor([[50.0, 50, 50]]), found).item() == pytest.approx(25)
