"""Faults deep inside a registry entry: refused with words that name the field, whatever it is."""

from __future__ import annotations

import contextlib
import json

import numpy as np
import pytest

from thatlook.core.errors import ModelError
from thatlook.core.records import Box
from thatlook.core.settings import Settings
from thatlook.vision.models.registry import IMAGE_TASKS, resolve, shipped
from thatlook.vision.models.session import Session, output_of_shape
from thatlook.vision.stages.article import ArticleStage
from thatlook.vision.stages.embedding import EmbeddingStage
from thatlook.vision.stages.person import PersonRules, PersonStage

PHOTO = np.full((64, 48, 3), 90, np.uint8)
BOX = Box(4, 4, 40, 60)
MISSING = object()
RUN = Session.run
ODD = (MISSING, None, "8", 0, -1, 0.5, True, [1, 1], [], {}, {"dim": "4"}, ["a", "b"], "nothing")


def changed(tmp_path, task, place, value):
    """The shipped entry with one value changed or removed, reading the shipped weights."""
    own = shipped(task)
    content = json.loads(own.path.with_suffix(".json").read_text(encoding="utf-8"))
    content["file"] = str(own.path)
    *parents, last = place
    inside = content
    for name in parents:
        inside = inside[name]
    if value is MISSING:
        del inside[last]
    else:
        inside[last] = value
    path = tmp_path / "entry.json"
    path.write_text(json.dumps(content))
    return str(path)


def run(task, entry):
    session = Session(resolve(task, entry), threads=1)
    if task == "article":
        return ArticleStage(session, 0.35, 0.35, 0.6).run(PHOTO)
    if task == "person":
        return PersonStage(session, PersonRules.of(Settings())).run(PHOTO, BOX, 0.9)
    return [one.attributes("bag") for one in EmbeddingStage(session).run(PHOTO, [BOX])]


@pytest.mark.parametrize(
    ("task", "place", "value", "message"),
    [
        ("article", ("input", "area"), MISSING, r"article-\d: input.area must be .* is missing"),
        ("article", ("input", "max_side"), "512", r"input.max_side must be .* it is '512'"),
        ("article", ("input", "multiple"), 0, r"input.multiple must be a whole number of 1"),
        ("article", ("outputs", "masks"), MISSING, r"outputs.masks must be there, it is missing"),
        ("article", ("labels", "scores"), ["topwear"], r"labels.scores must be \['topwear', 'o"),
        ("person", ("input", "width"), MISSING, r"person-\d: input.width must be .* is missing"),
        ("person", ("input", "expand"), MISSING, r"input.expand must be a number above 0"),
        (
            "person",
            ("input", "mean"),
            [0.5, 0.5],
            r"input.mean must be three numbers.*\[0.5, 0.5\]",
        ),
        ("person", ("input", "std"), [1, 0, 1], r"input.std must be three numbers above 0"),
        ("person", ("outputs", "view"), MISSING, r"outputs.view must be there"),
        (
            "embedding",
            ("input", "height"),
            True,
            r"embedding-\d: input.height must be .* it is True",
        ),
        ("embedding", ("input", "std"), [1, "1", 1], r"input.std must be three numbers"),
        ("embedding", ("outputs", "embedding", "dim"), -4, r"outputs.embedding.dim must be"),
        (
            "embedding",
            ("outputs", "embedding", "parts"),
            {"type": 5},
            r"embedding.parts must be names with whole numbers that add up to \d+, it is {'type",
        ),
        ("embedding", ("labels", "usage"), ["a", "b"], r"usage should be \(1, 2\), it is \(1, 4\)"),
        ("embedding", ("labels", "usage"), [], r"labels.usage must be a list of different"),
        ("embedding", ("labels", "usage"), ["a"] * 4, r"labels.usage must be a list of different"),
        ("embedding", ("labels", "usage"), "abcd", r"labels.usage must be a list of different"),
    ],
)
def test_faults_are_named(tmp_path, task, place, value, message):
    with pytest.raises(ModelError, match=message):
        run(task, changed(tmp_path, task, place, value))


def places(task):
    """Every field of the entry's input, outputs and labels, and what is inside an output."""
    spec = shipped(task)
    found = [
        (part, name) for part in ("input", "outputs", "labels") for name in getattr(spec, part)
    ]
    inside = [("outputs", name, key) for name, about in spec.outputs.items() for key in about]
    return found + inside


@pytest.mark.parametrize("task", IMAGE_TASKS)
def test_whatever_is_wrong_is_a_model_error_or_does_not_matter(tmp_path, task, monkeypatch):
    answers = []
    with monkeypatch.context() as patch:
        patch.setattr(
            Session, "run", lambda self, fed: answers.append(RUN(self, fed)) or answers[0]
        )
        run(task, "")
    # the right answer every time, by the names that the entry promises
    monkeypatch.setattr(
        Session, "run", lambda self, _: {name: answers[0][name] for name in self.spec.outputs}
    )
    assert len(places(task)) > 8
    for place in places(task):
        for value in ODD:
            with contextlib.suppress(ModelError):
                run(task, changed(tmp_path, task, place, value))


def test_an_output_has_the_shape_that_was_expected():
    spec = shipped("person")
    given = {"view": np.zeros((1, 3))}
    assert output_of_shape(spec, given, "view", (1, None)) is given["view"]
    for shape in ((1, 4), (3,), (2, None), (1, 3, None)):
        with pytest.raises(ModelError, match=r"person-\d: output view should be .*is \(1, 3\)"):
            output_of_shape(spec, given, "view", shape)
