"""What is compared: the network, ImageNet features, color histograms. Crops in, vectors out."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from thatlook.core.color import lab
from thatlook.core.errors import ModelError
from thatlook.core.image import Pixels, cropped, resized
from thatlook.core.records import Box
from thatlook.vision.models.registry import ModelSpec
from thatlook.vision.models.session import Runs, Session
from thatlook.vision.stages.embedding import EmbeddingStage, unit

Floats = NDArray[np.float32]

NETWORK: Final = "network"
IMAGENET: Final = "ImageNet"
HISTOGRAM: Final = "colors"
HOW_TO_INSTALL: Final = "pip install 'thatlook[train]'"


Export = Callable[[Path], ModelSpec]
"""Writes a registry entry into a folder. Raises ModuleNotFoundError where it cannot."""


class Encoder(Protocol):
    """Anything that makes vectors of crops."""

    @property
    def name(self) -> str:
        """What tables call it."""
        ...

    @property
    def key(self) -> str:
        """What vectors remember of it: another key, other vectors."""
        ...

    def encode(self, crops: Sequence[tuple[Pixels, Box]]) -> Floats:
        """Vectors (n, dim) of unit length."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class NetworkEncoder:
    """An embedding network."""

    name: str
    session: Runs

    @property
    def key(self) -> str:
        """Id and sha256 of the network, and how crops are cut for it."""
        spec = self.session.spec
        return f"{spec.key} {json.dumps(dict(spec.input), sort_keys=True)}"

    def encode(self, crops: Sequence[tuple[Pixels, Box]]) -> Floats:
        """Vectors (n, dim) of unit length. Raises ModelError."""
        found = EmbeddingStage(self.session).run_many(crops)
        return np.stack([one.vector for one in found]).astype(np.float32)


BINS: Final = (6, 10, 10)
_LOW: Final = np.array([0.0, -60.0, -60.0])
_HIGH: Final = np.array([100.0, 60.0, 60.0])
SIDE_PX: Final = 48


@dataclass(frozen=True, slots=True)
class HistogramEncoder:
    """Roots of the shares of CIELAB bins: their products are Bhattacharyya coefficients."""

    name: str = HISTOGRAM
    key: str = f"lab-histogram-{'x'.join(map(str, BINS))}-{SIDE_PX}"

    def encode(self, crops: Sequence[tuple[Pixels, Box]]) -> Floats:
        """Vectors (n, bins) of unit length."""
        return unit(np.stack([self._one(image, box) for image, box in crops]))

    def _one(self, image: Pixels, box: Box) -> NDArray[Any]:
        height, width = image.shape[:2]
        inside = box.clipped(width, height) or Box(0, 0, width, height)
        values = lab(resized(cropped(image, inside), (SIDE_PX, SIDE_PX))).reshape(-1, 3)
        places = (values - _LOW) / (_HIGH - _LOW) * BINS
        bins = np.clip(places.astype(int), 0, np.array(BINS) - 1)
        flat = np.ravel_multi_index(tuple(bins.T), BINS)
        return np.sqrt(np.bincount(flat, minlength=int(np.prod(BINS))) / len(flat))


def imagenet(folder: Path, export: Export, threads: int = 0) -> NetworkEncoder | str:
    """The ImageNet baseline, which `export` writes into `folder` where it is not there yet; else,
    in words, why it is missing and how to get it.
    """
    try:
        spec = _exported(folder, export)
    except ModuleNotFoundError as error:
        return f"missing: it needs {error.name}; {HOW_TO_INSTALL}"
    return NetworkEncoder(IMAGENET, Session(spec, threads))


def _exported(folder: Path, export: Export) -> ModelSpec:
    entry = folder / "embedding.json"
    if entry.is_file():
        try:
            spec = ModelSpec.from_file(entry)
            spec.read()
        except ModelError:
            pass  # cut off or of another version: made again below
        else:
            return spec
    return export(folder)
