from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thatlook.core.errors import FeedError
from thatlook.core.records import Price
from thatlook.store.feed import FeedMapping, Problem, read_feed
from thatlook.store.feed.columns import recognised
from thatlook.store.feed.lookahead import looked_ahead
from thatlook.store.feed.prices import PriceHabits, parse_price
from thatlook.store.feed.products import ProductMaker, feed_id
from thatlook.store.feed.rows import Number, RawRow


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("19.99 USD", "19.99", "USD"),
        ("USD 19.99", "19.99", "USD"),
        ("19.99", "19.99", ""),
        ("1,299.00 USD", "1299.00", "USD"),
        ("1.299,00 EUR", "1299.00", "EUR"),
        ("1.299.000 EUR", "1299000", "EUR"),
        ("1,299 USD", "1299", "USD"),
        ("£1,299", "1299", "GBP"),
        ("19,99", "19.99", ""),
        ("19,9", "19.9", ""),
        ("1.299 KWD", "1.299", "KWD"),
        ("1.299 JPY", "1299", "JPY"),
        ("0.299", "0.299", ""),
        ("1299.000", "1299.000", ""),
        ("Rs. 1,29,999.50", "129999.50", "INR"),
        ("$12.00 CAD", "12.00", "CAD"),
        ("R$ 1.299,90", "1299.90", "BRL"),
        ("1'299.00 CHF", "1299.00", "CHF"),
        ("5 kr DKK", "5", "DKK"),
        ("١٢٫٥٠ د.إ", "12.50", "AED"),
        ("١٬٢٩٩ EGP", "1299", "EGP"),
        ("€5", "5", "EUR"),
        ("5€", "5", "EUR"),
        ("$ 1 000.50", "1000.50", "USD"),
        ("1 000,50\u00a0€", "1000.50", "EUR"),
        ("Rs. 1,299", "1299", "INR"),
        ("₹499", "499", "INR"),
        ("12.- CHF", "12", "CHF"),
        (".50 GBP", "0.50", "GBP"),
        ("0", "0", ""),
    ],
)
def test_prices(text, amount, currency):
    assert parse_price(text) == Price(Decimal(amount), currency)


@pytest.mark.parametrize(
    "text",
    [
        "call us",
        "-5 EUR",
        "5 EUR 6",
        "5 euros",
        "EUR",
        "1-2",
        "nan",
        "12 99",
        "1.299.00",
        "5 kr",
        "€5 USD",
        "NOW 5",
        "1e5",
        "1,2,3",
        "1,299",
        "1,299 EUR",
        "$1.299",
        "9" * 20,
    ],
)
def test_prices_that_are_none(text):
    with pytest.raises(FeedError, match=r"expected|may be|names two"):
        parse_price(text)


@pytest.mark.parametrize("text", ["19⁹⁹ EUR", "€19⁹⁹", "19,99¹ €", "19₉₉ EUR", "19⑨ EUR", "5½ €"])
def test_raised_digits_are_never_digits_of_the_amount(text):
    with pytest.raises(FeedError, match="raised digits may be decimals or a note"):
        parse_price(text)


def test_wide_digits_are_digits():
    assert parse_price("１９.９９ EUR") == Price(Decimal("19.99"), "EUR")


def test_a_point_before_three_digits_is_refused_unless_it_is_told():
    with pytest.raises(FeedError, match="thousands or three decimals"):
        parse_price("1.299 EUR")
    with pytest.raises(FeedError, match="thousands or three decimals"):
        parse_price("1,299 KWD")
    assert parse_price("1.299 EUR", decimal=",") == Price(Decimal(1299), "EUR")
    assert parse_price("1.299 EUR", decimal=".") == Price(Decimal("1.299"), "EUR")
    assert parse_price(Number(1.299), "EUR") == Price(Decimal("1.299"), "EUR")


@pytest.mark.parametrize(
    ("others", "text", "amount"),
    [
        (["19,99 EUR"], "1.299 EUR", "1299"),
        (["19.99 EUR"], "1,299 EUR", "1299"),
        (["1.299.000 EUR"], "1.299 EUR", "1299"),
        (["19.99 EUR"], "1.299 EUR", None),
        (["19.99 EUR", "14.8750 EUR"], "1.299 EUR", "1.299"),
        (["19.99 EUR", "19,99 EUR"], "1.299 EUR", None),
        (["19.99 USD", "19,99 USD"], "1,299 USD", None),
        (["19.99 USD"], "1.299 EUR", None),
        (["2.299 EUR", "call us", "1,2,3 EUR"], "1.299 EUR", None),
        (["49 EUR"] * 20, "1.299 EUR", "1299"),
        (["49 EUR"] * 19, "1.299 EUR", None),
        ([*["49 EUR"] * 20, "14.8750 EUR"], "1.299 EUR", "1.299"),
        (["1.299,500 KWD"], "1.299 KWD", "1299"),
        (["1.299,500 KWD"], "1,299 KWD", "1.299"),
        ([Number(12.5)], "1.299", None),
    ],
)
def test_the_other_prices_of_a_feed_tell_what_a_mark_means(others, text, amount):
    habits = PriceHabits()
    for other in others:
        habits.learn(other)
    if amount is None:
        with pytest.raises(FeedError, match="thousands or three decimals"):
            parse_price(text, habits=habits)
    else:
        found = parse_price(text, habits=habits)
        assert found is not None
        assert found.amount == Decimal(amount)


