"""A tenth category: one record more in a copy of the package, and everything follows."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import thatlook

PACKAGE = Path(thatlook.__file__).parent
BELT = {
    "shown_name": "Waist belt",
    "drawing_color": "#123456",
    "prominence": 0.3,
    "small": True,
    "lone": True,
    "neighbours": {},
    "tags": ["belt"],
    "words": ["belt"],
}
LOOK = """
import json
from thatlook.core import taxonomy
from thatlook.data.items import worn_type
from thatlook.data.scenes import known_classes
from thatlook.evaluate.street.judged import accepted_types
from thatlook.render.photo import color_of
from thatlook.search.index.query import PRODUCT_CATEGORIES

print(json.dumps({
    "feed": [taxonomy.category_of("Belts"), taxonomy.category_of("Watches")],
    "classes": taxonomy.DETECTOR_CLASSES,
    "partitions": PRODUCT_CATEGORIES,
    "color": color_of("belt"),
    "prominence": taxonomy.category_prominence()["belt"],
    "type": worn_type("belt", ["belts"]),
    "accepted": sorted(accepted_types("belts")),
    "known": known_classes(["bag"]).tolist(),
}))
"""
PAGE = """
from fastapi import FastAPI
from fastapi.testclient import TestClient
from thatlook.service import pages

app = FastAPI()
pages.install(app)
client = TestClient(app)
for path in ("/static/categories.js", "/static/categories.css", "/embed.js"):
    print(client.get(path).text)
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Runs a script on the package with the tenth category, and gives what it prints."""
    root = tmp_path_factory.mktemp("copy")
    shutil.copytree(PACKAGE, root / "thatlook", copy_function=os.symlink)
    file = root / "thatlook" / "core" / "taxonomy.json"
    data = json.loads(file.read_text(encoding="utf-8"))
    data["categories"]["belt"] = BELT
    data["other"].remove("belt")
    file.unlink()
    file.write_text(json.dumps(data), encoding="utf-8")

    def run(script):
        environment = os.environ | {"PYTHONPATH": str(root)}
        command = [sys.executable, "-c", script]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True)

    return lambda script: run(script).stdout


def test_words_partitions_drawings_and_labels_follow(told):
    found = json.loads(told(LOOK))
    assert found["feed"] == ["belt", "other"]
    assert found["classes"][8:] == ["neckwear", "belt", "person"]
    assert found["partitions"][8:] == ["neckwear", "belt", "other"]
    assert (found["color"], found["prominence"]) == ("#123456", 0.3)
    assert (found["type"], found["accepted"]) == ("belts", ["belts"])
    assert found["known"].index(True) == 5
    assert sum(found["known"]) == 1


def test_the_page_follows(told):
    pytest.importorskip("fastapi", reason="needs the extra serve")
    text = told(PAGE)
    assert text.count('"belt": "Waist belt"') == 2
    assert ".c-belt { --c: #123456; }" in text
