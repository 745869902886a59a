from __future__ import annotations

import pytest

from thatlook.core.records import Product
from thatlook.core.taxonomy import PRODUCT_CATEGORIES
from thatlook.core.type_words import (
    LanguageVotes,
    category_in,
    category_told,
    google_category,
    google_words,
    languages,
    words_tell_category,
)


@pytest.mark.parametrize(
    ("language", "text", "category"),
    [
        ("de", "Sommerkleider", "dress"), ("de", "Kleid mit Gürtel", "dress"),
        ("de", "Damen > Schuhe > Stiefeletten", "footwear"), ("de", "Handschuhe", "other"),
        ("de", "Strickjacke", "topwear"), ("de", "Röcke", "bottomwear"), ("de", "Hüte", "headwear"),
        ("de", "Badehose", "other"), ("de", "Kleidung", None), ("de", "Barock", None),
        ("de", "T-Shirts", "topwear"), ("de", "Sonnenbrillen", "eyewear"),
        ("fr", "Robe à fleurs", "dress"), ("fr", "Robe de chambre", "other"),
        ("fr", "Chemise en jean", "topwear"), ("fr", "Écharpes", "neckwear"),
        ("fr", "Sac à dos", "bag"), ("fr", "Maillots de bain", "other"),
        ("it", "Camicie", "topwear"), ("it", "Costumi da bagno", "other"),
        ("it", "Scarpe da ginnastica", "footwear"), ("it", "Cappelli", "headwear"),
        ("es", "Pantalón vaquero", "bottomwear"), ("es", "Traje de baño", "other"),
        ("es", "Zapatillas", "footwear"), ("es", "Gafas de sol", "eyewear"),
        ("nl", "Spijkerbroeken", "bottomwear"), ("nl", "Jurk met riem", "dress"),
        ("nl", "Winterjassen", "outerwear"), ("nl", "Handtassen", "bag"),
        ("nl", "Handschoenen", "other"), ("nl", "Truien", "topwear"),
        ("nl", "handtas", "bag"), ("nl", "Leren schoudertas met rits", "bag"),
        ("nl", "Winterjas", "outerwear"), ("nl", "regenjas", "outerwear"), ("nl", "Tas", "bag"),
        ("nl", "Badjas", "other"), ("nl", "Kamerjas", "other"), ("nl", "camisetas", None),
    ],
)  # fmt: skip
def test_types_in_other_languages(language, text, category):
    assert category_in(language, text) == category


def test_every_language_has_words_for_every_category():
    from thatlook.core import type_words

    assert languages() == ("de", "fr", "it", "es", "nl")
    for language in languages():
        assert set(type_words._words_of(language).phrases.values()) == set(PRODUCT_CATEGORIES)


def test_a_language_decides_what_a_word_means():
    assert category_told(["Robe"], "fr") == "dress"
    assert category_told(["Robe"], "en") == "other"
    assert category_told(["Robe"]) == "other"
    assert category_told(["Kleid"]) == "dress"
    assert category_told(["Kleid"], "en") is None
    assert category_told(["", "Hoodie"], "fr") == "topwear"
    assert category_told(["Pet"]) == "headwear"  # only Dutch knows it
    assert category_told(["Completo"]) == "outerwear"
    assert category_told(["Handtas"]) == "bag"
    assert category_told(["Camisetas"]) == "topwear"
    assert category_told(["Chaquetas"]) == "outerwear"
    assert category_told(["xyz"]) is None


def language_of(*texts):
    votes = LanguageVotes()
    for text in texts:
        votes.add(text)
    return votes.language


def test_the_language_of_a_feed():
    assert language_of("Jeans", "Kleider", "Hosen") == "de"
    assert language_of("Robes", "Pantalons") == "fr"
    assert language_of("Dresses", "Shoes", "Rock") == "en"
    assert language_of("Jeans", "T-Shirts") == "en"
    assert language_of("xyz") == ""
    assert language_of() == ""


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("212", "topwear"),
        (" 2271.0 ", "dress"),
        ("1604", None),
        ("209", "other"),
        ("Dresses", None),
    ],
)
def test_ids_of_googles_taxonomy(text, category):
    assert google_category(text) == category


def test_an_id_has_one_category():
    from thatlook.core import type_words

    table = type_words._data()["google"]
    assert tuple(table) == PRODUCT_CATEGORIES
    assert len(type_words._google_ids()) == sum(map(len, table.values()))


def test_what_an_id_tells_of_the_age():
    assert google_words("5424") == "toddler"
    assert google_words("212") == "212"


def test_whether_words_tell_a_category():
    assert words_tell_category(Product(id="1", google_product_category="209"))
    assert words_tell_category(Product(id="1", product_type="Handschuhe"))
    assert words_tell_category(Product(id="1", title="Socks"))
    assert not words_tell_category(Product(id="1", title="Rock", google_product_category="166"))
