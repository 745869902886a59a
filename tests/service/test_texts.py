"""The catalogues of texts, and which of them a caller reads."""

from __future__ import annotations

import re

import pytest

from thatlook.core.errors import SettingsError
from thatlook.core.shopper_words import LANGUAGES
from thatlook.core.taxonomy import shown_names
from thatlook.service.pages import STATIC
from thatlook.service.settings import ServiceSettings
from thatlook.service.texts import catalogue, chosen, filled
from thatlook.vision.models.registry import resolve

TABLES = {"categories", "words"}
CALL = re.compile(r'\bt\("([\w ]+)"')


def forms(text):
    return [text] if isinstance(text, str) else list(text.values())


def places(text):
    return {frozenset(re.findall(r"\{(\w+)\}", form)) for form in forms(text)}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_every_text_with_the_same_places(language):
    english, own = catalogue("en"), catalogue(language)
    assert own.keys() == english.keys()
    assert own["categories"].keys() >= shown_names().keys()
    for key in english.keys() - TABLES:
        # "1 more version" may write its number out.
        assert set().union(*places(own[key])) == set().union(*places(english[key])), key
        assert type(own[key]) is type(english[key])
        assert all(form.strip() for form in forms(own[key]))


@pytest.mark.parametrize("language", ["de", "fr"])
def test_texts_are_translated(language):
    english, own = catalogue("en"), catalogue(language)
    same = {key for key in english.keys() - TABLES if own[key] == english[key]}
    assert same <= {"auto", "in_color", "winter"}


@pytest.mark.parametrize("language", ["de", "fr"])
def test_what_the_network_says_of_clothes_is_translated(language):
    words = catalogue(language)["words"]
    spec = resolve("embedding")
    told = {label for head in ("type", "color", "pattern") for label in spec.names(head)}
    assert told - words.keys() == set()


def test_every_text_that_the_page_asks_for_is_there():
    keys = set(catalogue("en"))
    for file in STATIC.glob("*.js"):
        missing = set(CALL.findall(file.read_text(encoding="utf-8"))) - keys
        assert not missing, file.name
    wanted = set(re.findall(r"\{\{(\w+)\}\}", (STATIC / "index.html").read_text(encoding="utf-8")))
    assert wanted <= keys | {"language"}


@pytest.mark.parametrize(
    ("accept", "fixed", "language"),
    [
        ("", "", "en"),
        ("de-AT,de;q=0.9,en;q=0.8", "", "de"),
        ("nl, fr;q=0.5, en;q=0.7", "", "en"),
        ("FR-ca", "", "fr"),
        ("de;q=0, fr;q=0.1", "", "fr"),
        ("de;q=wrong, fr;q=0.1", "", "fr"),
        ("zh", "", "en"),
        ("en", "de", "de"),
    ],
)
def test_the_language_is_the_shops_else_the_browsers(accept, fixed, language):
    assert chosen(accept, fixed) == language


def test_texts_are_put_in_as_text():
    assert filled('<p title="{{close}}">{{language}}</p>', "de") == '<p title="Schließen">de</p>'
    assert filled("{{share_no_photo}}", "fr").count("&#x27;") == 2


def test_the_page_and_its_scripts_speak_the_callers_language(client, serve):
    german = client.get("/", headers={"Accept-Language": "de"})
    assert '<html lang="de">' in german.text
    assert german.headers["vary"] == "Accept-Language"
    assert "{{" not in german.text
    script = client.get("/static/catalogue.js", headers={"Accept-Language": "fr"}).text
    assert 'LANGUAGE = "fr"' in script
    assert "Diesen Look shoppen" in client.get("/embed.js", headers={"Accept-Language": "de"}).text
    fixed = serve(language="fr").get("/", headers={"Accept-Language": "de"})
    assert '<html lang="fr">' in fixed.text


def test_an_unknown_language_is_refused():
    with pytest.raises(SettingsError, match="en, de, fr or empty, not 'es'"):
        ServiceSettings(language="es")


def test_the_info_has_what_the_filters_offer(client):
    offered = client.get("/v1/info").json()["offered"]
    assert offered["all_brands"] is True
    assert sum(one["count"] for one in offered["brands"]) == 40
    (price,) = offered["prices"]
    assert (price["currency"], price["count"]) == ("EUR", 40)
    assert 0 < price["min"] < price["max"]
    assert offered["age_groups"] == []
