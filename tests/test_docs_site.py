"""The pages of the documentation site that are made from the code. `make docs` builds them all."""

from __future__ import annotations

import importlib.util
from types import ModuleType, SimpleNamespace

import pytest

from tests.cli.test_usage import EVERY
from tests.conftest import ROOT

pytest.importorskip("mkdocs", reason="needs the extra dev")
pytest.importorskip("fastapi", reason="needs the extra serve")


@pytest.fixture(scope="module")
def site() -> ModuleType:
    """The script as a module of its own."""
    spec = importlib.util.spec_from_file_location("docs_site", ROOT / "scripts/docs_site.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


def test_the_reference_has_every_command_with_its_options(site):
    text = "\n".join(site.commands_page())
    for name in EVERY:
        assert f"## {name}\n" in text
    assert "--min-price AMOUNT" in text
    assert "thatlook recommend photo.jpg --catalog catalog --html look.html" in text


def test_the_reference_has_every_route_with_what_it_takes_and_answers(site):
    text = "\n".join(site.http_page())
    assert "### POST /v1/recommendations\n" in text
    assert "| `multipart/form-data` | [RecommendationForm](#recommendationform) |" in text
    assert "| 413 | Too many bytes or pixels. [ProblemDocument](#problemdocument) |" in text
    assert "| `k` | query | integer 1..1000 | At most so many matches. |" in text
    assert "### RecommendationForm\n" in text
    assert "| `gender` | `auto`, `female`, `male`, `any` |" in text


def test_a_schema_in_words(site):
    assert site._kind({"anyOf": [{"type": "number", "minimum": 0.0}, {"type": "null"}]}) == (
        "number 0.. or null"
    )
    assert site._kind({"type": "array", "items": {"$ref": "#/a/Box"}}) == "list of [Box](#box)"
    assert site._field("k", {"type": "integer", "default": 3}, ()) == (
        "`k`",
        "integer",
        "Default `3`.",
    )
    assert site._cell("a|b\nc") == "a\\|b c"


@pytest.mark.parametrize(
    ("page", "link", "shown"),
    [
        ("index.md", "docs/feeds.md#prices", "feeds.md#prices"),
        ("index.md", "docs/images/demo.webp", "images/demo.webp"),
        ("index.md", "MODELS.md", "MODELS.md"),
        ("scores.md", "../MODELS.md", "MODELS.md"),
        ("scores.md", "../labels/README.md", "labels.md"),
        ("scores.md", "feeds.md", "feeds.md"),
        ("tutorials/own-shop.md", "../feeds.md", "../feeds.md"),
        ("tutorials/own-shop.md", "../../MODELS.md", "../MODELS.md"),
        ("labels.md", "../MODELS.md", "MODELS.md"),
        ("index.md", "https://a.example/docs/b", "https://a.example/docs/b"),
    ],
)
def test_links_are_set_right(site, page, link, shown):
    where = SimpleNamespace(file=SimpleNamespace(src_uri=page))
    assert site.on_page_markdown(f"see [it]({link}).", where, None, None) == f"see [it]({shown})."


def test_the_pictures_of_the_page_are_small_and_shown():
    pytest.importorskip("playwright", reason="needs the extra dev")
    spec = importlib.util.spec_from_file_location("shots", ROOT / "scripts/screenshots.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    shown = (ROOT / "docs" / "page.md").read_text(encoding="utf-8")
    there = {path.stem for path in (ROOT / "docs" / "images").glob("page-*.webp")}
    assert there == set(script.SHOTS)
    for name in there:
        assert f"(images/{name}.webp)" in shown
        assert (ROOT / "docs" / "images" / f"{name}.webp").stat().st_size <= script.MOST_BYTES