def test_a_feed_is_looked_ahead_for_how_its_prices_are_written(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"x")
    rows = ["1;1.299 €;a.jpg", *["2;1.299 CHF;a.jpg"], *["3;49,90 €;a.jpg"], "4;9,90 €;a.jpg"]
    (tmp_path / "f.csv").write_text("id;price;image_link\n" + "\n".join(rows), "utf-8")
    dear, told, franc, *_ = read_feed(tmp_path / "f.csv")
    assert str(dear.product.price) == "1299 EUR"
    assert (told.line, told.kept, franc.product.price) == (3, True, None)
    assert "'1.299 CHF' may be thousands" in told.message


def rows_ahead(count, learnt, characters=1):
    rows = (RawRow(n, {"id": ("x" * characters,)}) for n in range(count))
    ahead = looked_ahead(rows, lambda row: learnt.append(row.line))
    return [(row.line, len(learnt)) for row in ahead]


def test_so_many_rows_are_read_ahead():
    learnt = []
    found = rows_ahead(1500, learnt)
    assert [line for line, _ in found] == list(range(1500))
    assert found[0] == (0, 1001)
    assert found[-1] == (1499, 1500)
    assert rows_ahead(9, [], characters=1_000_000)[0] == (0, 5)


def test_the_end_of_a_broken_feed_comes_after_its_rows():
    def rows():
        yield RawRow(1, {"id": ("1",)})
        raise FeedError("broken off")

    read = looked_ahead(rows(), lambda row: None)
    assert next(read).line == 1
    with pytest.raises(FeedError, match="broken off"):
        next(read)


def test_a_sign_of_several_countries_is_that_of_the_row():
    assert parse_price("$5", "MXN") == Price(Decimal(5), "MXN")
    assert parse_price("$5", "EUR") == Price(Decimal(5), "USD")
    assert parse_price("5 kr", "NOK") == Price(Decimal(5), "NOK")


def test_no_price_and_the_default_currency():
    assert parse_price("  ") is None
    assert parse_price("5", "EUR") == Price(Decimal(5), "EUR")
    assert parse_price("5 USD", "EUR") == Price(Decimal(5), "USD")


@given(st.decimals(min_value=0, max_value=10**7, places=2, allow_nan=False))
def test_written_prices_are_read_back(amount):
    price = Price(amount, "EUR")
    assert parse_price(str(price)) == price


@given(st.text(max_size=30))
def test_any_text_is_a_price_or_an_error(text):
    try:
        found = parse_price(text)
    except FeedError:
        return
    assert found is None or found.amount >= 0


def test_the_columns_of_the_real_shop():
    header = "id,gender,masterCategory,subCategory,articleType,baseColour,season,productDisplayName"
    assert recognised(header.split(",")) == {
        "id": "id",
        "gender": "gender",
        "product_type": "articleType",
        "color": "baseColour",
        "season": "season",
        "title": "productDisplayName",
    }


def test_the_surest_column_wins():
    assert recognised(["name", "Title", "g:title"])["title"] == "g:title"
    assert recognised(["name", "product_title"])["title"] == "product_title"
    assert recognised(["sku", "id"])["id"] == "id"
    assert recognised(["sku", "id"], {"id": "SKU"})["id"] == "sku"


def product(**values):
    row = RawRow(2, {k: (v,) if isinstance(v, str) else v for k, v in values.items()})
    return ProductMaker().product(row)


@pytest.mark.parametrize(
    ("values", "category"),
    [
        ({"category": "Dress"}, "dress"),
        ({"category": "Dress", "product_type": "Shoes"}, "dress"),
        ({"category": "Clothing > Shoes"}, "footwear"),
        ({"product_type": "Shirts", "title": "Shoe box"}, "topwear"),
        ({"google_product_category": "Apparel > Shoes"}, "footwear"),
        ({"title": "Leather boots"}, "footwear"),
        ({"title": "Candle"}, "other"),
        ({"product_type": "Hoodies"}, "topwear"),
        ({"google_product_category": "212", "title": "Summer"}, "topwear"),
        ({"google_product_category": "187.0"}, "footwear"),
        ({"google_product_category": "209", "title": "Dress"}, "other"),
        ({"google_product_category": "1604", "title": "Dress"}, "dress"),
        ({"google_product_category": "178", "product_type": "Hats"}, "headwear"),
        ({"product_type": "212", "title": "Hats"}, "headwear"),
        ({"product_type": "Damen > Kleider"}, "dress"),
        ({"title": "Rock band"}, "other"),
    ],
)
def test_categories(values, category):
    assert product(id="1", **values).category == category


