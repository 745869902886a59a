"""What a pair is tried with: fixed texts and pictures, and vectors that somebody else computed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from thatlook.core.errors import ModelError
from thatlook.core.image import Pixels, decode
from thatlook.core.records import Box, Vector
from thatlook.vision.models.inputs import EmbeddingInput
from thatlook.vision.pair.spec import PairSpec, filled
from thatlook.vision.pair.text import TextEncoder
from thatlook.vision.stages.embedding import EmbeddingStage, unit, vector_output

TEXT: Final = "a red dress with white dots"
SIDE: Final = 64
PLAIN: Final[Mapping[str, tuple[int, int, int]]] = {
    "red": (215, 25, 30),
    "green": (30, 150, 60),
    "blue": (30, 70, 200),
    "yellow": (245, 215, 40),
    "black": (12, 12, 12),
    "white": (250, 250, 250),
}
"""Pictures of one color, which a true pair tells by the color's name."""

ALIKE: Final = 0.999
"""Vectors of one text, or of one picture that was cut the same, are at least so alike on any
machine."""

CUT_ALIKE: Final = 0.97
"""Vectors of a picture that another program scaled: its filter is another one."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of trying a pair.

    `unit_texts` and `unit_images` say whether the networks give vectors of length 1 by themselves
    (they are scaled here either way), `colors_told` is the share of PLAIN pictures to which their
    own color's name is the nearest. `min_parity` is the lowest similarity to vectors computed
    elsewhere; None where none were given.
    """

    dim: int
    unit_texts: bool
    unit_images: bool
    colors_told: float
    min_parity: float | None

    def metrics(self) -> dict[str, float]:
        """What the registry entry keeps as measured."""
        parity = {} if self.min_parity is None else {"parity": round(self.min_parity, 5)}
        return {"plain_colors_told": round(self.colors_told, 3), **parity}


class Probe:
    """A pair ready to be tried."""

    def __init__(self, pair: PairSpec, threads: int = 0) -> None:
        self.pair = pair
        self._text = TextEncoder.of(pair, threads)
        self._images = filled(pair.image, threads)
        self._stage = EmbeddingStage(self._images)

    def text(self, text: str) -> Vector:
        """The unit vector of a text. Raises ModelError."""
        found: Vector = unit(self._text.raw(text)[None])[0]
        return found

    def picture(self, image: Pixels) -> Vector:
        """The unit vector of a whole picture. Raises ModelError."""
        return self._stage.run(image, [Box(0, 0, image.shape[1], image.shape[0])])[0].vector

    def fixed(self) -> dict[str, list[float]]:
        """The vectors of TEXT and of `pattern`, by which a later run is compared."""
        made = {"text": self.text(TEXT), "image": self.picture(pattern())}
        return {name: [round(float(v), 6) for v in vector] for name, vector in made.items()}

    def raw_lengths(self) -> tuple[float, float]:
        """The lengths of a text's and a picture's vector as the networks give them."""
        into = EmbeddingInput.of(self.pair.image)
        blank = np.zeros((1, 3, into.size[1], into.size[0]), np.float32)
        vectors = self._images.run({into.name: blank})[vector_output(self.pair.image)]
        return float(np.linalg.norm(self._text.raw(TEXT))), float(np.linalg.norm(vectors))

    def colors_told(self) -> float:
        """See Trial."""
        texts = np.stack([self.text(f"{name} cloth") for name in PLAIN])
        pictures = [np.full((SIDE, SIDE, 3), color, np.uint8) for color in PLAIN.values()]
        images = np.stack([self.picture(image) for image in pictures])
        similarity = texts @ images.T
        # Less what a name gets on average: some names are near to every picture.
        similarity = similarity - similarity.mean(axis=1, keepdims=True)
        return float((similarity.argmax(axis=0) == np.arange(len(PLAIN))).mean())

    def min_parity(self, file: Path) -> float:
        """The lowest similarity to the vectors in `file`; see `tried`. Raises ModelError."""
        texts, images = _expected(file)
        minimum = 1.0
        for text, vector in texts.items():
            minimum = min(minimum, _alike(self.text(text), vector, ALIKE, f"the text {text!r}"))
        for name, vector in images.items():
            found = self.picture(decode(file.parent / name))
            minimum = min(minimum, _alike(found, vector, CUT_ALIKE, f"the picture {name}"))
        return minimum


def pattern() -> Pixels:
    """A picture, uint8 (64, 64, 3), whose color changes in both directions."""
    ramp = np.arange(SIDE, dtype=np.uint8) * 4
    across = np.broadcast_to(ramp, (SIDE, SIDE))
    return np.ascontiguousarray(np.stack([across, across.T, 255 - across], axis=2))


def tried(probe: Probe, parity: Path | None = None) -> Trial:
    """Runs both networks on fixed texts and pictures, and on those of `parity`.

    `parity` is JSON, {"texts": {TEXT: VECTOR}, "images": {FILE: VECTOR}}, with vectors that the
    original framework computed; files are looked up beside it. Raises ModelError for vectors that
    are not of the pair's dim or have no direction, that are the same for different texts, or
    unlike those of `parity`; PhotoError for a picture that cannot be read.
    """
    pair = probe.pair
    first, second = probe.text(TEXT), probe.text("black leather shoes")
    if float(first @ second) > 1 - 1e-6:
        raise ModelError(
            f"{pair.image.id}: two different texts give the same vector: this is no text network, "
            "or its tokenizer is another one's"
        )
    texts, images = (abs(length - 1) < 1e-3 for length in probe.raw_lengths())
    minimum = None if parity is None else probe.min_parity(parity)
    return Trial(pair.dim, texts, images, probe.colors_told(), minimum)


def compare_with_entry(pair: PairSpec, threads: int = 0) -> None:
    """Raises ModelError where a part was changed, or gives other vectors than when the pair was
    registered.
    """
    pair.image.read()
    pair.text.read()
    kept = pair.image.details.get("parity", {})
    for name, vector in Probe(pair, threads).fixed().items() if kept else ():
        _alike(np.array(vector), kept.get(name), ALIKE, f"the fixed {name} of {pair.image.id}")


def _expected(file: Path) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{file}: expected JSON of texts and images: {error}") from error
    parts = [told.get(name, {}) if isinstance(told, dict) else None for name in ("texts", "images")]
    if not all(isinstance(part, dict) for part in parts) or not any(parts):
        raise ModelError(f'{file}: expected {{"texts": {{TEXT: VECTOR}}, "images": {{...}}}}')
    return parts[0] or {}, parts[1] or {}


def _alike(found: Vector, expected: object, minimum: float, what: str) -> float:
    """The cosine; raises ModelError where it is below `minimum`."""
    try:
        wanted = np.asarray(expected, np.float64)
    except (TypeError, ValueError) as error:
        raise ModelError(f"{what}: expected a vector of numbers") from error
    if wanted.shape != found.shape:
        raise ModelError(f"{what}: expected a vector of {len(found)} numbers, not {wanted.shape}")
    cosine = float(found @ wanted / max(float(np.linalg.norm(wanted)), 1e-12))
    if cosine < minimum:
        raise ModelError(
            f"{what}: the vector is {cosine:.4f} like the expected one, less than {minimum}: the "
            "tokenizer, its padding, or how pictures go in is another one than in training"
        )
    return cosine
