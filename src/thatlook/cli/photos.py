"""`parse`, `recommend`, `similar` and `look`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal, InvalidOperation
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import click

from thatlook.cli.command import Choice, Command, together
from thatlook.cli.options import PATH, catalog_option, json_option
from thatlook.core.errors import PhotoError, SettingsError
from thatlook.core.files import write_whole
from thatlook.core.taxonomy import CATEGORIES

if TYPE_CHECKING:
    from thatlook.core.records import Look, Match, Result
    from thatlook.engine import Engine
    from thatlook.search.index import Filters

Made = TypeVar("Made")

GENDERS = ("auto", "female", "male", "any")
AGES = ("auto", "adult", "child", "any")
POLICIES = ("any", "full")
"""As `thatlook.search.request` has them: it is heavy to import."""


@click.command(cls=Command, examples=("thatlook parse photo.jpg --json",))
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO...")
@click.option("--json", "as_json", is_flag=True, help="one JSON object per line")
def parse(photos: tuple[str, ...], as_json: bool) -> int:
    """Photos to looks, one JSON object per line.

    A photo that cannot be used does not stop the others; the exit status is then 1.
    """
    from thatlook.core.settings import Settings
    from thatlook.vision.analyzer import Analyzer

    done = _Photos(photos, as_json, Analyzer.open(Settings.load()).parse)
    for look in done:
        print(json.dumps(look.to_dict()) if as_json else _look_text(look), flush=True)
    return done.status


class _Photos(Generic[Made]):
    """What `work` makes of each photo that can be used, one after the other.

    Of the others it says why, with `as_json` as JSON too. `used` counts the former, `status` is
    the exit status.
    """

    def __init__(self, photos: Sequence[str], as_json: bool, work: Callable[[str], Made]) -> None:
        self._photos = photos
        self._as_json = as_json
        self._work = work
        self.used = 0
        self.status = 0

    def __iter__(self) -> Iterator[Made]:
        for photo in self._counted():
            try:
                made = self._work(photo)
            except PhotoError as error:
                self._tell(photo, error)
                continue
            self.used += 1
            yield made

    def _counted(self) -> Iterable[str]:
        """The photos, with a bar where they are several: to load its library takes a while."""
        if len(self._photos) == 1:
            return self._photos
        from thatlook.core.progress import Progress

        return Progress(self._photos, unit="photo")

    def _tell(self, photo: str, error: PhotoError) -> None:
        self.status = 1
        print(f"thatlook: {error}", file=sys.stderr)
        if self._as_json:
            print(json.dumps({"photo": photo, "error": error.to_dict()}), flush=True)


def _look_text(look: Look) -> str:
    lines = [f"{look.photo}  {look.width} x {look.height}"]
    if look.person is None:
        lines.append("  no person found")
    else:
        person = look.person
        gate = "front-facing full shot" if person.gate.passed else "; ".join(person.gate.failed)
        lines.append(
            f"  person {person.score:.2f}  {person.gender} {person.gender_score:.2f}  {gate}"
        )
    for article in look.articles:
        seen = ", ".join(value for value in article.attributes.values() if value)
        lines.append(f"  {article.category:<11} {article.score:.2f}  {seen}")
    return "\n".join(lines)


def amount(text: str) -> Decimal:
    """An amount of money. Raises BadParameter."""
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise click.BadParameter(f"expected an amount such as 49.90, not {text!r}") from None
    if not value.is_finite() or value < 0:
        raise click.BadParameter(f"expected an amount of 0 or more, not {text!r}")
    return value


class _Age(Choice):
    """One of AGES; "kids", Google Merchant's word, is "child"."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The choice. Raises click.BadParameter."""
        return super().convert("child" if value == "kids" else value, param, ctx)


