"""The same products in every format, and what is wrong with a row in its line."""

from __future__ import annotations

import bz2
import codecs
import gzip
import json
import lzma
import random
from decimal import Decimal
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from thatlook.core.errors import FeedError
from thatlook.core.records import Price
from thatlook.store.feed import (
    FeedMapping,
    FeedRow,
    Problem,
    estimated_rows,
    load_mapping,
    read_feed,
)

ROWS = [
    {
        "id": "1",
        "title": 'Red "evening" dress, long',
        "link": "https://shop.example/1?a=1&b=2",
        "image_link": "a.jpg",
        "price": "19.99 EUR",
        "product_type": "Clothing > Dresses",
        "gender": "female",
        "season": "Sommer für alle",
    },
    {
        "id": "2",
        "title": "Tee",
        "link": "",
        "image_link": "b.jpg",
        "price": "5 EUR",
        "product_type": "T-Shirts",
        "gender": "male",
        "season": "",
    },
]


@pytest.fixture
def folder(tmp_path):
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / name).write_bytes(b"x")
    return tmp_path


def table(rows, separator=","):
    def cell(text):
        return '"' + text.replace('"', '""') + '"' if set(text) & set('",;\t|\n') else text

    lines = [separator.join(rows[0])]
    lines += [separator.join(cell(text) for text in row.values()) for row in rows]
    return "\n".join(lines) + "\n"


def xml(rows, kind="rss"):
    def escaped(text):
        return text.replace("&", "&amp;").replace("<", "&lt;")

    item, space = ("item", "g:") if kind == "rss" else ("entry", "g:")
    body = "\n".join(
        f"<{item}>"
        + "".join(f"<{space}{k}>{escaped(v)}</{space}{k}>" for k, v in row.items() if v)
        + f"</{item}>"
        for row in rows
    )
    google = 'xmlns:g="http://base.google.com/ns/1.0"'
    if kind == "rss":
        start = f'<?xml version="1.0"?>\n<rss version="2.0" {google}><channel>'
        return f"{start}\n{body}\n</channel></rss>"
    return f'<feed xmlns="http://www.w3.org/2005/Atom" {google}>\n{body}\n</feed>'


def jsonlines(rows):
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def write(folder, name, text, encoding="utf-8"):
    path = folder / name
    data = text.encode(encoding) if isinstance(text, str) else text
    packed = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
    path.write_bytes(packed.get(path.suffix, bytes)(data))
    return path


def check(path, first_line):
    found = list(read_feed(path))
    assert all(isinstance(row, FeedRow) for row in found), found
    one, two = found
    assert (one.line, one.product.id, two.product.id) == (first_line, "1", "2")
    assert one.product.title == 'Red "evening" dress, long'
    assert (one.product.category, one.product.gender) == ("dress", "female")
    assert one.product.price == Price(Decimal("19.99"), "EUR")
    extra = {name.removeprefix("g:"): text for name, text in one.product.extra.items()}
    assert extra == {"season": "Sommer für alle"}
    assert one.images == (str(path.parent / "a.jpg"),)
    assert (two.product.category, two.product.gender, two.product.extra) == ("topwear", "male", {})


@pytest.mark.parametrize("suffix", ["", ".gz", ".bz2", ".xz"])
@pytest.mark.parametrize(
    ("name", "text", "first_line"),
    [
        ("f.csv", table(ROWS), 2),
        ("f.tsv", table(ROWS, "\t"), 2),
        ("f.csv", table(ROWS, ";"), 2),
        ("f.txt", table(ROWS, "|"), 2),
        ("f.jsonl", jsonlines(ROWS), 1),
        ("f", jsonlines(ROWS), 1),
        ("f.xml", xml(ROWS), 3),
        ("f.xml", xml(ROWS, "atom"), 2),
    ],
)
def test_every_format_gives_the_same(folder, name, text, first_line, suffix):
    check(write(folder, name + suffix, text), first_line)


