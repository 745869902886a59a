"""`index-scenes` and `scenes`: how others wear it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from thatlook.cli.command import Command
from thatlook.cli.options import PATH, catalog_option, json_option
from thatlook.cli.photos import existing
from thatlook.core.errors import PhotoError
from thatlook.core.files import write_whole

if TYPE_CHECKING:
    from thatlook.engine import Engine
    from thatlook.search.styling import Styled, StyledScene

SHOWN_PROBLEMS: Final = 20


@click.command(
    "index-scenes", cls=Command, examples=("thatlook index-scenes street --catalog catalog",)
)
@click.argument("folder", type=PATH)
@catalog_option
@click.option("--workers", type=int, metavar="N", help="processes (default: one per core)")
@json_option
def index_scenes(folder: Path, catalog: str, workers: int | None, as_json: bool) -> int:
    """Photos of dressed people to scenes, for `thatlook scenes`; again for what is new.

    FOLDER holds street photos or shoppers' posts. They stay where they are.
    """
    with existing(catalog) as engine:
        report = engine.index_scenes(folder, workers=workers, progress=True)
    for problem in report.problems[:SHOWN_PROBLEMS]:
        print(f"thatlook: {problem}", file=sys.stderr)
    print(json.dumps(report.to_dict()) if as_json else report)
    return int(report.failed > 0 and not report.added + report.unchanged + report.moved)


@click.command(cls=Command, examples=("thatlook scenes 15970 --catalog catalog --html ways.html",))
@click.argument("product_id")
@catalog_option
@click.option("-k", type=click.IntRange(min=1), default=6, help="scenes")
@click.option("--others", type=click.IntRange(min=0), default=3, help="products per other article")
@click.option(
    "--min-score", type=float, metavar="0..1", help="default: what is called similar; 0 shows all"
)
@click.option("--html", type=PATH, metavar="FILE", help="a page with the pictures")
@json_option
def scenes(product_id: str, catalog: str, as_json: bool, html: Path | None, **given: Any) -> int:
    """Ways to style it: photos in which something like a product is worn, and what with it."""
    with existing(catalog) as engine:
        found = engine.styled_with(product_id, **given)
        if html:
            write_whole(html, _page(engine, found).encode())
            print(f"wrote {html}", file=sys.stderr)
    print(json.dumps(found.to_dict()) if as_json else "\n".join(_lines(found)))
    return 0


def _lines(found: Styled) -> Iterator[str]:
    if found.message:
        yield found.message
    for one in found.scenes:
        yield f"{one.score:.2f}  {one.nearness:<10}  {one.scene.photo}"
        for other in one.worn_with:
            seen = one.scene.articles[other.article].attributes
            told = ", ".join(filter(None, map(seen.get, ("color", "pattern", "type"))))
            yield f"  with {other.category}: {told}"
            for match in other.matches:
                yield f"    {match.score:.2f}  {match.product.id}  {match.product.title}"


def _page(engine: Engine, found: Styled) -> str:
    from thatlook.render.board import page

    title = f"Ways to style {found.product.title or found.product.id}"
    boards = [board for one in found.scenes if (board := _board(engine, found, one))]
    return page(boards, engine.picture, title, found.message or "")


def _board(engine: Engine, found: Styled, one: StyledScene) -> Any:
    """The scene with the product first, then what else is worn; None where its photo is gone."""
    from thatlook.core.image import decode
    from thatlook.core.records import Match, Recommendation, Result
    from thatlook.render.board import BoardEntry

    try:
        image = decode(one.scene.photo, engine.settings)
    except PhotoError as error:
        print(f"thatlook: {error}", file=sys.stderr)
        return None
    match = Match(one.score, found.product, one.reasons, nearness=one.nearness)
    own = Recommendation(one.article, found.product.category, "primary", (match,))
    result = Result(one.scene.look, True, None, (own, *one.worn_with), image=image)
    return BoardEntry.of(result, Path(one.scene.photo).name)
