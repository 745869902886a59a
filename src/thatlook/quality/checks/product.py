"""Checks of a product and its picture: pure functions that a feed's report and a catalog's
audit share. Each gives the findings for one product.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from thatlook.core.color import is_vivid, related
from thatlook.core.records import Product
from thatlook.core.taxonomy import OTHER, gender_of, pattern_of, words
from thatlook.quality.checks.colors import acceptable_colors, color_names_of, qualifier_colors
from thatlook.quality.facts import PictureFacts, PictureSeen

KINDS: Final = {
    "no_category": "No category fits",
    "no_price": "No price",
    "no_title": "No title",
    "odd_price": "Odd price",
    "odd_title": "Odd title",
    "gender_words": "Title and gender field disagree",
    "broken_picture": "Broken picture",
    "tiny_picture": "Tiny picture",
    "category_seen": "Picture shows another category",
    "gender_seen": "Picture shows another gender",
    "color_seen": "Picture shows another color",
    "shared_picture": "One picture, different words",
    "article_not_seen": "Article not seen in the picture",
}
"""What a check can find, and its name for people."""

DISAGREEMENTS: Final = ("category_seen", "gender_seen", "color_seen", "shared_picture")

TINY_PX: Final = 200
"""Below this shorter side a picture is too small to show, and details are lost to the networks."""

SURE_CATEGORY: Final = 0.7
SURE_GENDER: Final = 0.9
SURE_COLOR: Final = 0.35
HARDLY_SEEN: Final = 0.15
"""A named color on less than this share of the pixels is not what the picture shows."""

PATTERN_SURE_COLOR: Final = 0.6
PATTERN_HARDLY_SEEN: Final = 0.05
"""The same two shares where there is a pattern: a striped shirt may be called by either color."""

_SEVERAL: Final = frozenset(
    {"pack", "set", "combo", "pair", "multi", "multicolor", "multicolour", "and", "dyed", "dye"}
)

ALIKE: Final = (
    frozenset({"topwear", "outerwear", "dress"}),
    frozenset({"headwear", "neckwear"}),
)
"""Categories that shops and people draw differently; a mix-up of them is not reported."""


@dataclass(frozen=True, slots=True)
class ProductFinding:
    """One thing found on one product; `says` is the feed's word, `seen` the picture's."""

    kind: str
    product_id: str
    message: str
    says: str = ""
    seen: str = ""
    score: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """As JSON data; empty fields are left out."""
        found: dict[str, Any] = {"kind": self.kind, "id": self.product_id, "message": self.message}
        if self.seen:
            found |= {"says": self.says, "seen": self.seen, "score": round(self.score, 4)}
        return found


def check_words(product: Product) -> Iterator[ProductFinding]:
    """What is missing or odd in the fields alone."""
    name = product.id
    if not product.title:
        yield ProductFinding("no_title", name, "there is no title")
    elif len(product.title) < 4 or not words(product.title):
        yield ProductFinding("odd_title", name, f"the title says little: {product.title!r}")
    if product.category == OTHER:
        kind = product.product_type or product.title
        yield ProductFinding("no_category", name, f"none of the categories fits {kind!r}")
    if product.current_price is None:
        yield ProductFinding("no_price", name, "there is no price")
    yield from _odd_prices(product)
    said = gender_of(product.title)
    if {said, product.gender} == {"female", "male"}:
        message = f"the title says {said}, the gender field {product.gender}"
        yield ProductFinding("gender_words", name, message)


def _odd_prices(product: Product) -> Iterator[ProductFinding]:
    price, sale = product.price, product.sale_price
    if price is not None and price.amount == 0:
        yield ProductFinding("odd_price", product.id, "the price is 0")
    if price is not None and sale is not None and sale.amount > price.amount:
        message = f"the sale price {sale} is above the price {price}"
        yield ProductFinding("odd_price", product.id, message)


def check_picture(product: Product, facts: PictureFacts) -> Iterator[ProductFinding]:
    """What is wrong with the picture as a file."""
    if facts.error:
        yield ProductFinding("broken_picture", product.id, facts.message)
    elif facts.opened and min(facts.width, facts.height) < TINY_PX:
        message = f"{facts.width} x {facts.height} pixels; shops ask for {TINY_PX} and more"
        yield ProductFinding("tiny_picture", product.id, message)


def check_shared(products: Sequence[Product]) -> Iterator[ProductFinding]:
    """Where products with one and the same picture say different things of it: of the two,
    one must be wrong. Each product is compared with the first. Of what has several colors, by
    its title, each may be named.
    """
    first = products[0]
    for other in products[1:]:
        for name in ("category", "gender", "color"):
            if name == "color" and (_of_two_colors(first.title) or _of_two_colors(other.title)):
                continue
            says, seen = getattr(other, name), getattr(first, name)
            if says and seen and not _compatible(name, says, seen):
                message = f"listed as {says}; {first.id} has the same picture and is {seen}"
                yield ProductFinding(
                    "shared_picture", other.id, message, says, f"{seen} ({first.id})", 1.0
                )


def _compatible(name: str, one: str, other: str) -> bool:
    """Whether both words can be true of one picture."""
    if name == "gender":
        return "unisex" in {one, other} or one == other
    if name == "color":
        first, second = color_names_of(one), color_names_of(other)
        shades = any(related(a, b) for a in first for b in second)
        return shades or not first or not second
    return one == other


def check_seen(product: Product, seen: PictureSeen) -> Iterator[ProductFinding]:
    """Where the picture shows something else than the fields say."""
    yield from _category(product, seen)
    yield from _gender(product, seen)
    yield from _color(product, seen)


def _category(product: Product, seen: PictureSeen) -> Iterator[ProductFinding]:
    if product.category == OTHER or product.category in seen.articles:
        return
    best = max(seen.articles, key=lambda name: seen.articles[name], default="")
    # A person wears other articles beside the product, which say nothing against it.
    shown = seen.category or ("" if seen.person else best)
    other = shown != product.category
    if other and _alike(product, shown):
        return
    score = seen.articles.get(shown, 0.0)
    if other and score >= SURE_CATEGORY:
        message = f"listed as {product.category}, the picture shows {shown}"
        yield ProductFinding("category_seen", product.id, message, product.category, shown, score)
    elif not seen.own:
        message = f"the detector sees no {product.category}; the whole picture stands for it"
        yield ProductFinding("article_not_seen", product.id, message)


def _alike(product: Product, shown: str) -> bool:
    """Whether what is shown may well be the product, by another drawing of the line."""
    if any({product.category, shown} <= group for group in ALIKE):
        return True
    # A long skirt that nobody wears looks like a dress.
    skirt = "skirt" in (*words(product.product_type), *words(product.title))
    return shown == "dress" and skirt


def _gender(product: Product, seen: PictureSeen) -> Iterator[ProductFinding]:
    opposite = {"female": "male", "male": "female"}.get(product.gender)
    # The person stage has learnt from adults.
    # Of what is not worn the networks have seen little.
    adult = product.age_group in {"", "adult"} and product.category != OTHER
    if adult and seen.gender == opposite and seen.gender_score >= SURE_GENDER:
        message = f"listed as {product.gender}, worn by a {seen.gender} model"
        yield ProductFinding(
            "gender_seen", product.id, message, product.gender, seen.gender, seen.gender_score
        )


def _of_two_colors(title: str) -> bool:
    """Whether a title speaks of several colors side by side: a print has one below it."""
    return _of_several(title) or pattern_of(title) not in {None, "solid", "printed"}


def _of_several(title: str) -> bool:
    """Whether a title speaks of several pieces or colors, one of which the field may name."""
    return bool(_SEVERAL & set(words(title))) or "&" in title


def _color(product: Product, seen: PictureSeen) -> Iterator[ProductFinding]:
    names = color_names_of(product.color)
    if not names or not seen.colors or _of_several(product.title):
        return
    allowed = acceptable_colors(names | qualifier_colors(product.title, product.color))
    best, share = next(iter(seen.colors.items()))
    like = sum(part for name, part in seen.colors.items() if name in allowed)
    plain = {pattern_of(product.title), seen.pattern or None} <= {None, "solid"}
    hardly, sure = (HARDLY_SEEN, SURE_COLOR) if plain else (PATTERN_HARDLY_SEEN, PATTERN_SURE_COLOR)
    if seen.color in allowed or like >= hardly or share < sure or not (plain or is_vivid(best)):
        return
    message = f"listed as {product.color}, {share:.0%} of the pixels are {best}"
    yield ProductFinding("color_seen", product.id, message, product.color, best, share)
