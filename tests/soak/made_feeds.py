"""Feeds made of a number alone, with what must be read of each row; for `tests.soak.feeds`."""

from __future__ import annotations

import bz2
import csv
import gzip
import html
import io
import json
import lzma
import random
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import escape

Money = tuple[Decimal, str]


@dataclass(frozen=True, slots=True)
class Locale:
    """How prices are written somewhere: `forms` hold one with the amount as {}."""

    currency: str
    group: str
    mark: str
    decimals: int
    forms: tuple[str, ...]
    shared_sign: bool = False
    """Whether the sign is read as another currency's, or as none, without a column that says it."""


LOCALES: Final = tuple(
    Locale(currency, group, mark, decimals, tuple(forms.split("|")), bool(shared))
    for currency, group, mark, decimals, forms, shared in (
        ("USD", ",", ".", 2, "${}|US${}|$ {}", 0), ("GBP", ",", ".", 2, "£{}", 0),
        ("EUR", ".", ",", 2, "{} €|€{}|{}\u00a0€", 0), ("EUR", "\u202f", ",", 2, "{}\u00a0€", 0),
        ("EUR", "", ",", 2, "{}€|€ {}", 0), ("EUR", ",", ".", 2, "€{}", 0),
        ("CHF", "'", ".", 2, "CHF {}|Fr. {}", 0),
        ("CHF", "’", ".", 2, "{} CHF", 0), ("CAD", "\u00a0", ",", 2, "{} $", 1),
        ("BRL", ".", ",", 2, "R$ {}|R$\u00a0{}", 0), ("PLN", " ", ",", 2, "{} zł", 0),
        ("CZK", " ", ",", 2, "{} Kč", 0), ("SEK", "\u00a0", ",", 2, "{} kr", 1),
        ("DKK", ".", ",", 2, "{} kr.", 1), ("NOK", " ", ",", 2, "kr {}", 1),
        ("HUF", " ", ",", 0, "{} Ft", 0), ("JPY", ",", ".", 0, "¥{}|{}円|￥{}", 0),
        ("CNY", ",", ".", 2, "¥{}", 1), ("KRW", ",", ".", 0, "₩{}|{}원", 0),
        ("INR", "indian", ".", 2, "₹{}|Rs. {}|₹ {}", 0), ("TRY", ".", ",", 2, "₺{}|{} TL", 0),
        ("RUB", "\u00a0", ",", 2, "{} ₽|{} руб.", 0), ("UAH", " ", ",", 2, "{} грн", 0),
        ("KWD", ",", ".", 3, "KWD {}", 0), ("TND", " ", ",", 3, "{} TND", 0),
        ("VND", ".", ",", 0, "{} ₫|{}\u00a0₫", 0), ("IDR", ".", ",", 0, "Rp {}|Rp{}", 0),
        ("ILS", ",", ".", 2, "{} ₪|\u200f{} ₪", 0), ("EGP", "٬", "٫", 2, "{} EGP", 0),
        ("RON", ".", ",", 2, "{} lei", 0), ("MXN", ",", ".", 2, "MX${}|${}", 1),
    )
)  # fmt: skip
NO_PRICES: Final = (
    "call us", "nan", "-5 EUR", "12 EUR / 14 USD", "10-20 EUR", "1e5", "5 beads", "0.00", "12,34,5",
    "1.2.3 EUR", "€", "9" * 40, "12 EUR 13", "5 %",
)  # fmt: skip
PERIODS: Final[tuple[tuple[str, bool | None], ...]] = (
    ("2020-01-01T00:00+0000/2020-02-01T23:59+0000", False), ("2020-01-01/2099-01-01", True),
    ("2020-01-01T13:00-0800/2099-12-31T15:30-0800", True), ("2098-01-01/2099-01-01", False),
    ("2020-01-01T00:00:00Z / 2099-01-01T00:00:00Z", True), ("01.02.2020/31.12.2099", True),
    ("1.2.2020 - 28.2.2020", False), ("", True), ("0000-00-00", True), ("soon", None),
    ("2099-01-01/2020-01-01", None), ("2020-13-45/2099-01-01", None), ("01/02/2020", None),
)  # fmt: skip
"""Periods of sales, and whether now is in one; None for those that cannot be read."""
GENDERS: Final = (
    ("female", "female"), ("Damen", "female"), ("W", "female"), ("femme", "female"),
    ("male", "male"), ("Herren", "male"), ("Uomo", "male"), ("jongens", "male"),
    ("Mixte", "unisex"),
)  # fmt: skip
AVAILABILITIES: Final = (
    ("in stock", "in_stock"), ("https://schema.org/InStock", "in_stock"), ("InStock", "in_stock"),
    ("1", "in_stock"), ("out of stock", "out_of_stock"), ("ausverkauft", "out_of_stock"),
    ("en stock", "in_stock"), ("Rupture de stock", "out_of_stock"), ("preorder", "preorder"),
    ("http://schema.org/SoldOut", "sold_out"), ("", ""),
)  # fmt: skip
TITLES: Final = (
    "Red shirt", "Robe d'été & lin", "Größe \"L\", weiß", "Tops; blue | green", "A < B > C", "H&M",
    "Tab\tand space", "Two\nlines", "&copy=1", "Pull 50% <b>laine</b>", "'quoted'", "=SUM(A1)",
)  # fmt: skip
WIDE_TITLES: Final = ("赤いシャツ", "Красная рубашка", "قميص أحمر", "Shirt 👗", "e\u0301te\u0301")
NAMES: Final = (
    "id,title,price,sale_price,sale_price_effective_date,gender,availability,image_link,brand,currency",
    "Artikelnummer,Titel,Preis,Sonderpreis,Sonderangebotszeitraum,Geschlecht,Verfügbarkeit,Bildlink,Marke,Währung",
    "Identifiant,Titre,Prix,Prix soldé,Période de validité du prix soldé,Genre,Disponibilité,Lien image,Marque,Devise",  # noqa: E501
    "ID,Product Name,Regular Price,Special_Price,salePriceEffectiveDate,sex,Availability,imageUrl,Brand,Currency Code",  # noqa: E501
)
FIELDS: Final = NAMES[0].split(",")


