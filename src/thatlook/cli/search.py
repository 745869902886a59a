"""`search`: words to products."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from thatlook.cli.command import Command
from thatlook.cli.options import catalog_option, json_option
from thatlook.cli.photos import (
    GENDERS,
    age_option,
    existing,
    filter_options,
    filters_of,
    match_lines,
)
from thatlook.core.taxonomy import PRODUCT_CATEGORIES

if TYPE_CHECKING:
    from thatlook.search.words.searcher import Found


@click.command(
    cls=Command, examples=('thatlook search "navy floral dress under 80" --catalog catalog -k 5',)
)
@click.argument("words")
@catalog_option
@click.option("--photo", metavar="PHOTO", help="more like what is worn there")
@click.option("--text-weight", type=float, metavar="0..1", help="how far the words move the photo")
@click.option("-k", type=int, help="how many (default 10)")
@click.option("--offset", type=int, default=0, metavar="N", help="leave out the first N")
@click.option(
    "--gender", type=click.Choice(GENDERS), default="auto", help="default auto: as the words say"
)
@age_option
@click.option("--category", type=click.Choice(PRODUCT_CATEGORIES), help="only this")
@filter_options
@click.option(
    "--off", multiple=True, metavar="KEY", help="what was understood and shall not count (repeat)"
)
@json_option
def search(words: str, catalog: str, photo: str | None, as_json: bool, **given: Any) -> int:
    """Words to products.

    WORDS are what a shopper would type: "black leather bag under 50". What was understood is
    printed with its key, which --off takes.
    """
    filters = filters_of(given["min_price"], given["max_price"], given["brand"], given["color"])
    dial = given["text_weight"]
    with existing(catalog, filters) as engine:
        found = engine.search(
            words,
            photo,
            given["k"],
            offset=given["offset"],
            category=given["category"],
            gender=None if given["gender"] == "auto" else given["gender"],
            age=given["age"],
            filters=filters,
            off=given["off"],
            **({} if dial is None else {"text_weight": dial}),
        )
        pair = bool(engine.settings.text_image_model)
    print(json.dumps(found.to_dict()) if as_json else _text(found, pair=pair))
    return 0


def _text(found: Found, *, pair: bool) -> str:
    """In lines; with a `pair` in the settings, what compared pictures: that, or the tower."""
    chips = [f"{chip.shown or chip.value} ({chip.key})" for chip in found.understood.chips]
    lines = [f"understood: {', '.join(chips)}"] if chips else []
    if not found.by_likeness:
        lines.append(
            "words alone were compared: no network here maps these words among the catalog's "
            "vectors"
        )
    elif pair:
        lines.append(f"pictures were compared by {found.compared_by}")
    lines += match_lines(found.matches) or [found.message or "nothing more"]
    return "\n".join(lines)
