"""Words to products, over a real catalog of products placed by hand."""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal

import numpy as np
import pytest

from thatlook.core.errors import SettingsError
from thatlook.core.records import Price, Product
from thatlook.core.shopper_words import category_of_type, types_for
from thatlook.search.index import Filters
from thatlook.search.words.request import WordRequest
from thatlook.search.words.searcher import WordSearch
from thatlook.search.words.shelf import sizes_in
from thatlook.store.catalog import Catalog, Row

DIM = 4


def axis(place, other=None, share=0.0):
    vector = np.zeros(DIM, np.float32)
    vector[place] = np.sqrt(1 - share)
    if other is not None:
        vector[other] = np.sqrt(share)
    return vector


def row(product_id, title, kind, color, place, category="footwear", gender="female", **fields):
    product = Product(product_id, title, category, gender, product_type=kind, color=color, **fields)
    return Row(product=product, vector=place)


PRICE = Price(Decimal(40), "EUR")
ROWS = [
    row("heel", "Acme Eva Heels", "Heels", "Red", axis(0), price=PRICE, brand="Acme"),
    row("pump", "Acme Stilettos", "Heels", "Maroon", axis(0, 1, 0.3), brand="Acme"),
    row("navy", "Plain Heels", "Heels", "Navy Blue", axis(1), extra={"Size": "41|42"}),
    row("blue", "Plain Heels", "Heels", "Blue", axis(1)),
    row("flat", "Leather Ballerina", "Flats", "Red", axis(2)),
    row("his", "Brogue", "Formal Shoes", "Red", axis(3), gender="male"),
    row("girl", "Kids Heels", "Heels", "Red", axis(0), age_group="kids"),
    row("shirt", "Red Shirt with Pocket", "Shirts", "Red", axis(0), category="topwear"),
    row("gone", "Acme Heels", "Heels", "Red", axis(0), availability="out_of_stock"),
]


class Tower:
    """Knows two words."""

    space = "net"
    name = "tower-1"
    narrow = False
    guesses = True

    def embed(self, words):
        known = {"heel": axis(0), "leather": axis(2)}
        found = [known[word] for word in words if word in known]
        return found[0] if found else None

    def embed_all(self, texts):
        return list(map(self.embed, texts))


@pytest.fixture
def catalog(tmp_path):
    with Catalog.open(tmp_path / "c", model_key="net", dim=DIM) as opened:
        opened.upsert(ROWS)
        yield opened


@pytest.fixture
def search(catalog):
    return WordSearch(catalog, Tower(), in_stock=True)


def ids(search, text, **more):
    found = search.find(WordRequest(text=text, **more))
    return [match.product.id for match in found.matches]


def test_wishes_come_first_and_others_follow(search):
    assert ids(search, "red heels")[:2] == ["heel", "pump"]
    assert set(ids(search, "red heels")) == {"heel", "pump", "navy", "blue", "flat", "his"}


def test_a_color_comes_before_its_shades(search):
    assert ids(search, "blue heels")[:2] == ["blue", "navy"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("red shoes for men", {"his"}),
        ("red shoes for girls", {"girl"}),
        ("heels under 50", {"heel"}),
        ("shoes size 42", {"navy"}),
        ("acme heels", {"heel", "pump"}),
        ("heels not red, not blue", {"pump"}),
        ("heels not red or blue", {"pump"}),
        ("acme shirt or heels", {"heel", "pump"}),
        ("leather shirt or dress", {"shirt"}),
        ("shirt or heels", {"his", "shirt", "heel", "pump", "navy", "blue", "flat"}),
        ("heels for men and women", {"heel", "pump", "navy", "blue", "flat", "his"}),
        ("red shirt without pocket", set()),
        ("schwarze Damen Schuhe", {"heel", "pump", "navy", "blue", "flat"}),
    ],
)
def test_what_must_hold(search, text, found):
    assert set(ids(search, text)) == found


