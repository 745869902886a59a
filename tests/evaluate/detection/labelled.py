"""Made photos with labels, and what a network is said to have found in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass
class Photo:
    boxes: np.ndarray
    labels: np.ndarray


def photo(*rows):
    boxes = np.array([box for _, box in rows], np.float32).reshape(-1, 4)
    return Photo(boxes, np.array([label for label, _ in rows], np.int64))


def found(*rows):
    boxes = np.array([box for _, _, box in rows], float).reshape(-1, 4)
    return boxes, np.array([s for _, s, _ in rows], float), np.array([c for c, _, _ in rows], int)
