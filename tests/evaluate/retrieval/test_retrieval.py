from __future__ import annotations

import numpy as np
import pytest

from thatlook.evaluate.retrieval import neighbours, precision


def circle(*degrees):
    angle = np.radians(degrees)
    return np.stack([np.cos(angle), np.sin(angle)], 1).astype(np.float32)


def test_neighbours_stay_in_their_part_and_leave_out_the_query():
    found = neighbours(circle(0, 10, 25, 1, 90), ["a", "a", "a", "b", "a"], 2)
    assert [n.tolist() for n in found] == [[1, 2], [0, 2], [1, 0], [], [2, 1]]


def test_precision_by_hand():
    found = neighbours(circle(0, 10, 25, 90), ["a"] * 4, 2)
    # 0: [1, 2] -> x, y; 1: [0, 2] -> x, y; 2: [1, 0] -> none; 3: [2, 1] -> y, x
    assert precision(found, ["x", "x", "y", "y"], 2) == pytest.approx(
        (1 / 2 + 1 / 2 + 0 + 1 / 2) / 4
    )


def test_queries_without_a_neighbour_do_not_count():
    found = neighbours(circle(0, 10, 20), ["a", "a", "b"], 10)
    assert precision(found, ["x", "x", "y"]) == 1
    assert np.isnan(precision(neighbours(circle(0), ["a"], 3), ["x"]))