def test_either_of_two_things_comes_first(search):
    found = search.find(WordRequest(text="shirt or heels"))
    assert {match.product.id for match in found.matches[:2]} == {"heel", "shirt"}
    assert found.total == len(found.matches)
    assert "shirt" not in ids(search, "shirt or heels", off={"category:topwear"})


def test_a_filter_that_is_taken_off_no_longer_holds(search):
    assert "flat" in ids(search, "red shoes for men", off={"gender:male"})


def test_words_of_titles_are_found_and_order(search):
    assert ids(search, "eva")[0] == "heel"
    assert ids(search, "stilettos")[0] == "pump"


def test_the_products_that_have_the_words_beside_a_photo(search):
    def worded(text):
        return search.worded(search.understood(WordRequest(text=text)))

    assert worded("eva") == {"heel"}
    assert worded("red heels") == set()  # filters and wishes say it all
    assert worded("nowhere") == set()


def test_a_type_that_is_named_comes_first_beside_a_photo(search):
    def first(text):
        return search.beside_photo(search.understood(WordRequest(text=text)))

    assert first("red heels") == {"heel", "pump", "navy", "blue", "girl", "gone"}
    assert first("heels or ballerinas") == first("heels") | {"flat"}
    assert first("eva heels") == {"heel"}
    assert first("red") == set()


def test_what_no_title_says_is_found_by_its_picture(search):
    found = search.find(WordRequest(text="leather", k=2))
    assert found.by_likeness
    assert found.matches[0].product.id == "flat"
    assert "likeness to the words 1.00" in found.matches[0].reasons


def test_words_in_a_script_that_no_product_has_are_not_guessed(search, catalog, monkeypatch):
    monkeypatch.setattr(Tower, "embed", lambda self, words: axis(0) if words else None)
    found = search.find(WordRequest(text="красное"))
    assert (found.total, found.message) == (0, "nothing found")
    assert ids(search, "eva красное")[0] == "heel"
    monkeypatch.setattr(Tower, "guesses", False)
    assert search.find(WordRequest(text="красное")).matches
    monkeypatch.setattr(Tower, "guesses", True)
    catalog.upsert([row("own", "Красное", "Heels", "Red", axis(0))])
    assert ids(search, "красное")[0] == "own"


def test_without_a_tower_of_the_catalogs_network_words_alone_are_compared(catalog):
    found = WordSearch(catalog, None).find(WordRequest(text="red heels"))
    assert not found.by_likeness
    assert found.matches[0].product.id in {"heel", "gone"}


def test_beside_a_photo_words_move_it(search):
    request = {"vector": axis(1), "category": "footwear", "photo_type": "heels"}
    assert ids(search, "", **request)[:2] == ["blue", "navy"]
    assert ids(search, "in red", **request)[0] == "heel"
    assert ids(search, "leather", **request, text_weight=1.0)[0] == "flat"


@pytest.mark.parametrize("column", ["Size", "Größen", "Tailles", "pointure"])
def test_sizes_are_read_from_a_column_of_any_of_these_names(column):
    assert sizes_in(json.dumps({column: "36, 38 | 40", "shape": "9"})) == {"36", "38", "40"}


def test_what_costs_less_comes_first_where_that_is_wished(tmp_path):
    prices = {"dear": 90, "low": 20, "middle": 50}
    rows = [
        row(name, "Heels", "Heels", "Red", axis(0), price=Price(Decimal(amount), "EUR"))
        for name, amount in prices.items()
    ]
    rows.append(row("unknown", "Heels", "Heels", "Red", axis(0)))
    with Catalog.open(tmp_path / "priced", model_key="net", dim=DIM) as catalog:
        catalog.upsert(rows)
        found = WordSearch(catalog, Tower()).candidates(WordRequest(text="cheap heels"))
    assert [one.facts.entry.id for one in found] == ["low", "middle", "dear", "unknown"]
    assert [one.parts["price"] for one in found] == [1.0, 0.5, 0.0, 0.0]


class Occasions(Tower):
    """Knows what a bag is and what a party is."""

    def embed(self, words):
        return axis(1) if "clutch" in words else axis(0)


