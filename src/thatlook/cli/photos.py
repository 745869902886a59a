"""`parse`, `recommend`, `similar` and `look`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from tqdm import tqdm

from thatlook.cli.command import Command
from thatlook.core.errors import CatalogError, PhotoError, SettingsError
from thatlook.core.records import Look, Match, Result
from thatlook.core.settings import Settings
from thatlook.core.taxonomy import CATEGORIES
from thatlook.engine import Engine
from thatlook.render.board import Entry, page, picture
from thatlook.search.index import Filters
from thatlook.search.request import GENDER_CHOICES, POLICIES, SearchRequest
from thatlook.vision.analyzer import Analyzer


def add_arguments_parse(parser: argparse.ArgumentParser) -> None:
    """The arguments of `thatlook parse`."""
    parser.add_argument("photos", nargs="+", metavar="PHOTO")
    parser.add_argument("--json", action="store_true", help="one JSON object per line")


def run_parse(args: argparse.Namespace) -> int:
    """Parses every photo; one that cannot be used does not stop the others."""
    analyzer = Analyzer.open(Settings.load())
    status = 0
    hidden = not sys.stderr.isatty() or len(args.photos) == 1
    for photo in tqdm(args.photos, unit="photo", disable=hidden):
        try:
            look = analyzer.parse(photo)
        except PhotoError as error:
            status = 1
            print(f"thatlook: {error}", file=sys.stderr)
            if args.json:
                print(json.dumps({"photo": photo, "error": error.to_dict()}), flush=True)
            continue
        print(json.dumps(look.to_dict()) if args.json else _look_text(look), flush=True)
    return status


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


def add_arguments_recommend(parser: argparse.ArgumentParser) -> None:
    """The arguments of `thatlook recommend`."""
    parser.add_argument("photo", metavar="PHOTO")
    parser.add_argument("--catalog", required=True, metavar="DIR", help="the catalog's folder")
    parser.add_argument("-k", type=int, help="matches per article (default 10)")
    parser.add_argument(
        "--gender", choices=GENDER_CHOICES, default="auto", help="default auto: the person's"
    )
    parser.add_argument(
        "--category", action="append", choices=CATEGORIES, help="only this; again for more"
    )
    parser.add_argument("--primary", choices=CATEGORIES, help="the article asked for")
    parser.add_argument("--min-price", type=_amount, metavar="AMOUNT", help="no cheaper")
    parser.add_argument("--max-price", type=_amount, metavar="AMOUNT", help="no dearer")
    parser.add_argument("--brand", action="append", help="only this; again for more")
    parser.add_argument("--color", action="append", help="only this; again for more")
    parser.add_argument(
        "--policy", choices=POLICIES, default="any", help="full: refuse other than front full shots"
    )
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--json", action="store_true", help="the result as JSON")
    shown.add_argument("--html", metavar="FILE", type=Path, help="a page with the pictures")
    shown.add_argument("--png", metavar="FILE", type=Path, help="one picture of it all")


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        raise argparse.ArgumentTypeError(
            f"expected an amount such as 49.90, not {text!r}"
        ) from None
    if not amount.is_finite() or amount < 0:
        raise argparse.ArgumentTypeError(f"expected an amount of 0 or more, not {text!r}")
    return amount


def run_recommend(args: argparse.Namespace) -> int:
    """Recommends for one photo."""
    request = SearchRequest(
        k=Settings.load().default_k if args.k is None else args.k,
        gender=args.gender,
        categories=frozenset(args.category) if args.category else None,
        primary=args.primary,
        filters=_filters(args),
        policy=args.policy,
    )
    with existing(args.catalog) as engine:
        result = engine.recommend(args.photo, request=request)
        if args.json:
            print(json.dumps(result.to_dict()))
        elif args.html or args.png:
            _drawn(engine, args, result)
        else:
            print(_result_text(result))
    return 0


def _filters(args: argparse.Namespace) -> Filters:
    if (
        args.min_price is not None
        and args.max_price is not None
        and args.min_price > args.max_price
    ):
        raise SettingsError(f"--min-price {args.min_price} is above --max-price {args.max_price}")
    given: dict[str, Any] = {"min_price": args.min_price, "max_price": args.max_price}
    given["brands"] = frozenset(args.brand) if args.brand else None
    given["colors"] = frozenset(args.color) if args.color else None
    return Filters(**{name: value for name, value in given.items() if value is not None})


def existing(folder: str) -> Engine:
    """An engine on a catalog that must be there already. Raises CatalogError."""
    if "://" not in folder and not Path(folder).is_dir():
        raise CatalogError(
            f"{folder}: no catalog here; make one with: thatlook index FEED --catalog {folder}"
        )
    return Engine.open(folder, Settings.load(), create=False)


def _drawn(engine: Engine, args: argparse.Namespace, result: Result) -> None:
    entry = Entry.of(result, Path(args.photo).name)
    if args.png:
        picture(entry, engine.picture).save(args.png, "PNG")
        written = args.png
    else:
        args.html.write_text(page([entry], engine.picture, "That look"), encoding="utf-8")
        written = args.html
    print(f"wrote {written}", file=sys.stderr)


def _result_text(result: Result) -> str:
    lines = [_look_text(result.look)]
    if not result.accepted:
        lines.append(f"refused: {result.reason}")
    for found in result.recommendations:
        lines.append(f"{found.category} ({found.role})")
        lines += _match_lines(found.matches) or [f"  {found.message}"]
    return "\n".join(lines)


def _match_lines(matches: Iterable[Match]) -> list[str]:
    return [
        f"  {match.score:.2f}  {match.product.id}  {match.product.title}"
        f"  {match.product.current_price or ''}".rstrip()
        for match in matches
    ]


def add_arguments_similar(parser: argparse.ArgumentParser) -> None:
    """The arguments of `thatlook similar`."""
    parser.add_argument("product_id", metavar="PRODUCT_ID")
    parser.add_argument("--catalog", required=True, metavar="DIR", help="the catalog's folder")
    parser.add_argument("-k", type=int, help="how many (default 10)")
    parser.add_argument("--json", action="store_true", help="the result as JSON")


def run_similar(args: argparse.Namespace) -> int:
    """Lists products like one of the catalog."""
    with existing(args.catalog) as engine:
        product = engine.catalog.product(args.product_id)
        matches = engine.similar(args.product_id, args.k)
    if args.json:
        found = [match.to_dict() for match in matches]
        print(json.dumps({"product": product.to_dict(), "matches": found}))
    else:
        print("\n".join([f"{product.id}  {product.title}", *_match_lines(matches)]))
    return 0


def run_look(args: argparse.Namespace) -> int:
    """Recommends for the front-facing full shot among a product's pictures."""
    with existing(args.catalog) as engine:
        result = engine.shop_the_look(args.product_id, args.k)
    print(json.dumps(result.to_dict()) if args.json else _result_text(result))
    return 0


PARSE = Command(add_arguments_parse, run_parse)
RECOMMEND = Command(add_arguments_recommend, run_recommend)
SIMILAR = Command(add_arguments_similar, run_similar)
LOOK = Command(add_arguments_similar, run_look)