@dataclass(slots=True)
class Row:
    """What a row says, and what must be read of it.

    `doubtful` prices may be told instead; what is `wrong` in it must be told. A `broken` row may
    be told as a whole; so may one `beside` a broken one.
    """

    id: str
    cells: dict[str, Any]
    title: str
    gender: str
    availability: str
    brand: str
    price: Money | None = None
    sale: Money | None = None
    sale_alone: Money | None = None
    """The sale price where the price cannot be read."""
    doubtful: bool = False
    wrong: bool = False
    broken: bool = False
    beside: bool = False
    first_line: int = 0
    last_line: int = 0


@dataclass(slots=True)
class Made:
    """A feed: its file's name and content; `known` is whether its encoding can be told for sure."""

    name: str
    content: bytes
    rows: list[Row]
    kind: str
    encoding: str = ""
    known: bool = True
    cut: bool = False
    """Whether the end of the file is missing: that must be told."""
    traits: list[str] = field(default_factory=list)


def made(number: int) -> Made:
    """The feed of this number."""
    dice = random.Random(number)
    kind = dice.choice(("csv", "csv", "jsonl", "xml", "xml", "parquet"))
    column = dice.random() < 0.4
    wide = kind in {"jsonl", "parquet"} or dice.random() < 0.5
    place = _place(dice) if dice.random() < 0.6 else None
    rows = [_row(dice, column, wide, place) for _ in range(dice.choice((1, 3, 8, 20, 50)))]
    if len(rows) > 2 and dice.random() < 0.2:
        rows[-1].cells["id"], rows[-1].id = rows[0].cells["id"], rows[0].id
    for row in rows:
        if not column:
            del row.cells["currency"]
    build = {"csv": _csv, "jsonl": _jsonl, "xml": _xml, "parquet": _parquet}[kind]
    feed: Made = build(dice, rows, wide)
    return _packed(dice, feed) if kind != "parquet" else feed


def _place(dice: random.Random) -> Locale:
    """Where a feed of one country is from; some write no decimals, or as many as were computed."""
    place = dice.choice(LOCALES)
    more = 3 if place.decimals else 0
    return replace(place, decimals=dice.choice((place.decimals, place.decimals, 0, more)))


def _row(dice: random.Random, column: bool, wide: bool, place: Locale | None) -> Row:
    title = dice.choice((*TITLES, *(WIDE_TITLES if wide else ())))
    brand = dice.choice(("Acme", "D&G", "Lévi", ""))
    gender, meant_gender = dice.choice(GENDERS)
    available, meant_available = dice.choice(AVAILABILITIES)
    product_id = dice.choice(("{}", "SKU-{}", "a/b {}", "00{}")).format(
        dice.randrange(10**6, 10**7)
    )
    cells = dict.fromkeys(FIELDS, "")
    row = Row(product_id, cells, title, meant_gender, meant_available, brand)
    cells |= {"id": product_id, "title": _escaped(dice, title), "brand": _escaped(dice, brand)}
    cells |= {"gender": gender, "availability": available}
    cells["image_link"] = f"https://shop.example/{dice.randrange(100)}.jpg?a=1&b=2"
    _money(dice, row, column, place or dice.choice(LOCALES))
    return row