def test_parquet(folder):
    pq.write_table(pa.Table.from_pylist(ROWS), folder / "f.parquet")
    check(folder / "f.parquet", 1)
    assert estimated_rows(folder / "f.parquet") == 2


def test_parquet_of_one_row_group_is_read_in_pieces(folder):
    rng = random.Random(0)
    texts = [rng.randbytes(1500).hex() for _ in range(9000)]
    rows = [{"id": str(n), "image": "a.jpg", "text": text} for n, text in enumerate(texts)]
    path = folder / "f.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path, use_dictionary=False, compression="none")
    before, found = pa.total_allocated_bytes(), read_feed(path)
    most = max(pa.total_allocated_bytes() - before for _ in islice(found, 8000))
    assert path.stat().st_size > 25_000_000
    assert most < 12_000_000
    mapped = Path("/proc/self/maps")  # pages of a mapped file would be the process's memory too
    assert not mapped.exists() or str(path) not in mapped.read_text()
    assert len(list(found)) == 1000


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "cp1252", "latin-1"])
@pytest.mark.parametrize(("name", "make"), [("f.csv", table), ("f.jsonl", jsonlines)])
def test_encodings_are_found(folder, encoding, name, make):
    text = make([row | {"season": "Sommer für alle"} for row in ROWS])
    data = text.encode(encoding)
    if encoding == "utf-16-be":
        data = codecs.BOM_UTF16_BE + data
    found = list(read_feed(write(folder, name, data)))
    assert [row.product.extra["season"] for row in found] == ["Sommer für alle"] * 2


def test_an_umlaut_after_a_long_stretch_of_ascii(folder):
    rows = [ROWS[1] | {"id": str(n)} for n in range(9000)] + [ROWS[0] | {"id": "last"}]
    found = list(read_feed(write(folder, "f.csv", table(rows).encode("latin-1"))))
    assert found[-1].product.extra == {"season": "Sommer für alle"}
    assert len(found) == 9001


def test_the_encoding_can_be_told(folder):
    path = write(folder, "f.csv", table([ROWS[1] | {"title": "Červené šaty"}]).encode("cp1250"))
    (row,) = read_feed(path, FeedMapping(encoding="cp1250"))
    assert row.product.title == "Červené šaty"
    with pytest.raises(FeedError, match="unknown encoding"):
        FeedMapping(encoding="klingon")


def test_bad_rows_are_told_by_line_and_do_not_stop(folder):
    text = (
        "id,title,image_link,price\n"
        "1,One,a.jpg,1 EUR\n"
        "2,too,many,cells,here\n"
        "\n"
        '3,"a title\nin two lines",a.jpg,3 EUR\n'
        ",no id,a.jpg,1\n"
        "4,bad price,a.jpg,call us\n"
        "5,no such picture,c.jpg,\n"
        f"{'6' * 256},long id,a.jpg,\n"
        "7,few\n"
        "8,Eight,b.jpg,\n"
    )
    found = list(read_feed(write(folder, "f.csv", text)))
    good = [(row.line, row.product.id) for row in found if isinstance(row, FeedRow)]
    assert good == [(2, "1"), (5, "3"), (8, "4"), (12, "8")]
    bad = {p.line: (p.product_id, p.message) for p in found if isinstance(p, Problem)}
    assert sorted(bad) == [3, 7, 8, 9, 10, 11]
    assert [p.line for p in found if isinstance(p, Problem) and p.kept] == [8]
    assert bad[3] == ("", "expected 4 cells as in the header, got 5")
    assert bad[7] == ("", "the row has no id")
    wanted = "expected a price such as '19.99 EUR', got 'call us'"
    assert bad[8] == ("4", f"price: {wanted}; left out")
    assert bad[9][0] == "5"
    assert "'c.jpg' is not inside" in bad[9][1]
    assert "longer than 255 bytes" in bad[10][1]