def test_what_is_worn_for_an_occasion_comes_first_however_it_looks(tmp_path, monkeypatch):
    monkeypatch.setattr("thatlook.search.words.searcher.DEPTH", 2)
    rows = [row(f"p{n}", "Plain", "Sandals", "Red", axis(0)) for n in range(3)]
    rows.append(row("bag", "Small Bag", "Clutches", "Red", axis(1), category="bag"))
    with Catalog.open(tmp_path / "c", model_key="net", dim=DIM) as catalog:
        catalog.upsert(rows)
        search = WordSearch(catalog, Occasions())
        found = search.find(WordRequest(text="something for a wedding"))
        off = search.find(WordRequest(text="a wedding", off=frozenset({"occasion:party"})))
    assert found.matches[0].product.id == "bag"
    assert "occasion: party" in found.matches[0].reasons
    assert off.matches[0].product.id != "bag"


class Counting(Occasions):
    """Counts how often it is asked for many texts, and for how many."""

    def __init__(self):
        self.asked = []

    def embed_all(self, texts):
        self.asked.append(len(texts))
        return super().embed_all(texts)


def searches(catalog, monkeypatch, text):
    """How many texts the network was asked for at once, and which categories were searched."""
    network, found, search = Counting(), [], catalog.search
    with monkeypatch.context() as watched:
        watched.setattr(
            catalog, "search", lambda v, q: found.append((q.category, len(v))) or search(v, q)
        )
        WordSearch(catalog, network).find(WordRequest(text=text))
    return network.asked, found


def test_occasions_cost_one_reading_and_one_search_a_category(catalog, monkeypatch):
    kinds = types_for("party")
    asked, found = searches(catalog, monkeypatch, "party")
    assert asked == [len(kinds)]
    worn = Counter(map(category_of_type, kinds))
    assert found[0] == (None, 1)
    assert sorted(found[1:]) == sorted(worn.items())
    _, found = searches(catalog, monkeypatch, "winter summer sports office party")
    three = frozenset().union(*map(types_for, ("winter", "summer", "sports")))
    assert sum(count for category, count in found if category) == len(three)
    asked, found = searches(catalog, monkeypatch, "party shoes")
    shoes = [kind for kind in kinds if category_of_type(kind) == "footwear"]
    assert (asked, found[1:]) == ([len(shoes)], [("footwear", len(shoes))])
    assert searches(catalog, monkeypatch, "red shoes")[0] == []


def test_a_compound_in_a_title_is_found_by_its_parts_and_by_itself(tmp_path):
    with Catalog.open(tmp_path / "c", model_key="net", dim=DIM) as catalog:
        catalog.upsert([row("a", "Damenlederjacke Eva", "Jacken", "", axis(0), "outerwear")])
        catalog.upsert([row("b", "Jacke aus Stoff", "Jacken", "", axis(0), "outerwear")])
        search = WordSearch(catalog, None)
        for text in ("Lederjacke", "Jacke aus Leder", "leather jacket"):
            assert ids(search, text)[0] == "a"
        assert ids(search, "Jacke ohne Leder") == ["b"]


def test_what_is_given_goes_before_what_was_understood(search):
    assert set(ids(search, "red shoes for men", gender="female", category="topwear")) == {"shirt"}
    assert ids(search, "heels under 50", filters=Filters(max_price=10)) == []


def test_pages_do_not_overlap_and_the_facets_count_all(search):
    first = search.find(WordRequest(text="shoes", k=4))
    second = search.find(WordRequest(text="shoes", k=4, offset=4))
    assert first.total == second.total == 6
    shown = [match.product.id for match in (*first.matches, *second.matches)]
    assert sorted(shown) == ["blue", "flat", "heel", "his", "navy", "pump"]
    assert first.facets == second.facets
    assert first.facets["color"][0] == {"value": "red", "count": 3}
    assert first.facets["brand"] == [{"value": "Acme", "count": 2}]
    assert first.facets["price"] == [{"min": 40.0, "max": 40.0, "count": 1}]