def _escaped(dice: random.Random, text: str) -> str:
    """As shops escape it for HTML: not, once, twice, or letter by letter."""
    once = html.escape(text)
    named = text.replace("&", "&amp;").replace("é", "&eacute;").replace("ß", "&#223;")
    return dice.choice((text, text, once, html.escape(once), named))


def _money(dice: random.Random, row: Row, column: bool, place: Locale) -> None:
    row.cells["currency"] = dice.choice((place.currency, place.currency.lower()))
    if dice.random() < 0.08:
        row.cells["price"], row.wrong = dice.choice(NO_PRICES), True
        if row.cells["price"] == "12,34,5" or column:
            row.cells["price"] = "call us"
        return
    amount = Decimal(dice.choice((5, 49, 299, 1299, 12999, 129900, 1299000)))
    amount += Decimal(dice.randrange(10**place.decimals)).scaleb(-place.decimals)
    row.price = (amount, place.currency)
    row.cells["price"], row.doubtful = _written(dice, amount, place, column)
    if dice.random() < 0.5:
        _sale(dice, row, place, column)


def _sale(dice: random.Random, row: Row, place: Locale, column: bool) -> None:
    assert row.price is not None
    share = dice.choice((Decimal("0.5"), Decimal("0.9"), Decimal(1), Decimal(2)))
    amount = (row.price[0] * share).quantize(Decimal(1).scaleb(-place.decimals))
    row.cells["sale_price"], doubtful = _written(dice, amount, place, column)
    row.cells["sale_price_effective_date"], running = dice.choice(PERIODS)
    row.doubtful = row.doubtful or doubtful
    row.sale_alone = (amount, place.currency) if running else None
    row.sale = row.sale_alone if amount < row.price[0] else None
    row.wrong = amount > row.price[0] or (running is None and amount < row.price[0])
    row.wrong = row.wrong and not row.doubtful


def _written(dice: random.Random, amount: Decimal, place: Locale, column: bool) -> tuple[str, bool]:
    """An amount as it is written there, and whether it can be read in two ways."""
    number = _number(amount, place, grouped=dice.random() < 0.7)
    doubtful = bool(re.fullmatch(r"\d{1,3}[.,٫٬]\d{3}", number))
    if column and dice.random() < 0.4:
        return number, doubtful
    forms = ("{} " + place.currency, place.currency + " {}")
    if column or not place.shared_sign:
        forms += place.forms
    return dice.choice(forms).format(number), doubtful


def _number(amount: Decimal, place: Locale, *, grouped: bool) -> str:
    whole, _, decimals = f"{amount:.{place.decimals}f}".partition(".")
    if grouped and place.group == "indian":
        whole = re.sub(r"(?<=\d)(?=(\d\d)+\d{3}$)|(?<=\d)(?=\d{3}$)", ",", whole)
    elif grouped and place.group:
        whole = re.sub(r"(?<=\d)(?=(\d{3})+$)", place.group, whole)
    text = f"{whole}{place.mark}{decimals}" if decimals else whole
    arabic = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
    return text.translate(arabic) if place.mark == "٫" else text


def _encodings(wide: bool) -> tuple[str, ...]:
    return ("utf-8", "utf-8-sig", "utf-16", *(() if wide else ("cp1252",)))


def _fits(rows: list[Row], encoding: str) -> bool:
    try:
        for row in rows:
            "".join(row.cells.values()).encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _csv(dice: random.Random, rows: list[Row], wide: bool) -> Made:
    names = dice.choice(NAMES).split(",")
    separator = dice.choice((",", ";", "\t", "|"))
    quoting = dice.choice((csv.QUOTE_MINIMAL, csv.QUOTE_ALL))
    ends = dice.choice(("\n", "\r\n"))
    columns = [n for n, f in zip(names, FIELDS, strict=True) if f in rows[0].cells]
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, quoting=quoting, lineterminator=ends)
    writer.writerow(columns)
    damage = dice.choice((None, None, "short", "quote", "bytes", "id", "huge"))
    broken = dice.randrange(len(rows))
    for place, row in enumerate(rows):
        row.first_line = text.getvalue().count("\n") + 1
        if place == broken and damage:
            _break_csv(damage, rows, place, text, writer)
        else:
            writer.writerow([row.cells[f] for f in FIELDS if f in row.cells])
        row.last_line = text.getvalue().count("\n")
    encoding = dice.choice(_encodings(wide))
    if not _fits(rows, encoding) or (damage == "bytes" and encoding in {"utf-16", "cp1252"}):
        encoding = "utf-8"
    content = text.getvalue().encode(encoding).replace(b"BADBYTES", b"\xff\xfe\xc3")
    suffix = dice.choice((".csv", ".tsv", ".txt"))
    told = dice.random() < 0.5
    given = encoding if encoding == "cp1252" and told else ""
    letters = sum(not letter.isascii() for letter in text.getvalue())
    known = told if encoding == "cp1252" else damage != "bytes" or letters > 1
    return Made(f"f{suffix}", content, rows, f"csv {encoding}", given, known=known)


