"""What the article network learns from when eyes have looked: their labels in place of others.

Street photos are those that an eye read; a product photo with a model shows what was accepted in
it and nothing else. A model's photo that nobody looked at teaches what such photos never show.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np

from thatlook.core.taxonomy import PERSON_CLASS, SMALL_CATEGORIES
from thatlook.data.eye_labels import FILE, with_eye_labels
from thatlook.data.product_boxes import Looked, read_product_boxes
from thatlook.data.scenes import PERSON, Scene, known_classes

STREET: Final = ("street_labelled.jsonl", "street_tagged.jsonl")

EVERY: Final = 4
"""One in so many models' photos that nobody looked at: about as many as those that were."""


def looked_at(scenes: Sequence[Scene], data: Path, labels: Path) -> list[Scene]:
    """The scenes with labels made by eye: street photos that have any, all others that can teach.

    `data` is the folder with street/, `labels` that of the label files. On the val side only
    photos that had boxes before are kept: the boxes of the others are a network's own. Raises
    DataError.
    """
    street = [s for s in scenes if s.kind in ("street", "tagged")]
    seen: dict[str, Scene] = {}
    for path in (data / "street" / FILE, *(labels / name for name in STREET)):
        seen |= {s.path.name: s for s in with_eye_labels(street, path)}
    looked = read_product_boxes(labels)
    named = frozenset[str]().union(*(row.named for row in looked.values()))
    found = []
    for index, scene in enumerate(scenes):
        eye = seen.get(scene.path.name) if scene in street else None
        if eye is not None and (scene.kind == "street" or scene.split == "train"):
            found.append(replace(eye, kind="street", mask=scene.mask))
        elif scene.kind == "model" and scene.path.stem in looked:
            found += _model(scene, looked, named)
        elif scene.kind == "model":
            found += [without_small(scene, named)] * (index % EVERY == 0)
        elif scene.kind not in ("street", "tagged") or (eye is None and scene.kind == "tagged"):
            found.append(scene)
    return found


def _model(scene: Scene, looked: Mapping[str, Looked], named: Set[str]) -> list[Scene]:
    """A model's photo as an eye saw it; none where several people are in it.

    Of a category that is not `named` in the labels nobody said that it is not there.
    """
    row = looked[scene.path.stem]
    if row.person == "several":
        return []
    labels = np.array([PERSON, *row.labels], np.int64)
    boxes = np.concatenate([scene.boxes[:1], row.boxes]).astype(np.float32)
    known = known_classes({*named, PERSON_CLASS})
    known[row.unsure] = False
    if row.person == "none":
        labels, boxes = labels[1:], boxes[1:]
    return [replace(scene.with_boxes(boxes, labels), known=known)]


def without_small(scene: Scene, named: Set[str]) -> Scene:
    """A model's photo that nobody looked at: only what such photos hardly ever show is known.

    Of 972 that were looked at five have neckwear (dupattas), none a bag, headwear or eyewear. A
    category that is not `named` in their labels is not known here either.
    """
    known = known_classes(named & set(SMALL_CATEGORIES))
    return replace(
        scene.with_boxes(np.zeros((0, 4), np.float32), np.zeros(0, np.int64)), known=known
    )
