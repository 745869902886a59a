"""What is known of a product's picture, with or without the networks."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from thatlook.core.errors import PhotoError
from thatlook.core.image import Pixels, decode, resized
from thatlook.core.near_duplicates import dhash
from thatlook.core.records import Vector
from thatlook.core.settings import Settings

SIGNATURE_PX = 16


@dataclass(frozen=True, slots=True)
class PictureSeen:
    """What the networks see in a picture.

    `articles` holds the best score of each category seen as in any photo. `own` says whether
    the product's own article is found when it is looked for, as a catalog does; `colors` are
    the shares of the color names in its pixels, empty where it was not surely seen. `category`,
    `color` and `pattern` are the embedding network's words for it, "" where it has none. `person`
    says whether somebody wears it; `gender` is "" where no face is seen.
    """

    articles: Mapping[str, float] = field(default_factory=dict)
    own: bool = False
    colors: Mapping[str, float] = field(default_factory=dict)
    category: str = ""
    color: str = ""
    pattern: str = ""
    person: bool = False
    gender: str = ""
    gender_score: float = 0.0
    vector: Vector | None = None


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """A picture file; `error` is a PhotoError's code where it cannot be used, else "".

    `dhash` (64 bits) and `signature` (16 x 16 RGB bytes) are for finding near-duplicates.
    `seen` is None where no network looked. Of a file that was not opened only its name is known.
    """

    file: str
    error: str = ""
    message: str = ""
    width: int = 0
    height: int = 0
    sha256: str = ""
    dhash: int = 0
    signature: bytes = b""
    seen: PictureSeen | None = None

    @property
    def opened(self) -> bool:
        """Whether the file was opened and decoded."""
        return self.width > 0


def file_facts(path: Path, settings: Settings) -> tuple[PictureFacts, Pixels | None]:
    """The facts that need no network, and the decoded picture, or None where it is broken."""
    try:
        image = decode(path, settings)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except PhotoError as error:
        return PictureFacts(str(path), error.code, error.message), None
    height, width = image.shape[:2]
    signature = resized(image, (SIGNATURE_PX, SIGNATURE_PX)).tobytes()
    facts = PictureFacts(str(path), "", "", width, height, digest, dhash(image), signature)
    return facts, image


def signature_of(facts: PictureFacts) -> NDArray[np.int16]:
    """The signature as numbers, int16 (768,)."""
    return np.frombuffer(facts.signature, np.uint8).astype(np.int16)