@pytest.mark.parametrize(
    ("values", "gender", "age_group"),
    [
        ({"gender": "Women"}, "female", ""),
        ({"gender": "Boys"}, "male", "kids"),
        ({"gender": "Girls", "age_group": "Toddler"}, "female", "toddler"),
        ({"gender": "unisex", "title": "Men shirt"}, "unisex", ""),
        ({"title": "Men's shirt"}, "male", ""),
        ({"title": "Shirt"}, "unisex", ""),
        ({"gender": "Women", "title": "Ant Kids Pink Tops"}, "female", "kids"),
        ({"gender": "female", "title": "Girls' dress"}, "female", "kids"),
        ({"gender": "Women", "title": "Girls in Paris tee"}, "female", ""),
        ({"product_type": "Baby & Toddler > Dresses"}, "unisex", "toddler"),
        ({"google_product_category": "Clothing > Boys"}, "male", "kids"),
        ({"category": "Kinder", "title": "Shirt"}, "unisex", "kids"),
        ({"title": "Shirt", "size": ("2-3 years", "4-5 years")}, "unisex", "toddler"),
        ({"title": "Shirt", "Größe": "104/110; 116/122"}, "unisex", "kids"),
        ({"title": "Shirt", "size": "S, M, 10-12 years"}, "unisex", ""),
        ({"title": "Shirt", "size": ""}, "unisex", ""),
        ({"google_product_category": "5424"}, "unisex", "toddler"),
        ({"title": "Kids shirt", "age_group": "Adult"}, "unisex", "adult"),
    ],
)
def test_genders_and_ages(values, gender, age_group):
    found = product(id="1", **values)
    assert (found.gender, found.age_group) == (gender, age_group)


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("a.jpg, b.jpg;c.jpg|d.jpg", ("a.jpg", "b.jpg", "c.jpg", "d.jpg")),
        (
            "https://x.example/w_1,h_2/a.jpg,https://x.example/b.jpg",
            ("https://x.example/w_1,h_2/a.jpg", "https://x.example/b.jpg"),
        ),
        (("a.jpg", "b.jpg", "a.jpg"), ("a.jpg", "b.jpg")),
        ("", ()),
    ],
)
def test_several_pictures(text, links):
    assert product(id="1", additional_image_link=text).additional_image_link == links


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        (" 15970 ", "15970"),
        ("15970.0", "15970"),
        ("15.50", "15.50"),
        ("e\u0301", "é"),
        ("0012", "0012"),
    ],
)
def test_ids(text, normal):
    assert feed_id(text) == normal
    assert product(id=text).id == normal


@pytest.mark.parametrize("text", ["", "  ", "a\tb", "\u0000"])
def test_ids_that_cannot_be(text):
    with pytest.raises(FeedError):
        product(id=text)


def test_a_shops_own_category_is_kept():
    assert product(id="1", category="Abendkleider").extra == {"category": "Abendkleider"}
    assert product(id="1", category="dress").extra == {}


def test_availability_has_one_spelling():
    assert product(id="1", availability="In Stock").availability == "in_stock"


@pytest.mark.parametrize(
    ("values", "extra"),
    [
        ({"season": "S/S 24"}, {"season": "S/S 24"}),
        ({"Saison": "Herbst"}, {"Saison": "Herbst", "season": "Herbst"}),
        ({"season": ("spring", "summer")}, {"season": "spring, summer"}),
        ({"season": ""}, {}),
    ],
)
def test_the_season_is_kept_by_one_name(values, extra):
    assert product(id="1", **values).extra == extra


def test_a_mapped_column_is_the_season():
    maker = ProductMaker(FeedMapping(fields={"season": "Drop"}))
    assert maker.product(RawRow(2, {"id": ("1",), "Drop": ("FW24",)})).extra["season"] == "FW24"


def test_a_season_that_is_not_understood_is_told_once(tmp_path):
    feed = tmp_path / "feed.csv"
    cells = ["S/S 24", "Beach", "Beach", "n/a", ""]
    rows = [f"{n},https://shop.example/{n}.jpg,{cell}" for n, cell in enumerate(cells)]
    feed.write_text("\n".join(["id,image_link,season", *rows]), encoding="utf-8")
    found = list(read_feed(feed))
    told = [one.message for one in found if isinstance(one, Problem)]
    words = "season: 'Beach' is not understood, the product counts as for any (told once)"
    assert told == [words]
    assert len(found) == len(cells) + len(told)