age_option = click.option(
    "--age",
    "--age-group",
    type=_Age(AGES),
    default="auto",
    help="default auto: products for grown-ups, for a child's product children's",
)
filter_options = together(
    click.option("--min-price", type=amount, metavar="AMOUNT", help="no cheaper"),
    click.option("--max-price", type=amount, metavar="AMOUNT", help="no dearer"),
    click.option("--brand", multiple=True, help="only this; again for more"),
    click.option("--color", multiple=True, help="only this; again for more"),
    heading="Which products",
)
reasons_option = click.option(
    "--reasons", is_flag=True, help="in lines of text: why each product is shown"
)
drawn_options = together(
    reasons_option,
    click.option("--json", "as_json", is_flag=True, help="the result as JSON, one line per photo"),
    click.option("--html", type=PATH, metavar="FILE", help="a page with the pictures"),
    click.option("--png", type=PATH, metavar="FILE", help="one picture of it all, of one photo"),
    heading="What comes of it (default: lines of text)",
)


@click.command(
    cls=Command,
    examples=(
        "thatlook recommend photo.jpg --catalog catalog --html look.html",
        "thatlook recommend photo.jpg --catalog catalog --primary footwear --color red",
    ),
)
@click.argument("photos", nargs=-1, required=True, metavar="PHOTO...")
@catalog_option
@click.option("-k", type=int, help="matches per article (default 10)")
@click.option(
    "--gender", type=click.Choice(GENDERS), default="auto", help="default auto: the person's"
)
@age_option
@click.option(
    "--category", multiple=True, type=click.Choice(CATEGORIES), help="only this; again for more"
)
@click.option("--primary", type=click.Choice(CATEGORIES), help="the article asked for")
@click.option(
    "--as",
    "corrections",
    multiple=True,
    metavar="[FOUND=]CATEGORY",
    help="what was found as FOUND (a category, an article's number; default: the primary "
    "article) is of this category; again for more",
)
@filter_options
@click.option(
    "--policy",
    type=click.Choice(POLICIES),
    default="any",
    help="full: refuse other than front full shots",
)
@click.option("--text", default="", metavar="WORDS", help='words beside it: "in red, long sleeves"')
@click.option(
    "--text-weight", type=float, metavar="0..1", help="how far they move it (default 0.5)"
)
@drawn_options
def recommend(photos: tuple[str, ...], catalog: str, **given: Any) -> int:
    """Photos to products, article by article.

    A photo that cannot be used does not stop the others; the exit status is then 1.
    """
    from thatlook.core.settings import Settings
    from thatlook.search.request import Correction, SearchRequest

    if sum(bool(given[name]) for name in ("as_json", "html", "png")) > 1:
        raise click.UsageError("expected only one of --json, --html and --png")
    if given["png"] and len(photos) > 1:
        raise click.UsageError(f"--png takes one photo, not {len(photos)}; --html takes several")
    if given["corrections"] and len(photos) > 1:
        raise click.UsageError(f"--as corrects the articles of one photo, not of {len(photos)}")
    request = SearchRequest(
        k=Settings.load().default_k if given["k"] is None else given["k"],
        gender=given["gender"],
        age=given["age"],
        categories=frozenset(given["category"]) or None,
        primary=given["primary"],
        filters=filters_of(given["min_price"], given["max_price"], given["brand"], given["color"]),
        policy=given["policy"],
        corrections=tuple(map(Correction.of, given["corrections"])),
        text=given["text"],
        **({} if given["text_weight"] is None else {"text_weight": given["text_weight"]}),
    )
    with existing(catalog, request.filters) as engine:
        done = _Photos(photos, given["as_json"], partial(engine.recommend, request=request))
        if given["html"] or given["png"]:
            _draw(engine, done, given["html"], given["png"])
        else:
            told = partial(_result_text, reasons=given["reasons"])
            for result in done:
                line = json.dumps(result.to_dict()) if given["as_json"] else told(result)
                print(line, flush=True)
    return done.status


def filters_of(
    min_price: Decimal | None,
    max_price: Decimal | None,
    brands: Iterable[str],
    colors: Iterable[str],
) -> Filters:
    """The filters of `filter_options`. Raises UsageError."""
    from thatlook.search.index import Filters

    if min_price is not None and max_price is not None and min_price > max_price:
        raise click.UsageError(f"--min-price {min_price} is above --max-price {max_price}")
    given: dict[str, Any] = {"min_price": min_price, "max_price": max_price}
    given |= {"brands": frozenset(brands) or None, "colors": frozenset(colors) or None}
    return Filters(**{name: value for name, value in given.items() if value is not None})