def _break_csv(damage: str, rows: list[Row], place: int, text: io.StringIO, writer: Any) -> None:
    row = rows[place]
    row.broken = True
    cells = [row.cells[f] for f in FIELDS if f in row.cells]
    if damage == "quote":
        text.write(f'"{row.id}\n')
        for other in rows[place + 1 :]:
            other.beside = True
        for other in rows[:place]:
            other.beside = "\n" in other.cells["title"]
    elif damage == "short":
        writer.writerow(cells[:-2])
    elif damage == "id":
        writer.writerow(["", *cells[1:]])
    elif damage == "huge":
        writer.writerow([cells[0], "x" * 2_000_000, *cells[2:]])
    else:
        writer.writerow([cells[0], "BADBYTES", *cells[2:]])


def _nested(dice: random.Random, row: Row) -> dict[str, Any]:
    """The cells as a program writes them as JSON: objects, lists, numbers."""
    cells: dict[str, Any] = dict(row.cells)
    if row.price and not row.wrong and not row.cells["sale_price"] and dice.random() < 0.5:
        amount, currency = row.price
        row.doubtful = False
        number = dice.choice((float(amount), f"{amount:.2f}" if amount % 1 else str(amount)))
        if isinstance(number, str):
            row.doubtful = bool(re.fullmatch(r"\d{1,3}\.\d{3}", number))
        row.price = (Decimal(str(number)), currency)
        keys = dice.choice(
            (("amount", "currency"), ("value", "currencyCode"), ("price", "currency"))
        )
        cells["price"] = dict(zip(keys, (number, currency), strict=True))
    if row.brand and dice.random() < 0.4:
        cells["brand"] = {"id": 7, "name": cells["brand"]}
    if dice.random() < 0.4:
        cells["image_link"] = [{"src": cells["image_link"], "width": 3}, {"src": "https://a.b/c"}]
    return cells


