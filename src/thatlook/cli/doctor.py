"""`thatlook doctor`."""

from __future__ import annotations

import json

import click

from thatlook.cli.command import Command
from thatlook.cli.options import address, json_option


@click.command(cls=Command, examples=("thatlook doctor --catalog catalog",))
@click.option("--catalog", type=address, metavar="DIR", help="look at this catalog too, all of it")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8000, help="of the service (default 8000)"
)
@json_option
def doctor(catalog: str | None, port: int, as_json: bool) -> int:
    """What a bug report needs, with nothing personal in it.

    Versions, weights, the catalog's integrity, room, processor, port. Exit status 1 where something
    keeps thatlook from working.
    """
    from thatlook.quality.doctor import examine

    found = list(examine(catalog, port))
    fine = all(one.fine for one in found)
    if as_json:
        print(json.dumps({"fine": fine, "findings": [one.to_dict() for one in found]}))
        return int(not fine)
    width = max(len(one.name) for one in found)
    for one in found:
        print(f"{'  ' if one.fine else '! '}{one.name:<{width}}  {one.told}")
    return int(not fine)