def test_a_quote_left_open_costs_one_row(folder):
    rows = "".join(f"{n},T{n},a.jpg\n" for n in range(3, 9000))
    text = f'id,title,image_link\n1,One,a.jpg\n2,"Two,a.jpg\n{rows}'
    found = list(read_feed(write(folder, "f.csv", text)))
    assert [row.line for row in found] == list(range(2, 9001))
    (bad,) = [row for row in found if isinstance(row, Problem)]
    assert (bad.line, bad.message.partition(":")[0]) == (3, "not readable as CSV")


@pytest.mark.parametrize(
    ("rows", "good", "bad"),
    [
        ('1,"One,a.jpg\n2,"Two",a.jpg\n3,Three,a.jpg\n', [3, 4], [2]),
        ('1,"One,a.jpg\n2,Two"a.jpg\n3,Three,a.jpg\n', [4], [2, 3]),
        ('1,One,a.jpg\n2,"Two,a.jpg\n', [2], [3]),
        ('1,"One\nin two",a.jpg,more,more\n2,Two,a.jpg\n', [4], [2]),
        ('1,"One, 5" wide",a.jpg\n2,Two,a.jpg\n', [2, 3], []),
        ('1,One 5" wide,a.jpg\n2,"5 """,a.jpg\n', [2, 3], []),
    ],
)
def test_quotes_that_go_wrong_cost_as_little_as_can_be(folder, rows, good, bad):
    found = list(read_feed(write(folder, "f.csv", "id,title,image_link\n" + rows)))
    assert [row.line for row in found if isinstance(row, FeedRow)] == good
    assert [row.line for row in found if isinstance(row, Problem)] == bad


@pytest.mark.parametrize("before", ["\n\n", "sep=;\r\n", "sep=;\n\n"])
def test_what_stands_before_the_header(folder, before):
    text = before + table(ROWS, ";")
    check(write(folder, "f.csv", text), 2 + before.count("\n"))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_wide_text_without_its_mark(folder, encoding):
    check(write(folder, "f.csv", table(ROWS), encoding), 2)


def test_a_packed_feed_that_breaks_off_delivers_what_came_before(folder):
    text = "id,image\n" + "".join(f"{n},a.jpg\n" for n in range(9000))
    path = folder / "f.csv.gz"
    path.write_bytes(gzip.compress(text.encode())[:-100])
    rows = read_feed(path)
    assert [next(rows).product.id for _ in range(5000)] == [str(n) for n in range(5000)]
    with pytest.raises(FeedError, match="ended before"):
        list(rows)


def test_prices_that_cannot_be_read_cost_only_themselves(folder):
    text = (
        '{"id": 1, "image": "a.jpg", "price": NaN, "sale_price": NaN}\n'
        '{"id": 2, "image": "a.jpg", "price": "9 EUR", "sale_price": "soon"}\n'
        '{"id": 3, "image": "a.jpg", "price": "-5", "sale_price": "4 EUR"}\n'
        '{"id": 4, "image": "a.jpg", "price": null}\n'
    )
    found = list(read_feed(write(folder, "f.jsonl", text)))
    four = Price(Decimal(4), "EUR")
    rows = [row for row in found if isinstance(row, FeedRow)]
    assert [(row.product.price, row.product.sale_price) for row in rows] == [
        (None, None),
        (Price(Decimal(9), "EUR"), None),
        (None, four),
        (None, None),
    ]
    bad = [row for row in found if isinstance(row, Problem)]
    assert [(p.line, p.product_id, p.message.partition(":")[0]) for p in bad] == [
        (1, "1", "price"),
        (2, "2", "sale_price"),
        (3, "3", "price"),
    ]
    assert all(p.kept for p in bad)


def test_bytes_that_are_no_text_cost_their_row(folder):
    data = table(ROWS).encode() + b"3,bad \xff\xfe,,a.jpg,,,,\xc3\xa9\n"
    found = list(read_feed(write(folder, "f.csv", data)))
    assert [type(row) for row in found[-1:]] in ([Problem], [FeedRow])
    assert [row.product.id for row in found[:2]] == ["1", "2"]


