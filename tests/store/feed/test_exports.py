"""Feeds as shops' programs export them: what stands in their cells, and what it means."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tests.store.feed.test_formats import write
from thatlook.core.errors import FeedError
from thatlook.store.feed import FeedRow, read_feed
from thatlook.store.feed.columns import plain, recognised
from thatlook.store.feed.mapping import FeedMapping
from thatlook.store.feed.products import ProductMaker
from thatlook.store.feed.rows import Nested, Number, RawRow
from thatlook.store.feed.words import availability_said, gender_said, is_unpublished

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)


def made(mapping=None, **values):
    cells = {k: v if isinstance(v, tuple) else (v,) for k, v in {"id": "1", **values}.items()}
    return ProductMaker(mapping, clock=lambda: NOW).made(RawRow(2, cells))


def prices(mapping=None, **values):
    """The price and the sale price as texts, and how many messages there are."""
    found = made(mapping, **values)
    both = (found.product.price, found.product.sale_price)
    return (*(str(one) if one else "" for one in both), len(found.unread))


@pytest.mark.parametrize(
    ("header", "fields"),
    [
        (
            "Artikelnummer;Bezeichnung;Preis;Angebotspreis;Währung;Geschlecht;Farbe;Größe;Bild",
            "id title price sale_price currency gender color size image_link",
        ),
        (
            "Référence;Titre;Prix TTC;Devise;Sexe;Couleur;Matière;Taille;Disponibilité;Lien image",
            "id title price currency gender color material size availability image_link",
        ),
        (
            "Código;Nombre;Precio;Moneda;Género;Talla;Disponibilidad;Descripción;Imagen;Marca",
            "id title price currency gender size availability description image_link brand",
        ),
        (
            "Codice;Titolo;Prezzo;Prezzo scontato;Sesso;Colore;Taglia;Marchio;Immagine",
            "id title price sale_price gender color size brand image_link",
        ),
        (
            "Artikelnummer;Naam;Prijs;Actieprijs;Geslacht;Kleur;Maat;Merk;Voorraad;Afbeelding",
            "id title price sale_price gender color size brand stock image_link",
        ),
    ],
)
def test_headers_in_other_languages(header, fields):
    columns = header.split(";")
    assert recognised(columns) == dict(zip(fields.split(), columns, strict=True))


def test_a_name_without_case_marks_and_accents():
    assert plain("Größe") == plain("GROSSE") == "grosse"
    assert plain("g:Image_Link") == "imagelink"


@pytest.mark.parametrize(
    ("cell", "gender"),
    [
        ("W", "female"), ("M", "male"), ("Damen", "female"), ("Herren", "male"),
        ("femme", "female"), ("Jungen", "male"), ("Mädchen", "female"), ("Garçons", "male"),
        ("mujer", "female"), ("Hombre", "male"), ("donna", "female"), ("uomo", "male"),
        ("Dames", "female"), ("heren", "male"), ("Women's", "female"), ("Damen/Herren", "unisex"),
        ("M, W", "unisex"), ("mixte", "unisex"), ("adult", ""), ("Xyz", None),
        ("size M, women, sale", "female"),
    ],
)  # fmt: skip
def test_words_for_genders(cell, gender):
    assert gender_said(cell) == gender


def test_a_gender_that_is_not_understood_is_told_and_the_title_asked():
    found = made(gender="Qwert", title="Men's shirt")
    assert found.product.gender == "male"
    assert "'Qwert' is not understood" in found.notes[0]
    assert made(gender="Kids").notes == ()
    assert made(FeedMapping(genders={"qwert": "female"}), gender="Qwert").product.gender == "female"


@pytest.mark.parametrize(
    ("cell", "availability"),
    [
        ("https://schema.org/InStock", "in_stock"), ("http://schema.org/SoldOut/", "sold_out"),
        ("InStock", "in_stock"), ("available", "in_stock"), ("1", "in_stock"),
        ("0", "out_of_stock"),
        ("12.0", "in_stock"), ("auf Lager", "in_stock"), ("Ausverkauft", "out_of_stock"),
        ("en stock", "in_stock"), ("épuisé", "out_of_stock"), ("Agotado", "out_of_stock"),
        ("esaurito", "out_of_stock"), ("uitverkocht", "out_of_stock"), ("PreOrder", "preorder"),
        ("onbackorder", "backorder"), ("true", "in_stock"), ("soon perhaps", None),
    ],
)  # fmt: skip
def test_words_for_availability(cell, availability):
    assert availability_said(cell) == availability


@pytest.mark.parametrize(
    ("values", "availability"),
    [
        ({"stock": "0"}, "out_of_stock"),
        ({"Lagerbestand": "7"}, "in_stock"),
        ({"stock": "0", "Backorders allowed?": "1"}, "backorder"),
        ({"Variant Inventory Qty": "-2", "Variant Inventory Policy": "deny"}, "out_of_stock"),
        ({"Variant Inventory Qty": "0", "Variant Inventory Tracker": ""}, ""),
        ({"Published": "0", "In stock?": "1"}, "discontinued"),
        ({"Status": "draft"}, "discontinued"),
        ({"Status": "active"}, ""),
        ({"availability": "some day"}, "some_day"),
    ],
)
def test_what_can_be_bought(values, availability):
    assert made(**values).product.availability == availability
    assert is_unpublished("archived")


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"price": "40 EUR", "sale_price": "30 EUR"}, ("40 EUR", "30 EUR", 0)),
        ({"price": "40 EUR", "sale_price": "30"}, ("40 EUR", "30 EUR", 0)),
        ({"price": "40 EUR", "sale_price": "40 EUR"}, ("40 EUR", "", 0)),
        ({"price": "40 EUR", "sale_price": "0.00"}, ("40 EUR", "", 0)),
        ({"price": "40 EUR", "sale_price": "50 EUR"}, ("40 EUR", "", 1)),
        ({"price": "40 EUR", "sale_price": "30 USD"}, ("40 EUR", "", 1)),
        ({"price": "0.00"}, ("", "", 1)),
        ({"price": "40", "currency": "EUR"}, ("40 EUR", "", 0)),
        ({"price": "40 USD", "currency": "EUR"}, ("", "", 1)),
        ({"price": "$40", "currency": "CAD"}, ("40 CAD", "", 0)),
        ({"price": "40", "currency": "beads"}, ("40", "", 1)),
        ({"Variant Price": "30", "Variant Compare At Price": "40"}, ("40", "30", 0)),
        ({"Variant Price": "30", "Variant Compare At Price": "0"}, ("30", "", 0)),
        ({"Variant Price": "30", "Variant Compare At Price": "20"}, ("30", "", 0)),
        ({"Price tax excluded": "30", "Price tax included": "36"}, ("36", "", 0)),
        ({"price_net": "30", "price_gross": "36"}, ("36", "", 0)),
    ],
)
def test_prices_of_a_row(values, expected):
    assert prices(**values) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"Discount percent": "20"}, ("36 EUR", "28.80 EUR", 0)),
        ({"Discount percent": "20.000"}, ("36 EUR", "28.80 EUR", 0)),
        ({"Discount amount": "6,50"}, ("36 EUR", "29.50 EUR", 0)),
        ({"Discount amount": "0.000000", "Discount percent": "0"}, ("36 EUR", "", 0)),
        ({"reduction": "0.200000", "reduction_type": "percentage"}, ("36 EUR", "28.80 EUR", 0)),
        ({"reduction": "20", "reduction_type": "percentage"}, ("36 EUR", "28.80 EUR", 0)),
        ({"reduction": "0.50", "reduction_type": "amount"}, ("36 EUR", "35.50 EUR", 0)),
        ({"reduction": "0.2"}, ("36 EUR", "", 1)),
        ({"reduction": "20 %"}, ("36 EUR", "28.80 EUR", 0)),
        ({"reduction": "0.5 %"}, ("36 EUR", "35.82 EUR", 0)),
        ({"reduction": "0,5%", "reduction_type": "percentage"}, ("36 EUR", "35.82 EUR", 0)),
        ({"reduction": "40", "reduction_type": "amount"}, ("36 EUR", "", 1)),
        ({"Discount percent": "100"}, ("36 EUR", "", 1)),
        ({"Discount percent": "much"}, ("36 EUR", "", 1)),
        ({"Discount percent": "20", "sale_price": "30 EUR"}, ("36 EUR", "30 EUR", 0)),
        ({"Discount percent": "20", "Discount to": "2026-06-01"}, ("36 EUR", "", 0)),
        ({"Discount percent": "20", "Discount from": "2026-06-01"}, ("36 EUR", "28.80 EUR", 0)),
        ({"Pourcentage de réduction": "50"}, ("36 EUR", "18.00 EUR", 0)),
    ],
)
def test_discounts(values, expected):
    assert prices(price="36 EUR", **values) == expected


def test_a_discount_is_rounded_as_its_currency_is():
    assert prices(price="999 JPY", discount_percent="15") == ("999 JPY", "849 JPY", 0)
    assert prices(price="9.995 KWD", discount_percent="10") == ("9.995 KWD", "8.996 KWD", 0)
    assert prices(discount_percent="10") == ("", "", 0)


@pytest.mark.parametrize(
    ("date", "availability", "told"),
    [
        ("2026-06-14T23:59Z", "discontinued", 0),
        ("2026-06-14", "discontinued", 0),
        ("2026-06-15", "in_stock", 0),
        ("2027-01-01T00:00+01:00", "in_stock", 0),
        ("1781481600", "discontinued", 0),  # this day at 00:00
        ("0000-00-00", "in_stock", 0),
        ("soon", "in_stock", 1),
    ],
)
def test_what_has_expired_is_not_offered(date, availability, told):
    found = made(expiration_date=date, availability="in stock")
    assert found.product.availability == availability
    assert len(found.unread) == told


@pytest.mark.parametrize(
    ("values", "sale", "told"),
    [
        ({"sale_price_effective_date": "2020-01-01T00:00+0000/2020-02-01T00:00+0000"}, "", 0),
        ({"sale_price_effective_date": "2020-01-01T00:00+0000/2099-01-01T00:00+0000"}, "3", 0),
        ({"sale_price_effective_date": "2027-01-01/2028-01-01"}, "", 0),
        ({"sale_price_effective_date": "2026-06-15T13:00+02:00/2026-06-16"}, "3", 0),
        ({"sale_price_effective_date": "2026-06-15T13:00-08:00/2026-06-16"}, "", 0),
        ({"sale_price_effective_date": "01.06.2026/30.06.2026"}, "3", 0),
        ({"sale_price_effective_date": "2026-06-01/2026-06-15"}, "3", 0),
        ({"sale_price_effective_date": "2026-06-01/2026-06-14"}, "", 0),
        ({"sale_price_effective_date": "06/01/2026"}, "", 1),
        ({"sale_price_effective_date": "soon"}, "", 1),
        ({"sale_price_effective_date": "2026-07-01/2026-06-01"}, "", 1),
        ({"Date sale price starts": "2026-06-01", "Date sale price ends": ""}, "3", 0),
        ({"Date sale price ends": "2026-06-14 23:59:59"}, "", 0),
        ({"Discount from": "0000-00-00", "sale_end": "0000-00-00 00:00:00"}, "3", 0),
        ({"sale_start": "1767225600"}, "3", 0),
        ({"sale_end": "1767225600"}, "", 0),
        ({"sale_end": "1781481600"}, "", 0),  # this day at 00:00
    ],
)
def test_a_sale_counts_in_its_time(values, sale, told):
    assert prices(price="4", sale_price="3", **values) == ("4", sale, told)


def test_a_sale_price_alone_counts_in_its_time_too():
    assert prices(sale_price="3", sale_end="2020-01-01") == ("", "", 0)


def test_entities_become_characters():
    product = made(
        title="Robe d&eacute;t&eacute; &amp;amp; lin",
        link="https://shop.example/?a=1&amp;b=2&copy=3",
        note="&eacute;",
    ).product
    assert product.title == "Robe dété & lin"
    assert product.link == "https://shop.example/?a=1&b=2&copy=3"
    assert product.extra == {"note": "&eacute;"}
    assert made(title="H&M &copy 5").product.title == "H&M &copy 5"


@pytest.mark.parametrize(
    ("link", "kept"),
    [
        ("https://shop.example/1", "https://shop.example/1"),
        ("/product/1", "/product/1"),
        ("shop.example:8080/1", "shop.example:8080/1"),
        ("javascript:alert(1)", ""),
        (" java\tscript:alert(1)", ""),
        ("data:text/html,x", ""),
    ],
)
def test_links_lead_to_pages(link, kept):
    found = made(link=link)
    assert found.product.link == kept
    assert len(found.unread) == (not kept)


def test_objects_are_opened_for_their_field():
    found = made(
        price=Nested.of({"amount": "12.50", "currencyCode": "EUR"}),
        sale_price=Nested.of({"amount": 11.125, "currency": "EUR"}),
        brand=Nested.of({"id": 7, "name": "Acme &amp; Co"}),
        images=(Nested.of({"src": "a.jpg", "alt": "x"}), Nested.of({"url": "b.jpg"})),
        seller=Nested.of({"name": "S"}),
    )
    product = found.product
    assert (str(product.price), str(product.sale_price)) == ("12.50 EUR", "11.125 EUR")
    assert (product.brand, product.additional_image_link) == ("Acme & Co", ("a.jpg", "b.jpg"))
    assert product.extra == {"seller": '{"name": "S"}'}
    assert made(price=Nested.of({"text": "5"})).product.price is None
    with pytest.raises(FeedError, match="no id"):
        made(id=Nested.of({"name": "x"}))


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        ({"amountMicros": "15990000", "currencyCode": "USD"}, ("15.99 USD", "", 0)),
        ({"amountMicros": 20000000}, ("20", "", 0)),
        ({"centAmount": 1999, "fractionDigits": 2, "currencyCode": "EUR"}, ("19.99 EUR", "", 0)),
        ({"centAmount": 1999, "fractionDigits": 0, "currencyCode": "JPY"}, ("1999 JPY", "", 0)),
        ({"centAmount": 1999, "currencyCode": "EUR"}, ("", "", 1)),
        ({"text": "5"}, ("", "", 1)),
        ({"amount": None, "currency": ""}, ("", "", 0)),
    ],
)
def test_objects_that_count_in_parts_of_a_currency(price, expected):
    assert prices(price=Nested.of(price)) == expected


def test_two_prices_are_none():
    assert prices(price=("15.00 EUR", "19.00 EUR")) == ("", "", 1)
    assert prices(price=("15.00 EUR", "15.00 EUR")) == ("15.00 EUR", "", 0)
    assert prices(price=(Number(15.5), Number(19))) == ("", "", 1)


def test_columns_that_may_be_the_time_of_a_sale_are_told():
    late = {"Rabatt gültig": "2020-01-01", "Aktion": "Sommer"}
    (told,) = made(price="4", sale_price="3", **late).notes
    assert told.startswith("sale_price: 'Rabatt gültig' may be the time of the sale")
    assert made(price="4", **late).notes == ()
    assert made(price="4", sale_price="3", sale_end="2099-01-01", **late).notes == ()


def test_control_characters_are_left_out():
    product = made(
        title="Kl\x00ei\x1bd\x7f",
        brand=Nested.of({"name": "A\x00B"}),
        image_link="a\x00.jpg",
        more=Nested.of({"k\x00": "\\u0000 y"}),
        **{"no\x00te": "x\x00\ty"},
    ).product
    assert (product.title, product.brand, product.image_link) == ("Kleid", "AB", "a.jpg")
    assert product.extra == {"more": '{"k": " y"}', "note": "x\ty"}


def test_numbers_have_a_point():
    assert prices(price=Number(1.299), currency="EUR") == ("1.299 EUR", "", 0)
    assert prices(price="1.299", currency="EUR") == ("", "", 1)
    assert prices(FeedMapping(decimal=","), price="1.299") == ("1299", "", 0)


TYPES = {
    "de": "Kleider Hosen Schuhe Handtaschen Handschuhe",
    "fr": "Robes Pantalons Chaussures Sacs Gants",
    "it": "Vestiti Pantaloni Scarpe Borse Guanti",
    "es": "Vestidos Pantalones Zapatos Bolsos Guantes",
    "nl": "Jurken Broeken Schoenen Handtassen Handschoenen",
}


@pytest.mark.parametrize("language", TYPES)
def test_product_types_in_the_language_of_the_feed(tmp_path, language):
    lines = [f"{n},{kind},a.jpg" for n, kind in enumerate(TYPES[language].split())]
    found = read(tmp_path, "f.csv", "id,product_type,image_link\n" + "\n".join(lines))
    categories = [row.product.category for row in found]
    assert categories == ["dress", "bottomwear", "footwear", "bag", "other"]


def test_a_feed_whose_types_say_nothing_is_in_the_language_of_its_titles(tmp_path):
    found = read(
        tmp_path,
        "f.csv",
        "id;name;categories;image\n1;Sommerkleid;0a1b|77c2;a.jpg\n2;Hose;0a1b;a.jpg\n",
    )
    assert [row.product.category for row in found] == ["dress", "bottomwear"]


def test_a_word_of_two_languages_is_read_in_that_of_the_feed(tmp_path):
    head = "id,product_type,image_link\n1,Robes,a.jpg\n2,"
    english, _ = read(tmp_path, "e.csv", head + "Bath towels & shirts,a.jpg\n")
    french, _ = read(tmp_path, "f.csv", head + "Pantalons,a.jpg\n")
    assert (english.product.category, french.product.category) == ("other", "dress")


def test_several_values_of_one_field():
    product = made(
        gender=("men", "women"),
        color=("Red", "Blue"),
        image_link=("a.jpg", "b.jpg"),
        additional_image_link="c.jpg",
    ).product
    assert (product.gender, product.color) == ("unisex", "Red/Blue")
    assert (product.image_link, product.additional_image_link) == ("a.jpg", ("b.jpg", "c.jpg"))


def read(folder, name, text):
    for picture in ("a.jpg", "b.jpg", "c.jpg", "d.jpg"):
        (folder / picture).write_bytes(b"x")
    return list(read_feed(write(folder, name, text)))


SHOPIFY = """Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,\
Option2 Name,Option2 Value,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,\
Variant Inventory Policy,Variant Price,Variant Compare At Price,Image Src,Image Position,\
Variant Image,Status,Google Shopping / Gender
tee,Red &amp; Blue Tee,<p>Soft</p>,Acme,T-Shirts,"sale, men",true,Color,Red,Size,S,T1,shopify,0,\
deny,15.00,25.00,b.jpg,2,d.jpg,active,Women
tee,,,,,,,,Blue,,S,T2,shopify,3,deny,19.00,25.00,a.jpg,1,,,
tee,,,,,,,,Blue,,M,T3,shopify,5,deny,0.00,,,,,,
tee,,,,,,,,,,,,,,,,,c.jpg,3,,,
cap,Cap,,Acme,Caps,,true,Title,Default Title,,,C1,,0,deny,9.00,,a.jpg,1,,draft,
""".replace("\\\n", "")


def test_the_rows_of_a_shopify_product_are_one(tmp_path):
    tee, cap = read(tmp_path, "f.csv", SHOPIFY)
    product = tee.product
    assert (tee.line, product.id, product.title) == (2, "tee", "Red & Blue Tee")
    assert (str(product.price), str(product.sale_price)) == ("25.00", "19.00")
    assert (product.brand, product.product_type, product.category) == (
        "Acme",
        "T-Shirts",
        "topwear",
    )
    assert (product.gender, product.availability) == ("female", "in_stock")
    assert product.color == "Red/Blue"
    assert product.image_link == "a.jpg"
    assert product.additional_image_link == ("b.jpg", "c.jpg", "d.jpg")
    assert product.extra["Size"] == "S, M"
    assert (cap.product.id, cap.product.availability) == ("cap", "discontinued")
    assert (str(cap.product.price), cap.product.sale_price) == ("9.00", None)


def test_a_row_of_a_shopify_export_that_cannot_be_read_costs_itself(tmp_path):
    text = SHOPIFY.replace("cap,Cap", "too,few\ncap,Cap")
    tee, bad, cap = read(tmp_path, "f.csv", text)
    assert (tee.product.id, cap.product.id, bad.line) == ("tee", "cap", 6)


def test_a_shopify_product_without_end_costs_itself(tmp_path, monkeypatch):
    monkeypatch.setattr("thatlook.store.feed.exports.MOST_ROWS", 3)
    bad, cap = read(tmp_path, "f.csv", SHOPIFY)
    assert (bad.line, bad.product_id, cap.product.id) == (2, "tee", "cap")
    assert bad.message.startswith("more than 3 rows")


def test_shopifys_json_has_the_price_of_a_variant(tmp_path):
    text = (
        '{"id": 7, "title": "Tee", "body_html": "x", "vendor": "Acme", "product_type": "Tees", '
        '"images": [{"src": "a.jpg"}, {"src": "b.jpg"}], "options": [{"name": "Color", "values": '
        '["Red", "Blue"]}], "variants": [{"id": 1, "price": "12.00", "available": false}, '
        '{"id": 2, "price": "15.00", "compare_at_price": "20.00", "available": true}]}\n'
    )
    (row,) = read(tmp_path, "f.jsonl", text)
    product = row.product
    assert (product.id, product.brand, product.color) == ("7", "Acme", "Red/Blue")
    assert (str(product.price), str(product.sale_price)) == ("20.00", "15.00")
    assert (product.availability, product.image_link) == ("in_stock", "a.jpg")


WOO = """ID,Type,SKU,Name,Published,In stock?,Stock,Regular price,Sale price,\
Date sale price starts,Date sale price ends,Categories,Images,Parent,Attribute 1 name,\
Attribute 1 value(s)
44,variable,P44,Dress,1,1,,,,,,"Clothing > Dresses, Sale","a.jpg, b.jpg",,Color,"Red, Blue"
45,variation,P45,Dress - Red,1,0,0,30,20,,2020-01-01,,c.jpg,P44,Color,Red
46,simple,,Hat,0,1,,9.99,,,,Hats,d.jpg,,Material,Wool
47,variation,P47,Dress - Blue,1,1,,30,,,,,,id:44,Color,Blue
""".replace("\\\n", "")


def test_woocommerce(tmp_path):
    dress, red, hat, blue = read(tmp_path, "f.csv", WOO)
    assert (dress.product.category, dress.product.product_type[:8]) == ("dress", "Clothing")
    assert (dress.product.image_link, dress.product.additional_image_link) == ("a.jpg", ("b.jpg",))
    assert (dress.product.color, dress.product.item_group_id) == ("Red/Blue", "P44")
    assert (red.product.item_group_id, red.product.availability) == ("P44", "out_of_stock")
    assert (str(red.product.price), red.product.sale_price) == ("30", None)
    assert (hat.product.availability, hat.product.material) == ("discontinued", "Wool")
    assert not isinstance(blue, FeedRow)
    assert "no image_link" in blue.message


WOO_HEADERS = {
    "de": "ID;Typ;Name;Veröffentlicht;Datum, an dem Angebotspreis beginnt;"
    "Datum, an dem Angebotspreis endet;Vorrätig?;Lager;Angebotspreis;Regulärer Preis;"
    "Kategorien;Bilder",
    "fr": "ID;Type;Nom;Publié;Date de début de promo;Date de fin de promo;En stock ?;Stock;"
    "Tarif promo;Tarif régulier;Catégories;Images",
    "es": "ID;Tipo;Nombre;Publicado;Día en que empieza el precio rebajado;"
    "Día en que termina el precio rebajado;¿Existencias?;Inventario;Precio rebajado;"
    "Precio normal;Categorías;Imágenes",
    "nl": "ID;Type;Naam;Gepubliceerd;Startdatum actieprijs;Einddatum actieprijs;Op voorraad?;"
    "Voorraad;Actieprijs;Reguliere prijs;Categorieën;Afbeeldingen",
}


@pytest.mark.parametrize("language", WOO_HEADERS)
def test_woocommerce_in_the_language_of_the_shop(tmp_path, language):
    trousers = TYPES[language].split()[1]
    rows = (
        f"1;simple;A;1;2020-01-01;2020-02-01;1;3;19,90;39,90;{trousers};a.jpg\n"
        f"2;simple;B;1;2020-01-01;;1;3;19,90;39,90;{trousers};a.jpg\n"
        f"3;simple;C;0;;;0;0;;39,90;{trousers};a.jpg\n"
    )
    over, runs, hidden = read(tmp_path, "f.csv", f"{WOO_HEADERS[language]}\n{rows}")
    assert (str(over.product.price), over.product.sale_price) == ("39.90", None)
    assert (str(runs.product.sale_price), runs.product.availability) == ("19.90", "in_stock")
    assert (hidden.product.availability, hidden.product.category) == ("discontinued", "bottomwear")


def test_prestashops_specific_prices(tmp_path):
    text = (
        "id_product;name;price;reduction;reduction_type;from;to;image\n"
        "1;Robe;40;0.20;percentage;2020-01-01 00:00:00;2020-02-01 00:00:00;a.jpg\n"
        "2;Robe;40;0.20;percentage;0000-00-00 00:00:00;0000-00-00 00:00:00;a.jpg\n"
    )
    over, runs = read(tmp_path, "f.csv", text)
    assert (over.product.sale_price, str(runs.product.sale_price)) == (None, "32.00")


def test_from_and_to_alone_are_no_dates_of_a_sale(tmp_path):
    text = "id;title;price;sale_price;from;to;image\n1;Robe;40;30;Italy;women;a.jpg\n"
    (row,) = read(tmp_path, "f.csv", text)
    assert str(row.product.sale_price) == "30"


def test_prestashop(tmp_path):
    text = (
        "Product ID;Active (0/1);Name *;Categories (x,y,z...);Price tax included;Manufacturer;"
        "Quantity;Image URLs (x,y,z...);Discount percent\n"
        "7;1;Pull été;Pulls;36.000000;Acme;0;a.jpg,b.jpg;20\n8;0;Robe;Robes;10.5;;3;c.jpg;\n"
    )
    one, two = read(tmp_path, "f.csv", text)
    assert (one.product.id, one.product.title, str(one.product.price)) == (
        "7",
        "Pull été",
        "36.000000",
    )
    assert (one.product.brand, one.product.availability) == ("Acme", "out_of_stock")
    assert (one.product.image_link, one.product.additional_image_link) == ("a.jpg", ("b.jpg",))
    assert (str(one.product.sale_price), one.product.category) == ("28.80", "topwear")
    assert (two.product.sale_price, two.product.category) == (None, "dress")
    assert two.product.availability == "discontinued"


def test_shopware(tmp_path):
    text = (
        "id;parent_id;product_number;active;stock;name;price_net;price_gross;cover_media_url;"
        "manufacturer_name;categories\n"
        "0a1b;;SW1;1;5;Hemd;8.40;10;a.jpg;Acme;Hemden|Herren\n"
        "0a1c;0a1b;SW1.1;0;5;Hemd M;8;10;b.jpg;;\n"
    )
    one, two = read(tmp_path, "f.csv", text)
    assert (one.product.id, str(one.product.price), one.product.brand) == ("0a1b", "10", "Acme")
    assert (one.product.availability, one.product.gender) == ("in_stock", "male")
    assert (two.product.item_group_id, two.product.availability) == ("0a1b", "discontinued")


def test_shopware_5(tmp_path):
    text = (
        "mainnumber;ordernumber;name;price_EK;pseudoprice_EK;active;instock;imageUrl\n"
        "SW1;SW1.1;Kleid;19,99;24,99;1;25;a.jpg|b.jpg\n"
    )
    (row,) = read(tmp_path, "f.csv", text)
    assert (str(row.product.price), str(row.product.sale_price)) == ("24.99", "19.99")
    assert (row.product.id, row.product.item_group_id) == ("SW1.1", "SW1")
    assert (row.product.image_link, row.product.additional_image_link) == ("a.jpg", ("b.jpg",))


def test_titles_in_parts_in_googles_xml(tmp_path):
    text = (
        '<rss xmlns:g="http://base.google.com/ns/1.0"><channel><item><g:id>1</g:id>'
        "<g:structured_title><g:digital_source_type>default</g:digital_source_type>"
        "<g:content>Red dress</g:content></g:structured_title>"
        "<g:image_link>a.jpg</g:image_link></item></channel></rss>"
    )
    (row,) = read(tmp_path, "f.xml", text)
    assert row.product.title == "Red dress"


@pytest.mark.parametrize("column", ["Farbe", "Farbton", "Farbname", "Grundfarbe"])
def test_colors_have_several_names_in_german(column):
    assert recognised(["Artikelnr", "Bezeichnung", column])["color"] == column
