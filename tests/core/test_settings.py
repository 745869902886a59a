import numpy as np
import pytest

from thatlook.core.errors import SettingsError
from thatlook.core.settings import Settings, environment_beside


def test_argument_beats_environment_beats_file_beats_default(tmp_path):
    file = tmp_path / "t.toml"
    file.write_text("threads = 2\nnms_iou = 0.5\ngender_threshold = 0.7\n")
    env = {"THATLOOK_THREADS": "3", "THATLOOK_NMS_IOU": "0.4"}
    loaded = Settings.load(file, env, threads=4, article_threshold=None)
    assert (loaded.threads, loaded.nms_iou, loaded.gender_threshold) == (4, 0.4, 0.7)
    assert loaded.article_threshold == Settings().article_threshold


def test_the_environment_names_the_file(tmp_path):
    file = tmp_path / "t.toml"
    file.write_text("max_k = 7")
    assert Settings.load(environment={"THATLOOK_SETTINGS": str(file)}).max_k == 7


@pytest.mark.parametrize(
    "given",
    [
        {"threads": "many"},
        {"threads": -1},
        {"threads": True},
        {"nms_iou": 1.5},
        {"max_k": 0},
        {"max_photo_scans": 0},
        {"max_removed_share": 1.1},
        {"out_of_stock": "mark"},
        {"front_threshold": 90.0},
        {"similar_score": 1.1},
        {"similar_score": 0.6, "very_close_score": 0.5},
        {"gender_threshold": float("nan")},
        {"article_model": 3},
        {"nms_iou": [0.5]},
        {"colour": 1},
    ],
)
def test_impossible_values(given):
    with pytest.raises(SettingsError, match=next(iter(given))):
        Settings.load(environment={}, **given)


def test_a_misspelt_variable_is_refused_with_the_nearest():
    env = {"THATLOOK_GENDER_TRESHOLD": "0.9"}
    with pytest.raises(SettingsError, match="TRESHOLD; did you mean THATLOOK_GENDER_THRESHOLD"):
        Settings.load(environment=env)
    with pytest.raises(
        SettingsError, match="unknown environment variable THATLOOK_XYZZY; known are"
    ):
        Settings.load(environment={"THATLOOK_XYZZY": "1"})
    others = {
        "THATLOOK_DATA": "photos",
        "THATLOOK_SERVE_RATE": "3",
        "HOME": "/",
        "THATLOOK_MAX_K": "7",
    }
    assert Settings.load(environment=others).max_k == 7


@pytest.mark.parametrize(
    "given",
    [
        {"threads": "2"},
        {"threads": 1.5},
        {"max_k": True},
        {"max_photo_bytes": None},
        {"nms_iou": "0.5"},
        {"gender_threshold": []},
        {"out_of_stock": None},
    ],
)
def test_values_of_a_wrong_type_are_named(given):
    (name,) = given
    with pytest.raises(SettingsError, match=f"{name} must be "):
        Settings(**given)


def test_numbers_of_numpy_are_numbers():
    assert Settings(threads=np.int64(2), nms_iou=np.float32(0.5)).threads == 2


def test_what_is_no_file():
    for none in (-1, True, [None], b"x", "\ud800"):
        with pytest.raises(SettingsError, match="expected a TOML file"):
            Settings.load(none, {})


def test_unreadable_files(tmp_path):
    with pytest.raises(SettingsError, match="expected a TOML file"):
        Settings.load(tmp_path / "none.toml", {})
    broken = tmp_path / "broken.toml"
    broken.write_text("threads = = 2")
    with pytest.raises(SettingsError, match=r"broken\.toml"):
        Settings.load(broken, {})


def test_an_integer_serves_where_a_fraction_is_wanted():
    assert Settings.load(environment={}, nms_iou=1).nms_iou == 1.0


def test_a_second_engines_file_beats_the_environment(tmp_path, monkeypatch):
    file = tmp_path / "rival.toml"
    file.write_text('embedding_model = "rival.json"\n', encoding="utf-8")
    monkeypatch.setenv("THATLOOK_EMBEDDING_MODEL", "own.json")
    monkeypatch.setenv("THATLOOK_SIMILAR_SCORE", "0.3")
    found = Settings.load(file, environment_beside(file))
    assert (found.embedding_model, found.similar_score) == ("rival.json", 0.3)
    assert Settings.load(file).embedding_model == "own.json"