def test_bad_lines_of_json(folder):
    text = '{"id": 1, "image": "a.jpg"}\nnot json\n[1]\n\n{"id": 2.0, "image": "b.jpg"}\n'
    one, two, three, four = read_feed(write(folder, "f.jsonl", text))
    assert (one.product.id, four.product.id, four.line) == ("1", "2", 5)
    assert (two.line, three.line) == (2, 3)
    assert "not JSON" in two.message
    assert three.message == "expected a JSON object, got list"


def test_an_overlong_line_of_json(folder, monkeypatch):
    monkeypatch.setattr("thatlook.store.feed.jsonlines.MAX_LINE", 100)
    text = (
        '{"id": "1", "image": "a.jpg"}\n{"x": "' + "y" * 500 + '"}\n{"id": "2", "image": "b.jpg"}\n'
    )
    one, two, three = read_feed(write(folder, "f.jsonl", text))
    assert (one.product.id, two.line, three.line, three.product.id) == ("1", 2, 3, "2")
    assert "longer than 100" in two.message


def test_values_of_json(folder):
    row = {
        "offerId": "sku-1",
        "price": {"value": "12.50", "currency": "EUR"},
        "salePrice": 9.5,
        "imageLink": "a.jpg",
        "additionalImageLinks": ["b.jpg", "a.jpg"],
        "sizes": ["S", "M"],
        "shipping": {"country": "DE"},
        "new": True,
        "nothing": None,
    }
    (found,) = read_feed(write(folder, "f.jsonl", json.dumps(row)))
    assert found.product.price == Price(Decimal("12.50"), "EUR")
    assert found.product.sale_price == Price(Decimal("9.5"), "EUR")
    assert found.images == (str(folder / "a.jpg"), str(folder / "b.jpg"))
    assert found.product.extra == {"sizes": "S, M", "shipping": '{"country": "DE"}', "new": "true"}


def test_google_names_win_and_nested_elements_do_not_disturb(folder):
    text = """<rss xmlns:g="http://base.google.com/ns/1.0"><channel><title>Shop</title>
      <item><title>plain</title><g:title>google</g:title><g:id>1</g:id>
        <g:image_link>a.jpg</g:image_link>
        <g:additional_image_link>b.jpg</g:additional_image_link>
        <g:additional_image_link>c.jpg</g:additional_image_link>
        <g:price>10 EUR</g:price>
        <g:shipping><g:country>DE</g:country><g:price>4 EUR</g:price></g:shipping>
        <description><![CDATA[<b>bold</b>]]></description></item></channel></rss>"""
    (row,) = read_feed(write(folder, "f.xml", text))
    product = row.product
    assert (product.title, product.description, row.line) == ("google", "<b>bold</b>", 2)
    assert product.price == Price(Decimal(10), "EUR")
    assert product.additional_image_link == ("b.jpg", "c.jpg")
    assert product.extra["g:shipping.g:price"] == "4 EUR"


def test_atom_links_are_attributes(folder):
    text = """<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id>
      <link rel="self" href="https://no"/><link href="https://shop.example/1"/>
      <image_link>a.jpg</image_link></entry></feed>"""
    (row,) = read_feed(write(folder, "f.xml", text))
    assert row.product.link == "https://shop.example/1"


