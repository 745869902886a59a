"""What a shopper's text asks for."""

from __future__ import annotations

import pytest

from thatlook.search.request import Unwanted
from thatlook.search.words.shelf import Lines, brands_by_words
from thatlook.search.words.understanding import MAX_TEXT, understand

SHOP = Lines(
    {"grey": 9, "slim": 9, "jersey": 9, "nike": 50, "pocket": 9, "leather": 9, "stiletto": 2},
    brands_by_words(["Nike", "Red Tape"]),
    frozenset({"42", "xl"}),
    priced=True,
)
NO_PRICES = Lines({}, {}, frozenset(), priced=False)

SCARF = ["type:scarf", "category:neckwear"]
TEE = ["type:T-shirt", "category:topwear"]
DRESS = ["type:dress", "category:dress"]
SKIRT = ["type:skirt", "category:bottomwear"]
JEANS = ["type:jeans", "category:bottomwear"]


def keys(text, shop=SHOP, **more):
    return [chip.key for chip in understand(text, shop, **more).chips]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("navy dress", ["color:navy blue", "type:dress", "category:dress"]),
        ("dress for men", ["type:dress", "category:dress", "gender:male"]),
        ("shirt with jeans", ["type:shirt", "category:topwear"]),
        ("denim jacket", ["type:jacket", "category:outerwear"]),
        ("rotes Kleid", ["color:red", "type:dress", "category:dress"]),
        ("nike shoes", ["brand:Nike", "category:footwear"]),
        ("red tape shoes", ["brand:Red Tape", "category:footwear"]),
        ("girls shoes", ["age:child", "gender:female", "category:footwear"]),
        ("womn shoes", ["spelling:women", "gender:female", "category:footwear"]),
        ("not black", ["not:black"]),
        ("not too black", ["not:black"]),
        (
            "rote Damenschuhe mit Absatz",
            ["color:red", "gender:female", "category:footwear", "type:heels"],
        ),
        ("Kinderregenjacke", ["age:child", "type:jacket", "category:outerwear"]),
        ("chaussures pour femme pas cher", ["category:footwear", "gender:female", "price:low"]),
        ("nicht zu teuer", ["price:low"]),
        ("watch for my husband", ["type:watch", "category:other", "gender:male"]),
        ("gift for dad", ["gender:male"]),
        ("for mom under 50", ["max_price:50", "gender:female"]),
        ("for my wife red scarf", ["gender:female", "color:red", *SCARF]),
        ("Schal für meinen Freund", [*SCARF, "gender:male"]),
        ("Schal für Mama", [*SCARF, "gender:female"]),
        ("écharpe pour mon mari", [*SCARF, "gender:male"]),
        ("écharpe pour ma petite amie", [*SCARF, "gender:female"]),
        ("boyfriend jeans", JEANS),
        ("mom jeans", JEANS),
        ("looking for mom jeans", JEANS),
        ("looking for boyfriend fit jeans", JEANS),
        ("mom jeans for her", [*JEANS, "gender:female"]),
        ("dad hat", ["type:hat", "category:headwear"]),
        ("any kind of scarf", SCARF),
        ("one of a kind scarf", SCARF),
        ("what kinds of scarf", SCARF),
        ("scarves of all kinds", SCARF),
        ("Schal für ein Kind", [*SCARF, "age:child"]),
        ("bh", ["type:bra", "category:other"]),
        ("be kind tee", TEE),
        ("for my boyfriend jeans", JEANS),
        ("for my husband jeans", ["gender:male", *JEANS]),
        ("for my boyfriend red jeans", ["gender:male", "color:red", *JEANS]),
        ("dress for my daughter", [*DRESS, "age:any", "gender:female"]),
        ("T-Shirt für meinen Sohn", [*TEE, "age:any", "gender:male"]),
        ("tee for my boy", [*TEE, "age:child", "gender:male"]),
        ("skirt & blouse", [*SKIRT, "type:blouse", "category:topwear"]),
        ("perfume no 5", ["type:perfume", "category:other"]),
        ("slippers", ["type:flip flops", "category:footwear"]),
        ("baby doll dress", DRESS),
        ("baby tee", TEE),
        ("boys will be boys tee", TEE),
        ("iron man tee for women", [*TEE, "gender:female"]),
        ("shoes for men and women", ["category:footwear"]),
        ("tees for boys and girls", [*TEE, "age:child"]),
        ("shoes not for men", ["category:footwear", "gender:female"]),
        ("shoes not for kids", ["category:footwear"]),
        ("dress -black", [*DRESS, "not:black"]),
        ("t-shirt -black", [*TEE, "not:black"]),
        ("not black or white dress", ["not:black", "not:white", *DRESS]),
        ("not black and white dress", ["not:black", "color:white", *DRESS]),
        ("not black or a dress", ["not:black", *DRESS]),
        ("neither black nor red", ["not:black", "not:red"]),
        ("weder schwarz noch rot", ["not:black", "not:red"]),
        ("ni noir ni rouge", ["not:black", "not:red"]),
        ("everything but black", ["not:black"]),
        ("alles außer schwarz", ["not:black"]),
        ("tout sauf noir", ["not:black"]),
        ("red dress with white shoes", ["color:red", *DRESS]),
        ("shoes to go with a red dress", ["category:footwear"]),
        ("bag for my red dress", ["category:bag"]),
        ("dress with a white belt", DRESS),
        ("dress or skirt", [*DRESS, "type:skirt", "category:bottomwear"]),
        (
            "red dress or blue skirt",
            ["color:red", *DRESS, "color:blue", "type:skirt", "category:bottomwear"],
        ),
        ("shirt dress", DRESS),
        ("jean jacket", ["type:jacket", "category:outerwear"]),
        ("rose gold watch", ["color:gold", "type:watch", "category:other"]),
        ("redtape shoes", ["brand:Red Tape", "category:footwear"]),
        ('NEAR(red* OR "dress")', ["color:red", *DRESS]),
        ("beach wedding", ["occasion:summer", "occasion:party"]),
        ("wedding shoes", ["category:footwear", "occasion:party"]),
        ("work bag", ["category:bag"]),  # no bag is worn for it
        ("party dress", ["type:dress", "category:dress"]),
        ("unisex watch", ["type:watch", "category:other"]),
        ("something nice", []),
        ("", []),
    ],
)
def test_chips(text, told):
    assert keys(text) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("under 50", ["max_price:50"]),
        ("unter 49,90 €", ["max_price:49.90"]),
        ("moins de $20", ["max_price:20"]),
        ("more than 30 euro", ["min_price:30"]),
        ("between 20 and 50", ["min_price:20", "max_price:50"]),
        ("size 42", ["size:42"]),
        ("Größe XL", ["size:xl"]),
        ("size 43", ["no_size:size 43"]),  # the shop has none
        ("taille 32", ["no_size:taille 32"]),
        ("plus size dress", ["type:dress", "category:dress"]),
        ("overunder 50", []),
    ],
)
def test_prices_and_sizes(text, told):
    assert keys(text) == told


