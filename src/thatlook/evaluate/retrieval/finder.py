"""Where articles are, as the article network finds them; kept between runs like vectors."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from thatlook.core.errors import DataError
from thatlook.core.files import write_whole
from thatlook.core.image import decode, foreground
from thatlook.core.progress import Progress
from thatlook.core.records import Box
from thatlook.core.settings import Settings
from thatlook.evaluate.retrieval.crops import Corners, digest_of
from thatlook.vision.analyzer import OWN_THRESHOLD
from thatlook.vision.models.session import Session
from thatlook.vision.stages.article import ArticleStage

SAVE_EVERY: Final = 500
MIN_IOU: Final = 0.5
"""A box found is that of a labelled article from this overlap on."""

Found = tuple[str, float, Corners]
"""Category, score, box."""


class Finder:
    """The articles in photos, best first, down to the score at which a product's own is taken."""

    def __init__(self, session: Session, folder: Path | None = None) -> None:
        """Raises DataError where the file in `folder` is not what was written there."""
        settings = Settings()
        self._stage = ArticleStage.of(session, settings)
        self._key = f"{session.spec.key} {OWN_THRESHOLD} {settings.nms_iou}"
        self._known: dict[str, list[Found]] = {}
        self._path: Path | None = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True)
            self._path = folder / f"{hashlib.sha256(self._key.encode()).hexdigest()[:24]}.json"
            self._load(self._path)

    def look(self, paths: Sequence[Path]) -> None:
        """Finds the articles of all these photos now, with a bar. Raises PhotoError."""
        new = [path for path in dict.fromkeys(paths) if digest_of(path) not in self._known]
        for index, path in enumerate(Progress(new, desc="articles", disable=not new), start=1):
            self._known[digest_of(path)] = self._found(path)
            if index % SAVE_EVERY == 0 or index == len(new):
                self._save()

    def article(self, path: Path, category: str) -> Corners | None:
        """The box of the one article that a product photo is about: the best of its category."""
        self.look([path])
        found = self._known[digest_of(path)]
        return next((box for name, _, box in found if name == category), None)

    def own(self, path: Path, category: str) -> Corners:
        """The same, as a catalog takes it: where no article of the category is found, what stands
        out from the background.
        """
        box = self.article(path, category)
        if box is not None:
            return box
        x0, y0, x1, y1 = foreground(decode(path)).to_list()
        return (x0, y0, x1, y1)

    def matched(self, path: Path, wanted: Sequence[tuple[str, Corners]]) -> list[Corners | None]:
        """For each (category, box) that a photo shows the box found for it, None where none is.

        Boxes of the category above the threshold at which a look takes them, that overlap by
        MIN_IOU; best score first, none taken twice.
        """
        self.look([path])
        matched: list[Corners | None] = [None] * len(wanted)
        for category, score, box in self._known[digest_of(path)]:
            if not self._stage.counts(category, score):
                continue
            overlaps = [
                Box(*box).iou(Box(*true)) if name == category and matched[index] is None else 0.0
                for index, (name, true) in enumerate(wanted)
            ]
            best = max(range(len(wanted)), key=lambda k: overlaps[k], default=None)
            if best is not None and overlaps[best] >= MIN_IOU:
                matched[best] = box
        return matched

    def _found(self, path: Path) -> list[Found]:
        detections = self._stage.run(decode(path), OWN_THRESHOLD)
        found = []
        for one in sorted(detections, key=lambda d: -d.score):
            x0, y0, x1, y1 = (round(float(v), 1) for v in one.box.to_list())
            found.append((one.label, round(float(one.score), 4), (x0, y0, x1, y1)))
        return found

    def _load(self, path: Path) -> None:
        if not path.is_file():
            return
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
            rows = kept["found"].items()
            if kept["network"] != self._key:
                raise DataError(f"{path}: boxes of {kept['network']}; delete it")
            self._known = {
                digest: [(name, score, (b[0], b[1], b[2], b[3])) for name, score, b in found]
                for digest, found in rows
            }
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(f"{path}: not kept boxes; delete it: {error!r}") from error

    def _save(self) -> None:
        if self._path is not None:
            text = json.dumps({"network": self._key, "found": self._known})
            write_whole(self._path, text.encode())