BOMB = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>
<rss><channel><item><id>&b;</id></item></channel></rss>"""
OUTSIDE = """<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>
<rss><channel><item><id>&a;</id></item></channel></rss>"""
OUTSIDE_DTD = """<?xml version="1.0"?><!DOCTYPE x SYSTEM "http://evil.example/x.dtd">
<rss><channel><item><id>1</id></item></channel></rss>"""


@pytest.mark.parametrize("text", [BOMB, OUTSIDE, OUTSIDE_DTD])
def test_entities_are_refused(folder, text):
    with pytest.raises(FeedError, match=r"declares entities|not readable"):
        list(read_feed(write(folder, "f.xml", text)))


def test_a_feed_cut_off_delivers_what_came_before(folder):
    text = xml(ROWS)[:-60]
    rows = read_feed(write(folder, "f.xml", text))
    assert next(rows).product.id == "1"
    with pytest.raises(FeedError, match=r"line \d+: not well-formed"):
        list(rows)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("f.csv", b"", "header"),
        ("f.csv", b"only one column\n1\n", "header"),
        ("f.csv", b"id,title,id\n1,2,3\n", "twice"),
        ("f", b"", "empty"),
        ("f", b'[{"id": 1}]', "one object per line"),
        ("f.parquet", b"PAR1 but no", "as Parquet"),
        ("f.parquet.gz", b"", "unpack it first"),
        ("f.xml", b"<rss><channel></channel></rss>", "found none"),
        ("f.xml", b"\x00\x01", "not well-formed"),
    ],
)
def test_feeds_that_cannot_be_read(folder, name, data, message):
    with pytest.raises(FeedError, match=message):
        list(read_feed(write(folder, name, data)))


def test_a_packed_feed_that_is_damaged(folder):
    path = folder / "f.csv.gz"
    path.write_bytes(gzip.compress(table(ROWS).encode())[:40])
    with pytest.raises(FeedError, match="cannot be read"):
        list(read_feed(path))


def test_a_missing_feed(tmp_path):
    with pytest.raises(FeedError, match="no such feed"):
        read_feed(tmp_path / "none.csv")
    (tmp_path / "f.csv").write_text("id,image\n")
    with pytest.raises(FeedError, match="folder of images is not there"):
        read_feed(tmp_path / "f.csv", images=tmp_path / "none")


def test_a_folder_of_images(tmp_path):
    for name in (
        "women/dresses/12.jpg",
        "men/shirts/x y.PNG",
        "7.webp",
        "notes.txt",
        ".hidden.jpg",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    rows = {row.product.id: row for row in read_feed(tmp_path)}
    assert sorted(rows) == ["12", "7", "x y"]
    kinds = {i: (row.product.category, row.product.gender) for i, row in rows.items()}
    assert kinds == {
        "12": ("dress", "female"),
        "x y": ("topwear", "male"),
        "7": ("other", "unisex"),
    }
    assert rows["12"].images == (str(tmp_path / "women" / "dresses" / "12.jpg"),)
    assert estimated_rows(tmp_path) == 3


def test_estimates(folder):
    assert estimated_rows(write(folder, "f.csv", table(ROWS))) == 2
    assert estimated_rows(write(folder, "f.csv", table(ROWS).rstrip())) == 2
    assert estimated_rows(write(folder, "f.csv", "")) == 0
    assert estimated_rows(write(folder, "f.jsonl", jsonlines(ROWS))) == 2
    assert estimated_rows(write(folder, "f.xml", xml(ROWS))) == 2
    for suffix in (".gz", ".bz2", ".xz"):
        assert estimated_rows(write(folder, f"f.csv{suffix}", table(ROWS))) == 2


@pytest.mark.parametrize("suffix", ["", ".gz", ".bz2", ".xz"])
def test_large_feeds_are_estimated_by_their_beginning(folder, monkeypatch, suffix):
    monkeypatch.setattr("thatlook.store.feed.reader.COUNTED_BYTES", 2_000_000)
    rng = random.Random(0)
    lines = [f'{{"id": "{n}", "title": "{rng.randbytes(50).hex()}"}}\n' for n in range(50_000)]
    path = write(folder, f"f.jsonl{suffix}", "".join(lines))
    assert 0.6 * 50_000 < estimated_rows(path) < 1.2 * 50_000
    if suffix:
        path.write_bytes(path.read_bytes()[:-1000])  # broken off: reading it will tell
        assert 0.6 * 50_000 < estimated_rows(path) < 1.2 * 50_000


def test_a_shop_with_its_own_words(folder):
    (folder / "shop.toml").write_text(
        '[fields]\ntitle = "Bezeichnung"\nproduct_type = "Warengruppe"\n'
        '[categories]\n"Oberteile" = "topwear"\n[genders]\nDamen = "female"\n'
        '[defaults]\ncurrency = "EUR"\nbrand = "Haus"\n'
    )
    text = "id;Bezeichnung;Warengruppe;sex;image;price\n1;Bluse;OBERTEILE;damen;a.jpg;1.299,00\n"
    mapping = load_mapping(folder / "shop.toml")
    (row,) = read_feed(write(folder, "f.csv", text), mapping)
    product = row.product
    assert (product.title, product.category, product.gender) == ("Bluse", "topwear", "female")
    assert (product.price, product.brand) == (Price(Decimal("1299.00"), "EUR"), "Haus")


def test_a_mapping_that_does_not_fit_stops_at_once(folder):
    path = write(folder, "f.csv", table(ROWS))
    with pytest.raises(FeedError, match="no column 'Name' for title; the feed has id, title"):
        list(read_feed(path, FeedMapping(fields={"title": "Name"})))
    with pytest.raises(FeedError, match="unknown field 'name'"):
        FeedMapping(fields={"name": "title"})
    with pytest.raises(FeedError, match="unknown category 'tops'"):
        FeedMapping(categories={"x": "tops"})


@pytest.mark.parametrize("text", ["nonsense", "[unknown]\na = 'b'", "[fields]\ntitle = 1", "x = 1"])
def test_mapping_files_that_cannot_be(tmp_path, text):
    (tmp_path / "m.toml").write_text(text)
    with pytest.raises(FeedError, match=r"m\.toml"):
        load_mapping(tmp_path / "m.toml")


def test_mapping_from_the_command_line():
    mapping = FeedMapping().with_fields(["title=Name", "id = SKU"])
    assert mapping.fields == {"title": "Name", "id": "SKU"}
    with pytest.raises(FeedError, match="FIELD=COLUMN"):
        mapping.with_fields(["title"])


def test_images_stay_inside_their_folders(folder, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "secret.jpg"
    outside.write_bytes(b"x")
    links = [
        str(outside),
        f"../{outside.parent.name}/secret.jpg",
        "file:///etc/passwd",
        str(folder / "a.jpg"),
    ]
    text = "id,image\n" + "".join(f"{n},{link}\n" for n, link in enumerate(links))
    found = list(read_feed(write(folder, "f.csv", text)))
    assert [isinstance(row, Problem) for row in found] == [True, True, True, False]


def test_images_by_id(folder, tmp_path):
    images = tmp_path / "images"
    images.mkdir()
    (images / "17.png").write_bytes(b"x")
    path = write(folder, "f.csv", "id,title\n17,One\n18,Two\n../17,Three\n")
    one, two, three = read_feed(path, images=images)
    assert (one.images, one.product.image_link) == ((str(images / "17.png"),), "17.png")
    assert "no file of this name" in two.message
    assert isinstance(three, Problem)
    assert "no --images folder" in next(read_feed(path)).message


@pytest.mark.data
def test_the_real_shop_needs_only_its_images(data):
    folder = data / "catalog"
    found = list(read_feed(folder / "styles.csv", images=folder / "images"))
    assert [row for row in found if isinstance(row, Problem)] == []
    assert len(found) == 8429
    first = found[0].product
    assert (first.id, first.category, first.gender) == ("10000", "bottomwear", "female")
    assert (first.color, first.product_type, first.brand) == ("White", "Skirts", "")
    assert first.title == "Palm Tree Girls Sp Jace Sko White Skirts"
    assert sum(row.product.age_group == "kids" for row in found) > 20


ITEM = "<item><g:id>{0}</g:id><g:title>{1}</g:title><g:image_link>a.jpg</g:image_link></item>\n"
RSS = "<rss><channel><title>A &amp; B</title>\n{0}</channel></rss>"


def items(*titles):
    return RSS.format("".join(ITEM.format(n, title) for n, title in enumerate(titles, 1)))


def told(rows):
    """Titles of products by line, and of problems whether the product was kept."""
    return [(row.line, row.product.title if isinstance(row, FeedRow) else row.kept) for row in rows]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-8-sig"])
@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Shirt &ndash; blue", "Shirt – blue"),
        ("H&M", "H&M"),
        ("a&nosuch;b", "a&nosuch;b"),
        ("a\x0bb", "a b"),
        ("a&#11;b", "a b"),
        ("a&#xFFFFFFF;b", "a b"),
        ("<![CDATA[a\x01b]]>", "a b"),
    ],
)
def test_what_xml_does_not_allow_is_mended_and_told(folder, written, read, encoding):
    path = write(folder, "f.xml", items("One", written, "Three"), encoding)
    assert told(read_feed(path)) == [(2, "One"), (3, True), (3, read), (4, "Three")]


def test_what_xml_allows_is_not_told(folder):
    text = items("a &amp; &lt;b&gt; &#8211; &#x2013;", "<![CDATA[R & B &ndash;]]>", "<!-- & -->x")
    rows = told(read_feed(write(folder, "f.xml", text)))
    assert rows == [(2, "a & <b> – –"), (3, "R & B –"), (4, "x")]


@pytest.mark.parametrize("broken", ["a < b", "<b>", "</g:id>", "a<![CDATA[b]]", "<a b=c>x</a>"])
def test_a_broken_item_costs_itself(folder, broken):
    found = told(read_feed(write(folder, "f.xml", items("One", broken, "Three", "Four"))))
    assert found == [(2, "One"), (3, False), (4, "Three"), (5, "Four")] or "CDATA" in broken
    assert found[0] == (2, "One")


@pytest.mark.parametrize("line", ["<item><g:id>9</g:id>", "<item><g:id>9</g:id><g:title>x"])
def test_an_item_without_end_costs_itself(folder, line):
    text = RSS.format(f"{ITEM.format(1, 'One')}{line}\n{ITEM.format(2, 'Two')}")
    assert told(read_feed(write(folder, "f.xml", text))) == [(2, "One"), (3, False), (4, "Two")]


def test_bytes_that_are_no_text_cost_their_item(folder):
    data = items("One", "b\udce9s", "Three").encode("utf-8", "surrogateescape")
    found = list(read_feed(write(folder, "f.xml", data)))
    assert told(found) == [(2, "One"), (3, False), (4, "Three")]
    assert found[1].message == "holds bytes that are not text in the feed's encoding (0xe9)"
    declared = b'<?xml version="1.0" encoding="iso-8859-1"?>' + data
    assert told(read_feed(write(folder, "g.xml", declared)))[1] == (3, "bés")


@pytest.mark.parametrize(
    ("space", "prefix"),
    [
        ('xmlns:g="http://base.google.com/ns/1.0"', "g:"),
        ('xmlns:x="http://base.google.com/ns/1.0"', "x:"),
        ('xmlns:g="https://base.google.com/ns/1.0/"', "g:"),
        ('xmlns="http://base.google.com/ns/1.0"', ""),
        ("", "g:"),
    ],
)
def test_googles_names_by_any_prefix(folder, space, prefix):
    item = ITEM.format(1, "One").replace("g:", prefix)
    text = f"<rss {space}><channel>{item}</channel></rss>"
    (row,) = read_feed(write(folder, "f.xml", text))
    assert (row.product.id, row.product.title, row.product.extra) == ("1", "One", {})


def test_an_item_as_long_as_many_pieces(folder):
    text = items("One", "<![CDATA[" + "x & y\n" * 40_000 + "]]>", "a &ndash; b")
    _, long, note, three = read_feed(write(folder, "f.xml", text))
    assert (len(long.product.title), long.line) == (239_999, 3)
    assert (note.line, three.line, three.product.title) == (40_004, 40_004, "a – b")


def test_names_of_files_with_percent_signs(folder):
    (folder / "a b.jpg").write_bytes(b"x")
    (folder / "50%25.jpg").write_bytes(b"x")
    (folder / "in").mkdir()
    (folder / "in" / "c.jpg").write_bytes(b"x")
    text = "id,image\n1,a%20b.jpg\n2,50%25.jpg\n3,in\\c.jpg\n4,%2e%2e/secret.jpg\n"
    (folder.parent / "secret.jpg").write_bytes(b"x")
    rows = list(read_feed(write(folder, "f.csv", text)))
    assert [Path(row.images[0]).name for row in rows[:3]] == ["a b.jpg", "50%25.jpg", "c.jpg"]
    assert isinstance(rows[3], Problem)


def test_links_out_of_the_folder_are_not_followed(folder, tmp_path_factory):
    secret = tmp_path_factory.mktemp("other") / "secret.jpg"
    secret.write_bytes(b"x")
    (folder / "out.jpg").symlink_to(secret)
    (folder / "in.jpg").symlink_to(folder / "a.jpg")
    (folder / "away").symlink_to(secret.parent)
    text = "id,image\n1,out.jpg\n2,in.jpg\n3,away/secret.jpg\n"
    one, two, three = read_feed(write(folder, "f.csv", text))
    assert isinstance(one, Problem)
    assert isinstance(three, Problem)
    assert two.product.id == "2"
    linked = folder.parent / f"{folder.name}-linked"
    linked.symlink_to(folder)
    assert [row.product.id for row in read_feed(linked / "f.csv") if isinstance(row, FeedRow)] == [
        "2"
    ]


def test_a_line_that_is_too_long_costs_itself_and_no_line_number(folder):
    text = "id,title,image_link\n1,{},a.jpg\n2,two,a.jpg\n"
    problem, two = read_feed(write(folder, "f.csv", text.format("x" * 2_500_000)))
    assert (problem.line, problem.kept) == (2, False)
    assert "longer than 1000000 characters" in problem.message
    assert (two.line, two.product.title) == (3, "two")


def test_damaged_bytes_do_not_make_utf8_another_encoding(folder):
    text = "id,title,image_link\n1,Größe,a.jpg\n2,BAD,a.jpg\n3,été,a.jpg\n"
    content = text.encode().replace(b"BAD", b"\xff\xfe\xc3")
    (folder / "f.csv").write_bytes(content)
    one, problem, three = read_feed(folder / "f.csv")
    assert (one.product.title, problem.line, three.product.title) == ("Größe", 3, "été")
    assert "not text in the feed's encoding" in problem.message


def test_numbers_of_32_bits_are_the_decimals_that_they_mean(folder):
    prices = pa.array([19.99, None, 129900.24], pa.float32())
    columns = {"id": ["1", "2", "3"], "image_link": ["a.jpg"] * 3, "price": prices}
    pq.write_table(pa.table(columns), folder / "f.parquet")
    found = [str(row.product.price) for row in read_feed(folder / "f.parquet")]
    assert found == ["19.99", "None", "129900.24"]


def test_rows_of_endless_columns_and_values_cost_themselves(folder):
    many = {"id": "1", "image": [f"{n}.jpg" for n in range(1001)]}
    wide = {"id": "2"} | {f"c{n}": 1 for n in range(5000)}
    sound = {"id": "3", "image_link": "a.jpg"}
    text = "".join(f"{json.dumps(row)}\n" for row in (many, wide, sound))
    first, second, third = read_feed(write(folder, "f.jsonl", text))
    assert str(first) == "line 1: 'image' has more than 1000 values"
    assert str(second) == "line 2: has 5001 columns, at most 5000 are read"
    assert third.product.id == "3"


def test_a_feed_without_a_column_for_the_id_says_which_there_are(folder):
    (found,) = read_feed(write(folder, "f.csv", "kennung;bild\nA1;a.jpg\n"))
    assert found.message == (
        "none of its columns is known as the id (kennung, bild); name it with --map id=COLUMN, "
        "and others such as title, image_link and price likewise"
    )
    mapped = FeedMapping(fields={"id": "kennung", "image_link": "bild"})
    (row,) = read_feed(folder / "f.csv", mapped)
    assert row.product.id == "A1"
