"""`complete` and `outfits`: what goes with a photo or with products."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from thatlook.cli.command import Command, together
from thatlook.cli.options import PATH, catalog_option, json_option
from thatlook.cli.photos import GENDERS, age_option, amount, existing, filter_options, filters_of
from thatlook.core.files import write_whole
from thatlook.core.seasons import SEASONS
from thatlook.core.taxonomy import CATEGORIES

if TYPE_CHECKING:
    from markupsafe import Markup

    from thatlook.core.image import Pixels
    from thatlook.core.records import Match
    from thatlook.engine import Engine
    from thatlook.search.completing import CompletionRequest, Completions, Outfits

    Groups = Iterable[tuple[str, Iterable[Match]]]

shared_options = together(
    catalog_option,
    click.option("--gender", type=click.Choice(GENDERS), default="auto", help="default auto"),
    age_option,
    click.option("--season", type=click.Choice(SEASONS), help="nothing that is for others"),
    click.option("--budget", type=amount, metavar="AMOUNT", help="what may be spent"),
    filter_options,
    click.option("--html", type=PATH, metavar="FILE", help="a page with the pictures"),
    json_option,
)

TILE: Final = (224, 224)
"""The largest width and height of a picture on the page, in pixels."""


@click.command(cls=Command, examples=("thatlook complete photo.jpg --catalog catalog -k 3",))
@click.argument("worn", nargs=-1, required=True, metavar="PHOTO|PRODUCT_ID...")
@click.option("-k", type=int, default=5, help="products per category (default 5)")
@click.option(
    "--category", multiple=True, type=click.Choice(CATEGORIES), help="this alone; again for more"
)
@shared_options
def complete(worn: tuple[str, ...], catalog: str, html: Path | None, **given: Any) -> int:
    """What goes with a photo, or with products of the catalog."""
    request = _request(given)
    with existing(catalog, request.filters) as engine:
        found = engine.complete(_worn(worn), request)
        if html:
            groups = [(one.category, one.matches) for one in found.completions]
            _write(html, engine, _worn(worn), found, groups)
    if given["as_json"]:
        print(json.dumps(found.to_dict()))
        return 0
    season = f" and suits {request.season}" if request.season else ""
    print("with " + (", ".join(one.name for one in found.given) or "nothing"))
    for one in found.completions:
        print(one.category)
        empty = f"  nothing of it in this catalog that passes the filters{season}"
        print("\n".join(_lines(one.matches)) or empty)
    if found.message:
        print(found.message)
    return 0


@click.command(cls=Command, examples=("thatlook outfits 15970 --catalog catalog --budget 150",))
@click.argument("worn", nargs=-1, metavar="[PHOTO|PRODUCT_ID]...")
@click.option("-k", type=int, default=3, help="outfits (default 3)")
@click.option(
    "--category",
    multiple=True,
    type=click.Choice(CATEGORIES),
    help="also this, such as a bag; again for more",
)
@shared_options
def outfits(worn: tuple[str, ...], catalog: str, html: Path | None, **given: Any) -> int:
    """Whole outfits around a photo or products; exit status 1 where none is possible."""
    request = _request(given)
    with existing(catalog, request.filters) as engine:
        found = engine.outfits(_worn(worn), request)
        groups = list(_outfits(found))
        if html:
            _write(html, engine, _worn(worn), found, groups)
    if given["as_json"]:
        print(json.dumps(found.to_dict()))
    else:
        for name, matches in groups:
            print(name)
            print("\n".join(_lines(matches)))
        if found.message:
            print(found.message)
    return int(not found.outfits)


def _worn(given: tuple[str, ...]) -> str | list[str]:
    """The one photo, where it is a file; else the ids. Raises UsageError for both at once."""
    photos = [word for word in given if Path(word).is_file()]
    if not photos:
        return list(given)
    if len(given) > 1:
        raise click.UsageError("expected one photo, or ids of products, not both or several photos")
    return photos[0]


def _request(given: dict[str, Any]) -> CompletionRequest:
    from thatlook.search.completing import CompletionRequest

    budget: Decimal | None = given["budget"]
    return CompletionRequest(
        k=given["k"],
        gender=given["gender"],
        age=given["age"],
        categories=given["category"],
        filters=filters_of(given["min_price"], given["max_price"], given["brand"], given["color"]),
        budget=None if budget is None else float(budget),
        season=given["season"] or "",
    )


def _lines(matches: Iterable[Match]) -> list[str]:
    return [
        f"  {match.score:.2f}  {match.product.id}  {match.product.title}"
        f"  {match.product.current_price or ''}".rstrip()
        + "".join(f"\n        {reason}" for reason in match.reasons)
        for match in matches
    ]


def _outfits(found: Outfits) -> Iterable[tuple[str, Iterable[Match]]]:
    for number, offer in enumerate(found.outfits, start=1):
        total = "" if offer.total is None else f", {offer.total} in all"
        yield f"outfit {number}: {offer.score:.2f}{total}", offer.matches


def _write(
    path: Path,
    engine: Engine,
    worn: str | list[str],
    found: Completions | Outfits,
    groups: Groups,
) -> None:
    """The page at `path`: what is given, and a row of products per group."""
    from thatlook.render import page

    title = "With " + (", ".join(one.name for one in found.given) or "nothing given")
    rows = [page.section(name, page.sheet(_card(engine, m) for m in ms)) for name, ms in groups]
    head = page.header(title, found.message or "", page.groups([_shown(engine, worn)]))
    write_whole(path, page.document(title, page.joined([head, *rows])).encode())
    print(f"wrote {path}", file=sys.stderr)


def _shown(engine: Engine, worn: str | list[str]) -> list[Markup]:
    """The photo, or the products given."""
    from thatlook.core.image import decode
    from thatlook.render.photo import figure

    if isinstance(worn, str):
        return [figure(decode(worn, engine.settings), (Path(worn).name,))]
    stored = [engine.catalog.stored(one).product for one in worn]
    return [figure(_picture(engine, one.id), (one.title or one.id,), size=TILE) for one in stored]


def _card(engine: Engine, match: Match) -> Markup:
    from thatlook.render.photo import figure

    product = match.product
    price = str(product.current_price or "")
    facts = (f"{match.score:.2f} {product.id}", price, *match.reasons)
    lines = (product.title or product.id, *filter(None, facts))
    return figure(_picture(engine, product.id), lines, size=TILE)


def _picture(engine: Engine, product_id: str) -> Pixels:
    """The product's picture; a white one where there is none any more."""
    import numpy as np

    found = engine.picture(product_id)
    return np.full((*TILE, 3), 255, np.uint8) if found is None else found
