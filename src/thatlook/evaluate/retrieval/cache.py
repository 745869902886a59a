"""Vectors kept between runs, per encoder: embedding a shop takes minutes, measuring seconds.

One file per encoder, named by the sha256 of its key; inside the key itself, and each vector under
the digest of its crop (the photo's bytes, the box, the seed). Another network has another key, so
old vectors are never taken for new ones. The folder can be deleted.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from thatlook.core.errors import DataError
from thatlook.core.files import write_whole
from thatlook.core.progress import Progress
from thatlook.evaluate.retrieval.crops import Crop
from thatlook.evaluate.retrieval.encoders import Encoder

Floats = NDArray[np.float32]
CHUNK: Final = 64
SAVE_EVERY: Final = 1024
"""A run that is killed loses at most this many vectors."""


class Vectors:
    """Vectors of crops by one encoder, kept in `folder` (None: in memory only)."""

    def __init__(self, encoder: Encoder, folder: Path | None = None) -> None:
        """Raises DataError where the file in `folder` is not what was written there."""
        self.encoder = encoder
        self._path: Path | None = None
        self._known: dict[str, Floats] = {}
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            name = hashlib.sha256(encoder.key.encode()).hexdigest()[:24]
            self._path = folder / f"{name}.npz"
            self._load(self._path)

    def of(self, crops: Sequence[Crop]) -> Floats:
        """The vectors (n, dim) of the crops; those not yet known are made. Raises PhotoError."""
        keys = [crop.key for crop in crops]
        new = list({k: c for k, c in zip(keys, crops, strict=True) if k not in self._known}.items())
        bar = Progress(total=len(new), desc=self.encoder.name, disable=not new)
        unsaved = 0
        for start in range(0, len(new), CHUNK):
            part = new[start : start + CHUNK]
            vectors = self.encoder.encode([crop.opened() for _, crop in part])
            self._known |= {key: row for (key, _), row in zip(part, vectors, strict=True)}
            unsaved += len(part)
            bar.update(len(part))
            if unsaved >= SAVE_EVERY:
                self._save()
                unsaved = 0
        if unsaved:
            self._save()
        bar.close()
        return np.stack([self._known[key] for key in keys])

    def _load(self, path: Path) -> None:
        if not path.is_file():
            return
        try:
            with np.load(path, allow_pickle=False) as file:
                key, names, rows = str(file["encoder"]), file["keys"].tolist(), file["vectors"]
        except (OSError, ValueError, KeyError) as error:
            raise DataError(f"{path}: not kept vectors; delete it: {error}") from error
        if key != self.encoder.key:
            raise DataError(f"{path}: vectors of {key}, not {self.encoder.key}; delete it")
        self._known = dict(zip(names, rows, strict=True))

    def _save(self) -> None:
        if self._path is None:
            return
        packed = io.BytesIO()
        names, rows = np.array(list(self._known)), np.stack(list(self._known.values()))
        np.savez(packed, encoder=np.array(self.encoder.key), keys=names, vectors=rows)
        write_whole(self._path, packed.getvalue())