def test_prices_and_sizes_that_the_shop_has_not_are_told_and_not_looked_for():
    understood = understand("shoes under 50 size 42 but cheaper", NO_PRICES)
    told = ["no_price:under 50", "no_size:size 42", "category:footwear", "no_price:cheaper"]
    assert [chip.key for chip in understood.chips] == told
    assert understood.chips[0].shown == "no prices here: under 50"
    assert [group.wordings[0] for group in understood.groups] == [("shoe",)]
    off = understand("shoes but cheaper", NO_PRICES, frozenset({"no_price:cheaper"}))
    assert [group.wordings[0] for group in off.groups] == [("shoe",), ("cheaper",)]


def test_what_was_taken_off_is_looked_for_as_words():
    understood = understand("red shoes under 50", SHOP, frozenset({"color:red", "max_price:50"}))
    assert [chip.key for chip in understood.chips] == ["category:footwear"]
    assert understood.wishes == ()
    assert [group.wordings[0] for group in understood.groups] == [("red",), ("shoe",), ("50",)]
    assert keys("gry shoes", off=frozenset({"spelling:grey"})) == ["category:footwear"]


def test_what_must_not_be():
    understood = understand("shirt without pocket not black", SHOP)
    assert understood.unwanted == Unwanted(frozenset({"black"}), ((("pocket",),),))
    assert understood.plain == ("shirt",)
    again = understand("shirt without pocket", SHOP, frozenset({"not:pocket"}))
    assert not again.unwanted


