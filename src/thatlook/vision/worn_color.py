"""What color a worn article has: the network's guess, moved by what the article's pixels say.

The heads learned colors mostly from product photos, and pixels alone name shaded cloth wrongly.
A linear term in what the pixels say is added to the head's logits; it is fitted to articles of
which an eye read the color (`thatlook train worn-color`) and stands in the embedding's registry
entry as "worn_color".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from thatlook.core.color import ANCHORS, lab, shares
from thatlook.core.image import Pixels
from thatlook.vision.models.registry import ModelSpec

Floats = NDArray[np.float64]

KEY: Final = "worn_color"
"""The entry's field."""

LEAST: Final = 1e-6
"""Probabilities below this one count as it: their logarithm would outweigh all else."""

_STATISTICS: Final = ("mean", "median", "deviation")
_QUANTILES: Final = (0.1, 0.5, 0.9)
_AXES: Final = ("L", "a", "b")
FEATURES: Final = (
    *ANCHORS,
    *(f"{statistic} {axis}" for statistic in _STATISTICS for axis in _AXES),
    *(f"quantile {share} L" for share in _QUANTILES),
)
"""What the pixels say: the root of each color name's share, then CIELAB, in units of 30."""
_LAB_UNIT: Final = 30.0
_INSIDE: Final = 128


def pixel_features(pixels: Pixels, weights: NDArray[np.uint8]) -> Floats:
    """FEATURES of pixels (h, w, 3) that count by weights (h, w), 0 to 255."""
    found = shares(pixels, weights)
    named = [np.sqrt(found.get(name, 0.0)) for name in ANCHORS]
    weight = weights.reshape(-1).astype(np.float64)
    counted = weight >= _INSIDE if weight.max() >= _INSIDE else np.ones(len(weight), bool)
    values, weight = lab(pixels.reshape(-1, 3)[counted]), np.maximum(weight[counted], 1.0)
    told = (
        np.average(values, axis=0, weights=weight),
        np.median(values, axis=0),
        values.std(axis=0),
        np.quantile(values[:, 0], _QUANTILES),
    )
    return np.concatenate([named, np.concatenate(told) / _LAB_UNIT])


@dataclass(frozen=True, slots=True, eq=False)
class WornColor:
    """`scale` of the head's logits, `weights` (FEATURES, labels) of pixels, `bias` (labels,)."""

    scale: float
    weights: Floats
    bias: Floats

    @classmethod
    def of(cls, spec: ModelSpec) -> WornColor | None:
        """That of an entry; None where it has none. Raises ModelError for one that cannot be."""
        value = spec.details.get(KEY)
        if value is None:
            return None
        labels = len(spec.names("color"))
        expected = f"scale, bias, and weights of {', '.join(FEATURES)}: {labels} numbers each"
        try:
            rows = {name: [float(x) for x in value["weights"][name].split()] for name in FEATURES}
            weights, bias = np.array(list(rows.values())), [float(x) for x in value["bias"].split()]
            scale = float(value["scale"])
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise spec.misfit(KEY, expected, value) from error
        if weights.shape != (len(FEATURES), labels) or len(bias) != labels:
            raise spec.misfit(KEY, expected, value)
        return cls(scale, weights, np.array(bias))

    def to_entry(self) -> dict[str, Any]:
        """As the entry has it: each row of numbers as one text."""
        return {
            "scale": round(self.scale, 4),
            "bias": _text(self.bias),
            "weights": {name: _text(row) for name, row in zip(FEATURES, self.weights, strict=True)},
        }

    def probabilities(
        self, head: Mapping[str, float], pixels: Pixels, weights: NDArray[np.uint8]
    ) -> dict[str, float]:
        """The probability of each label of the color head, by the pixels of the article."""
        logits = self.logits(np.array(list(head.values())), pixel_features(pixels, weights))
        found = np.exp(logits - logits.max())
        return dict(zip(head, map(float, found / found.sum()), strict=True))

    def logits(self, head: Floats, features: Floats) -> Floats:
        """Logits (..., labels) of the head's probabilities (..., labels) and FEATURES (..., n)."""
        seen = np.log(np.maximum(head, LEAST))
        found: Floats = self.scale * seen + features @ self.weights + self.bias
        return found


def _text(numbers: Floats) -> str:
    return " ".join(f"{number:.4g}" for number in numbers)