def everything(search, text, k=2, **more):
    """All pages of an answer."""
    pages, offset = [], 0
    while True:
        found = search.find(WordRequest(text=text, k=k, offset=offset, **more))
        if not found.matches:
            return found, pages
        pages += [(match.product.id, match.score) for match in found.matches]
        offset += k


@pytest.mark.parametrize(
    ("text", "ids_there"),
    [
        ("shoes", {"heel", "pump", "navy", "blue", "flat", "his"}),  # a filter alone
        ("red heels", {"heel", "pump", "navy", "blue", "flat", "his"}),  # a filter and wishes
        ("acme", {"heel", "pump"}),  # a brand, in stock
        ("plain", {"navy", "blue", "heel"}),  # a word: who has it, and the nearest
    ],
)
def test_totals_and_pages_go_beyond_the_candidates(catalog, monkeypatch, text, ids_there):
    monkeypatch.setattr("thatlook.search.words.searcher.DEPTH", 1)
    search = WordSearch(catalog, Tower() if text != "plain" else Near(), in_stock=True)
    found, pages = everything(search, text)
    assert {name for name, _ in pages} == ids_there
    assert len(pages) == found.total == len(ids_there)
    scores = [score for _, score in pages]
    assert scores == sorted(scores, reverse=True)
    assert sum(one["count"] for one in found.facets["category"]) == found.total


class Near(Tower):
    """To which every word is a heel."""

    def embed(self, words):
        return axis(0)


def test_with_a_size_or_a_not_the_candidates_alone_are_counted(catalog, monkeypatch):
    monkeypatch.setattr("thatlook.search.words.searcher.DEPTH", 1)
    search = WordSearch(catalog, Tower(), in_stock=True)
    found, pages = everything(search, "shoes not blue")
    assert found.total == len(pages) < 4


def test_nothing_found_says_what_may_be_taken_off(search):
    found = search.find(WordRequest(text="red shirt without pocket"))
    assert found.message == "nothing found; take off one of: red, shirt, Top, not pocket"
    assert found.to_dict()["total"] == 0


def test_scores_are_within_0_and_1_and_fall(search):
    scores = [m.score for m in search.find(WordRequest(text="red leather heels")).matches]
    assert scores == sorted(scores, reverse=True)
    assert 0 <= scores[-1] <= scores[0] <= 1


@pytest.mark.parametrize(
    "wrong", [{"k": 0}, {"offset": -1}, {"age": "old"}, {"text_weight": 1.5}, {"text": None}]
)
def test_requests_that_cannot_be(wrong):
    with pytest.raises(SettingsError):
        WordRequest(**{"text": "red", **wrong})


class Narrow(Tower):
    """To which all pictures are about as alike, some even less than nothing."""

    narrow = True
    guesses = False

    def embed(self, words):
        near = np.array([-0.02, -0.04, 0.03, -0.03], np.float32)
        return near if "leather" in words else None


def test_a_narrow_network_orders_by_the_place_between_the_median_and_the_best(catalog):
    found = WordSearch(catalog, Narrow(), in_stock=True).candidates(
        WordRequest(text="leather", category="footwear", gender="female", off=frozenset())
    )
    likeness = {one.facts.entry.id: one.parts["likeness"] for one in found}
    # flat 0.03; heel -0.02; pump -0.02 * 0.7 ** 0.5 - 0.04 * 0.3 ** 0.5; navy and blue -0.04
    pump = -0.02 * 0.7**0.5 - 0.04 * 0.3**0.5
    assert likeness["flat"] == pytest.approx(1.0)
    assert likeness["heel"] == pytest.approx((-0.02 - pump) / (0.03 - pump), abs=1e-5)
    assert [likeness[name] for name in ("pump", "navy", "blue")] == [0.0, 0.0, 0.0]


def test_the_answer_names_what_compared_pictures(search, catalog):
    assert search.find(WordRequest(text="heel")).to_dict()["compared_by"] == "tower-1"
    other = Tower()
    other.space = "another network"
    found = WordSearch(catalog, other).find(WordRequest(text="heel"))
    assert (found.by_likeness, found.to_dict()["compared_by"]) == (False, None)