def test_only_words_that_say_more_than_a_wish_order_by_words():
    understood = understand("red stilettos", SHOP)
    assert [group.wordings[0] for group in understood.telling] == [("stiletto",)]
    named = understand("red stilettos slim", SHOP)  # a name goes before another word for heels
    assert [group.wordings[0] for group in named.telling] == [("slim",)]
    assert [(wish.kind, wish.name) for wish in understood.wishes] == [
        ("color", "red"),
        ("type", "heels"),
    ]
    assert ("escarpin",) in understood.groups[1].wordings


def test_a_category_word_that_says_more_is_looked_for():
    assert [g.wordings for g in understand("jersey", SHOP).telling] == [(("jersey",),)]
    assert understand("shoes", SHOP).telling == ()


def test_endless_texts_are_cut():
    understood = understand("red " * 1000, SHOP)
    assert sum(map(len, understood.plain)) <= MAX_TEXT


def test_a_slip_is_shown_as_it_was_written():
    (chip,) = understand("addidas", Lines({"adida": 9}, {}, frozenset(), priced=True)).chips
    assert (chip.key, chip.words, chip.shown) == ("spelling:adida", "addidas", "adidas for addidas")


def test_what_only_shoppers_say_is_not_looked_for_in_titles():
    (group,) = understand("work", SHOP).groups
    assert ("work",) not in group.wordings
    assert {("formal",), ("office",)} <= set(group.wordings)


def test_a_kind_of_a_type_is_looked_for_under_its_other_names():
    shop = Lines({"hooded": 3}, {}, frozenset(), priced=True)
    (group,) = understand("hoodie", shop).telling
    assert ("hooded",) in group.wordings
    assert understand("hoodie", SHOP).telling == ()  # nothing here is called so


@pytest.mark.parametrize("text", ["mom jeans", "looking for mom jeans"])
def test_who_names_a_cut_is_looked_for(text):
    shop = Lines({"mom": 3}, {}, frozenset(), priced=True)
    assert [group.wordings for group in understand(text, shop).telling][-1] == (("mom",),)


def test_parts_of_a_compound_are_looked_for():
    understood = understand("Lederjacke", SHOP)
    assert [chip.key for chip in understood.chips] == ["type:jacket", "category:outerwear"]
    assert ("leather",) in understood.telling[0].wordings


@pytest.mark.parametrize(
    "text",
    [
        "cute old things",
        "wide fit",
        "cold day",
        "best deal",
        "mein Haus",
        "vent de mer",
        "from Paris",
        "air force",
        "king of the lake",
        "mein Herz",
        "coeur",
    ],
)
def test_common_words_are_no_slips_of_telling_ones(text):
    assert keys(text) == []


def test_a_name_keeps_the_words_that_stand_for_prices():
    assert [group.wordings for group in understand("air max", SHOP).telling] == [
        (("air",),),
        (("max",),),
    ]


def test_either_of_two_words_is_looked_for():
    understood = understand("slim leather or pocket", SHOP)
    assert [group.wordings[0] for group in understood.telling] == [
        ("slim",),
        ("leather",),
        ("pocket",),
    ]
    understood = understand("jersey with zorro or pocket", SHOP)
    assert understood.telling[-1].wordings == (("zorro",), ("pocket",))


def test_one_of_several_categories_is_none():
    assert understand("dress or skirt", SHOP).category is None
    assert understand("red dress", SHOP).category == "dress"
    taken = understand("dress or skirt", SHOP, frozenset({"category:dress"}))
    assert taken.category == "bottomwear"


def test_who_is_not_meant_is_told_in_the_shoppers_words():
    (_, chip) = understand("shoes not for men", SHOP).chips
    assert (chip.key, chip.words, chip.shown) == ("gender:female", "not for men", "for women")
    off = understand("shoes not for men", SHOP, frozenset({"gender:female"}))
    assert ("men",) not in [wording for group in off.groups for wording in group.wordings]


def test_the_color_of_what_only_goes_with_it_is_not_looked_for():
    understood = understand("bag for my red dress", SHOP)
    assert (understood.wishes, understood.plain) == ((), ("bag", "dress"))


@pytest.mark.parametrize("text", ["eu", "rd", "gr"])
def test_two_letters_are_no_slip(text):
    assert keys(text) == []


def test_a_name_that_titles_begin_with_is_no_color():
    shop = Lines({"tape": 9}, {}, frozenset(), priced=True, named=frozenset({("red", "tape")}))
    understood = understand("red tape shoes in red", shop)
    assert [chip.key for chip in understood.chips] == ["category:footwear", "color:red"]
    assert understood.telling[0].wordings == (("red", "tape"),)
