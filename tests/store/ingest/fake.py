"""A describer that needs no network: the vector is made of the picture's mean color."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from thatlook.core.errors import ModelError
from thatlook.core.records import Box, Described

DIM = 8
KEY = "fake"


@dataclass(frozen=True)
class FakeDescriber:
    """`found` where the picture is more red than blue; the score is its redness.

    A purely green picture kills the process, as a broken decoder would.
    """

    key: str = KEY
    dim: int = DIM
    log: str = ""

    def describe(self, items):
        if self.log:
            with Path(self.log).open("a") as file:
                file.writelines(f"{product.id}\n" for _, product in items)
        return [self._one(image) for image, _ in items]

    def _one(self, image):
        red, green, blue = (float(v) for v in image.reshape(-1, 3).mean(axis=0))
        if green > 200 and red < 50 and blue < 50:
            os.kill(os.getpid(), signal.SIGKILL)
        vector = np.zeros(self.dim)
        vector[:4] = red, green, blue, 1
        vector = (vector / np.linalg.norm(vector)).astype(np.float32)
        box = Box(0, 0, image.shape[1], image.shape[0])
        return Described(vector, box, {"color": ("red", 0.5)}, red / 255, red > blue)


@dataclass(frozen=True)
class Factory:
    """Makes it; `log` names a file that collects the ids described."""

    key: str = KEY
    log: str = ""

    def __call__(self):
        if self.key == "broken":
            raise ModelError("the weights are missing")
        return FakeDescriber(self.key, DIM, self.log)


def picture(path: Path, color=(200, 30, 30)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (32, 24), color).save(path, "PNG")
    return path