def existing(address: str, filters: Filters | None = None) -> Engine:
    """An engine on a catalog that must be there already. Raises CatalogError, and SettingsError
    for words of `filters` that the catalog does not know.
    """
    from thatlook.core.settings import Settings
    from thatlook.engine import Engine
    from thatlook.store.catalog.address import Address
    from thatlook.store.filter_words import check_filter_words

    Address.of(address).check_folder()  # before the networks are loaded
    engine = Engine.open(address, Settings.load(), create=False)
    try:
        if filters is not None:
            check_filter_words(engine.catalog, filters)
    except SettingsError:
        engine.close()
        raise
    return engine


def _draw(engine: Engine, done: _Photos[Result], html: Path | None, png: Path | None) -> None:
    """Writes the picture of the one photo or the page of all, unless none could be used."""
    from thatlook.render.board import BoardEntry, page, picture

    # One after the other: the decoded photos need not be in memory together.
    entries = (BoardEntry.of(result, Path(result.look.photo).name) for result in done)
    if png:
        for entry in entries:
            drawn = BytesIO()
            picture(entry, engine.picture).save(drawn, "PNG")
            write_whole(png, drawn.getvalue())
    elif html:
        text = page(entries, engine.picture, "That look")
        if done.used:
            write_whole(html, text.encode())
    if done.used:
        print(f"wrote {png or html}", file=sys.stderr)


def _result_text(result: Result, *, reasons: bool = False) -> str:
    lines = [_look_text(result.look)]
    if result.understood:
        lines.append(f"understood: {', '.join(one['shown'] for one in result.understood)}")
    if not result.accepted:
        lines.append(f"refused: {result.reason}")
    for found in result.recommendations:
        lines.append(f"{found.category} ({found.role})")
        lines += [f"  {found.message}"] if found.message else []
        lines += match_lines(found.matches, reasons=reasons)
    return "\n".join(lines)


def match_lines(matches: Iterable[Match], *, reasons: bool = False) -> list[str]:
    """A line per match: score, id, title and price; below it the reasons where they are wanted."""
    return [
        f"  {match.score:.2f}  {match.nearness:<10}  {match.product.id}  {match.product.title}"
        f"  {match.product.current_price or ''}".rstrip()
        + "".join(f"\n        {reason}" for reason in match.reasons if reasons)
        for match in matches
    ]


product_options = together(
    click.argument("product_id"),
    catalog_option,
    click.option("-k", type=int, help="how many (default 10)"),
    age_option,
    reasons_option,
    json_option,
)


@click.command(cls=Command, examples=("thatlook similar 15970 --catalog catalog -k 5",))
@product_options
def similar(
    product_id: str, catalog: str, k: int | None, age: str, reasons: bool, as_json: bool
) -> int:
    """Products like one of the catalog."""
    with existing(catalog) as engine:
        product = engine.catalog.product(product_id)
        matches = engine.similar(product_id, k, age=age)
    if as_json:
        found = [match.to_dict() for match in matches]
        print(json.dumps({"product": product.to_dict(), "matches": found}))
    else:
        print("\n".join([f"{product.id}  {product.title}", *match_lines(matches, reasons=reasons)]))
    return 0


@click.command(cls=Command, examples=("thatlook look 15970 --catalog catalog",))
@product_options
def look(
    product_id: str, catalog: str, k: int | None, age: str, reasons: bool, as_json: bool
) -> int:
    """Products for what is worn in a product's picture.

    Asked is the front-facing full shot among its pictures.
    """
    with existing(catalog) as engine:
        result = engine.shop_the_look(product_id, k, age=age)
    print(json.dumps(result.to_dict()) if as_json else _result_text(result, reasons=reasons))
    return 0
