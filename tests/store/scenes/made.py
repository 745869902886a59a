"""Photos of one color, and a parser to which they are looks: red ones and blue ones are worn."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import numpy as np
from PIL import Image

from thatlook.core.errors import PhotoError
from thatlook.core.image import decode
from thatlook.core.records import Article, Box, Gate, Keypoint, Look, Person

DIM = 4
KEY = "net:1"


def unit(*values: float) -> np.ndarray:
    vector = np.array(values, np.float32)
    return vector / np.linalg.norm(vector)


def photo(path: Path, color: tuple[int, int, int], size: tuple[int, int] = (40, 60)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, color).save(path, "PNG")
    return path


def person(gender: str) -> Person:
    joints = tuple(Keypoint(1, 1, 0.9) for _ in range(17))
    gate = Gate(full_shot=True, front=True)
    return Person(Box(1, 1, 9, 9), 0.9, joints, gate, "front", 0.9, gender, 0.9)


class Parser:
    """A dress of the photo's color above white shoes; in green photos nobody, black ones kill the
    process, white ones cannot be used. Blue is worn by a man, red by somebody unknown.
    """

    def parse(self, source: Path) -> Look:
        image = decode(source)
        red, green, blue = (float(v) for v in image.reshape(-1, 3).mean(axis=0))
        height, width = image.shape[:2]
        if red + green + blue < 30:
            os.kill(os.getpid(), signal.SIGKILL)
        if min(red, green, blue) > 250:
            raise PhotoError("damaged", "a white photo", str(source))
        if green > 200:
            return Look(str(source), width, height, None, ())
        worn = [
            Article(
                "dress",
                Box(4, 5, 30, 40),
                0.9,
                {"type": "gown", "color": "red" if red > blue else "blue"},
                unit(red, green, blue, 1),
            ),
            Article("footwear", Box(10, 50, 20, 58), 0.8, {"color": "white"}, unit(0, 0, 0, 1)),
        ]
        gender = "male" if blue > red else "unknown"
        return Look(str(source), width, height, person(gender), tuple(worn))


RED, BLUE, GREEN, BLACK, WHITE = (
    (200, 10, 10),
    (10, 10, 200),
    (10, 250, 10),
    (0, 0, 0),
    (255, 255, 255),
)
