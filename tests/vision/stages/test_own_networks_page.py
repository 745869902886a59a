"""The entries printed in docs/own-networks.md are entries that work."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.vision.stages.graphs import entry
from thatlook.core.taxonomy import DETECTOR_CLASSES
from thatlook.vision.models.registry import resolve
from thatlook.vision.models.session import Session
from thatlook.vision.stages.article import ArticleStage
from thatlook.vision.stages.embedding import EmbeddingStage
from thatlook.vision.stages.yolo import YoloReader

PAGE = Path(__file__).resolve().parents[3] / "docs" / "own-networks.md"


@pytest.fixture
def printed(tmp_path):
    """The path of the entry for a task, as the page prints it."""
    blocks = re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    contents = {content["task"]: content for content in map(json.loads, blocks)}
    assert set(contents) == {"article", "embedding"}

    def path(task):
        content = contents[task]
        weights = tmp_path / content["file"]
        weights.write_bytes(b"")
        del content["file"], content["sha256"]
        return str(entry(weights, **content))

    return path


def test_the_detector(printed):
    spec = resolve("article", printed("article"))
    ArticleStage(Session(spec), 0.35, 0.35, 0.6)
    became = [DETECTOR_CLASSES[place] for place in YoloReader.of(spec).labels]
    assert became == [
        "person",
        "topwear",
        "outerwear",
        "dress",
        "bottomwear",
        "footwear",
        "bag",
        "headwear",
    ]


def test_the_encoder(printed):
    assert EmbeddingStage(Session(resolve("embedding", printed("embedding")))).dim == 768
