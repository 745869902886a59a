"""A folder of photos to scenes, again and again."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest

from tests.store.scenes.made import BLACK, BLUE, DIM, GREEN, KEY, RED, WHITE, Parser, photo, unit
from thatlook.core.errors import CatalogError, DataError, ModelMismatchError
from thatlook.core.records import Box
from thatlook.search.index import Query
from thatlook.store.scenes import SceneShelf, index_scenes


@pytest.fixture
def shelf(tmp_path):
    opened = SceneShelf.open(tmp_path / "catalog", KEY, DIM)
    yield opened
    opened.close()


@pytest.fixture
def folder(tmp_path):
    photo(tmp_path / "street/red.png", RED)
    photo(tmp_path / "street/more/blue.png", BLUE, (80, 60))
    photo(tmp_path / "street/green.png", GREEN)
    (tmp_path / "street/notes.txt").write_text("no photo")
    return tmp_path / "street"


def run(folder, shelf, workers=0):
    return index_scenes(folder, shelf, Parser, workers=workers)


def id_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]


def test_what_is_kept_of_a_photo(folder, shelf):
    report = run(folder, shelf)
    assert (report.added, report.nobody, report.articles, report.failed) == (2, 1, 4, 0)
    assert shelf.count() == 2
    scene = shelf.scene(id_of(folder / "more/blue.png"))
    assert scene.photo == str(folder / "more/blue.png")
    assert (scene.width, scene.height, scene.gender) == (80, 60, "male")
    dress, shoes = scene.articles
    assert (dress.category, dress.box, dress.score) == ("dress", Box(4, 5, 30, 40), 0.9)
    assert dict(dress.attributes) == {"type": "gown", "color": "blue"}
    np.testing.assert_allclose(dress.vector, unit(10, 10, 200, 1))
    assert shoes.category == "footwear"
    assert shelf.scene(id_of(folder / "red.png")).gender == "unknown"
    assert shelf.picture(scene.id) == folder / "more/blue.png"
    (hit,) = shelf.search(unit(0, 0, 1, 0)[None], Query(category="dress", k=1))[0]
    assert shelf.article_of(hit.product_id) == (scene.id, 0)


def test_a_second_run_looks_at_what_is_new_alone(folder, shelf):
    run(folder, shelf)
    photo(folder / "new.png", (150, 20, 20))
    report = run(folder, shelf)
    assert (report.added, report.unchanged, report.nobody) == (1, 2, 1)
    assert shelf.count() == 3


def test_a_photo_that_moved_keeps_its_scene(folder, shelf):
    run(folder, shelf)
    scene = id_of(folder / "red.png")
    (folder / "red.png").rename(folder / "more/other.png")
    report = run(folder, shelf)
    assert (report.added, report.moved, report.unchanged, report.removed) == (0, 1, 1, 0)
    assert shelf.picture(scene) == folder / "more/other.png"
    assert len(shelf.scene(scene).articles) == 2


def test_the_same_bytes_twice_are_one_scene(folder, shelf):
    photo(folder / "copy of red.png", RED)
    report = run(folder, shelf)
    assert (report.added, report.again, shelf.count()) == (2, 1, 2)


def test_what_is_gone_is_removed_and_other_folders_stay(folder, shelf, tmp_path):
    run(folder, shelf)
    other = tmp_path / "posts"
    photo(other / "a.png", (90, 10, 10))
    run(other, shelf)
    gone = id_of(folder / "red.png")
    (folder / "red.png").unlink()
    assert run(folder, shelf).removed == 1
    assert shelf.scene(gone) is None
    assert shelf.count() == 2
    with pytest.raises(CatalogError, match="no photo of the scene"):
        shelf.picture(gone)


def test_a_photo_that_cannot_be_opened_today_keeps_its_scene(folder, shelf, monkeypatch):
    run(folder, shelf)
    kept = id_of(folder / "red.png")
    real = Path.open

    def refused(path, *args, **options):
        if path.name == "red.png":
            raise PermissionError(13, "Permission denied")
        return real(path, *args, **options)

    monkeypatch.setattr(Path, "open", refused)
    report = run(folder, shelf)
    assert (report.failed, report.removed) == (1, 0)
    assert shelf.scene(kept) is not None


def test_a_photo_that_cannot_be_used_stops_no_other(folder, shelf):
    photo(folder / "white.png", WHITE)
    report = run(folder, shelf)
    assert (report.added, report.failed) == (2, 1)
    assert report.problems == [f"{folder / 'white.png'}: a white photo"]
    assert "2 added, 0 moved, 0 unchanged, 0 removed, 1 failed" in str(report)


def test_a_photo_that_ends_the_process_costs_itself_alone(folder, shelf):
    photo(folder / "black.png", BLACK)
    report = run(folder, shelf, workers=1)
    assert (report.added, report.failed, report.nobody) == (2, 1, 1)
    assert "ended by signal 9" in report.problems[0]


@pytest.mark.skipif(not hasattr(os, "symlink"), reason="needs symbolic links")
def test_links_are_left_alone(folder, shelf, tmp_path):
    photo(tmp_path / "elsewhere.png", (90, 10, 10))
    (folder / "link.png").symlink_to(tmp_path / "elsewhere.png")
    assert run(folder, shelf).added == 2


@pytest.mark.parametrize("name", ["empty", "not there"])
def test_a_folder_without_photos_is_refused(tmp_path, shelf, name):
    if name == "empty":
        (tmp_path / name).mkdir()
    with pytest.raises(DataError, match=r"no photos are there; expected \.jpg"):
        run(tmp_path / name, shelf)


def test_another_network_is_told_what_to_do(folder, shelf, tmp_path):
    run(folder, shelf)
    with pytest.raises(ModelMismatchError, match=r"delete that folder .* index them again"):
        SceneShelf.open(tmp_path / "catalog", "net:2", DIM)


def test_scenes_that_are_not_there(tmp_path):
    assert SceneShelf.there(tmp_path, KEY, DIM) is None
    assert not (tmp_path / "scenes").exists()