_BROKEN_LINES: Final[tuple[Callable[[str], str], ...]] = (
    lambda line: line[: len(line) // 2], lambda line: f"[{line}]", lambda line: f"{line} {line}",
    lambda _: "[" * 100_000, lambda line: line.replace('"title": "', '"title": "\\ud800', 1),
    lambda line: line.replace('"title": ', '"title": NaN, "x": 1e999, "y": ', 1),
    lambda _: '{"a": ' * 5000, lambda _: f'{{"id": {"1" * 5000}}}', lambda _: "null",
)  # fmt: skip


def _jsonl(dice: random.Random, rows: list[Row], wide: bool) -> Made:
    names = dict(zip(FIELDS, dice.choice(NAMES).split(","), strict=True))
    broken = dice.randrange(len(rows)) if dice.random() < 0.5 else None
    plain = dice.random() < 0.5
    lines = []
    for place, row in enumerate(rows):
        cells = {names[name]: cell for name, cell in _nested(dice, row).items()}
        line = json.dumps(cells, ensure_ascii=plain)
        if place == broken:
            row.broken, line = True, dice.choice(_BROKEN_LINES)(line)
        lines.append(line)
        row.first_line = row.last_line = place + 1
    encoding = dice.choice(_encodings(wide)[:3])
    return Made("f.jsonl", "\n".join(lines).encode(encoding), rows, f"jsonl {encoding}")


def _xml(dice: random.Random, rows: list[Row], wide: bool) -> Made:
    atom = dice.random() < 0.3
    item = "entry" if atom else "item"
    prefix = dice.choice(("g:", "g:", ""))
    encoding = dice.choice(
        ("utf-8", "utf-8", "utf-16", *(() if wide else ("iso-8859-1", "cp1252")))
    )
    encoding = encoding if _fits(rows, encoding) else "utf-8"
    declared = encoding.replace("cp1252", "windows-1252")
    space = dice.choice(('xmlns:g="http://base.google.com/ns/1.0"', ""))
    head = (
        '<feed xmlns="http://www.w3.org/2005/Atom" {}>'
        if atom
        else '<rss version="2.0" {}><channel>'
    )
    lines = [f'<?xml version="1.0" encoding="{declared}"?>', head.format(space)]
    damage = dice.choice((None, None, "entity", "control", "amp", "tag", "id", "bytes"))
    broken = dice.randrange(len(rows))
    for place, row in enumerate(rows):
        row.first_line = sum(line.count("\n") + 1 for line in lines) + 1
        lines.append(_item(dice, row, item, prefix, damage if place == broken else None))
        row.last_line = row.first_line + lines[-1].count("\n")
    lines.append("</feed>" if atom else "</channel></rss>")
    if damage == "bytes" and encoding != "utf-8":
        rows[broken].broken = False
        lines = [line.replace("BADBYTES", "") for line in lines]
    content = "\n".join(lines).encode(encoding).replace(b"BADBYTES", b"\xff\xfe\xc3")
    cut = dice.random() < 0.05
    if cut:
        content = content[
            : content.rindex(">".encode("utf-16-le" if encoding == "utf-16" else encoding))
        ]
    return Made(f"f.{dice.choice(('xml', 'rss'))}", content, rows, f"xml {encoding}", cut=cut)


def _item(dice: random.Random, row: Row, item: str, prefix: str, damage: str | None) -> str:
    parts = []
    for name, cell in row.cells.items():
        cdata = dice.random() < 0.3 and "]]>" not in cell
        text = f"<![CDATA[{cell}]]>" if cdata else escape(cell)
        own = "" if name == "title" and dice.random() < 0.3 else prefix
        parts.append((name, f"<{own}{name}>", text, f"</{own}{name}>"))
    if damage:
        parts = [_broken_part(damage, row, part) for part in parts]
    between = dice.choice(("", "\n"))
    inside = between.join("".join(part[1:]) for part in parts)
    return f"<{item}>{between}{inside}{between}</{item}>"


def _broken_part(
    damage: str, row: Row, part: tuple[str, str, str, str]
) -> tuple[str, str, str, str]:
    name, start, text, end = part
    more = {"entity": ("&ndash;", "–"), "control": ("a\x0bb", "a b"), "amp": ("R & B", "R & B")}
    if name == "title" and damage in more:
        row.title, row.wrong = more[damage][1], True
        return name, start, more[damage][0], end
    if name == "title" and damage == "tag":
        row.broken = True
        return name, start, f"{text}<b>", end
    if name == "title" and damage == "bytes":
        row.broken = True
        return name, start, f"{text}BADBYTES", end
    if name == "id" and damage == "id":
        row.broken = True
        return name, start, "", end
    return part


def _parquet(dice: random.Random, rows: list[Row], wide: bool) -> Made:
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = dict(zip(FIELDS, dice.choice(NAMES).split(","), strict=True))
    for place, row in enumerate(rows):
        row.first_line = row.last_line = place + 1
    columns: dict[str, Any] = {
        names[name]: pa.array([row.cells[name] for row in rows]) for name in rows[0].cells
    }
    numbers = [row.price for row in rows if row.price and not row.cells["sale_price"]]
    if "currency" in rows[0].cells and len(numbers) == len(rows) and dice.random() < 0.7:
        kind = dice.choice((pa.float64(), pa.float32(), pa.decimal128(12, 3)))
        amounts = [amount if pa.types.is_decimal(kind) else float(amount) for amount, _ in numbers]
        columns[names["price"]] = pa.array(amounts, kind)
        for row, amount in zip(
            rows, columns[names["price"]].cast("string").to_pylist(), strict=True
        ):
            assert row.price is not None
            row.price, row.doubtful = (Decimal(amount), row.price[1]), False
    buffer = io.BytesIO()
    pq.write_table(pa.table(columns), buffer, row_group_size=dice.choice((1, 5, 100)))
    return Made("f.parquet", buffer.getvalue(), rows, "parquet")


def _packed(dice: random.Random, feed: Made) -> Made:
    """Some feeds come packed, and some of these are not whole."""
    packers = {".gz": gzip.compress, ".bz2": bz2.compress, ".xz": lzma.compress}
    if dice.random() < 0.8:
        return feed
    suffix = dice.choice(sorted(packers))
    feed.name, feed.content = feed.name + suffix, packers[suffix](feed.content)
    if dice.random() < 0.2:
        feed.content, feed.cut = feed.content[:-9], True
    return feed


def write(feed: Made, folder: Path) -> Path:
    """The feed as a file."""
    path = folder / feed.name
    path.write_bytes(feed.content)
    return path
