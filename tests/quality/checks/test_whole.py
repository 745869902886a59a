"""All checks together, on a shop with one fault of each kind planted."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from tests.quality.checks.samples import shop
from thatlook.core.records import Price
from thatlook.quality.checks.whole import check_all
from thatlook.quality.facts import PictureFacts, PictureSeen

WORN = PictureSeen({"topwear": 0.9}, own=True)


def picture(name: str, **changes: object) -> PictureFacts:
    """A whole picture that is like no other."""
    bits = (int(name) + 1) * 0x9E3779B97F4A7C15 % 2**64
    facts = {"sha256": name, "dhash": bits, "signature": bytes(768)}
    return PictureFacts(name, **{"width": 300, "height": 400, "seen": WORN, **facts, **changes})


def test_each_planted_fault_is_found_and_nothing_else():
    products = {product.id: product for product in shop()}
    products["9"] = replace(products["9"], price=Price(Decimal(30), "EUR"))
    facts = {name: picture(name) for name in products}
    assert check_all(list(products.values()), facts).findings == []

    products["0"] = replace(products["0"], price=None)
    products["1"] = replace(products["1"], title="")
    products["2"] = replace(products["2"], sale_price=Price(Decimal(40), "EUR"))
    facts["3"] = PictureFacts("3", "damaged", "cut off")
    facts["4"] = picture("4", width=120)
    facts["5"] = picture("5", seen=PictureSeen())
    facts["6"] = picture("6", seen=PictureSeen({"bag": 0.9}))
    facts["7"] = picture("7", sha256="8")
    products["8"] = replace(products["8"], gender="male")
    products["7"] = replace(products["7"], gender="female")
    del facts["9"]
    found = check_all(list(products.values()), facts)
    assert [(finding.product_id, finding.kind) for finding in found.findings] == [
        ("0", "no_price"),
        ("1", "no_title"),
        ("2", "odd_price"),
        ("3", "broken_picture"),
        ("4", "tiny_picture"),
        ("5", "article_not_seen"),
        ("6", "category_seen"),
        ("8", "shared_picture"),
    ]
    assert found.same_files == [["7", "8"]]
    assert found.lines() == [
        "       1  no price",
        "       1  no title",
        "       1  odd price",
        "       1  broken picture",
        "       1  tiny picture",
        "       1  picture shows another category",
        "       1  one picture, different words",
        "       1  article not seen in the picture",
        "       1  groups with the same picture file",
    ]


def test_what_every_product_has_is_left_to_the_counts():
    products = [replace(product, price=None, color="") for product in shop()]
    found = check_all(products, {})
    assert found.findings == []
    assert (found.filled["price"], found.filled["title"]) == (0, 10)
    assert found.repeated_titles == {"red shirt": ["0", "1"]}
    one = check_all(products[:1], {})
    assert [finding.kind for finding in one.findings] == ["no_price"]
