"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from thatlook.cli.command import Decorated, together

PATH = click.Path(path_type=Path)
COUNT = click.IntRange(min=1)
PRINTED = "-"
"""The value of --json without a file."""


def address(text: str) -> str:
    """A catalog's folder or its address, as it was given; refuses one with a password."""
    if "://" in text:
        from thatlook.core.addresses import without_password

        shown, told = without_password(text)
        if told:
            raise click.BadParameter(
                f"{shown}: leave out the password, which others on this machine could read here; "
                "set PGPASSWORD, or name its variable in a catalog.toml (store_password_env)"
            )
    return text


catalog_option = click.option(
    "--catalog",
    required=True,
    type=address,
    metavar="DIR",
    help="the catalog's folder, or its address",
)
json_option = click.option("--json", "as_json", is_flag=True, help="the result as JSON")


def json_file_option(name: str = "json") -> Callable[[Decorated], Decorated]:
    """--json with or without a file; `name` is the parameter's."""
    return click.option(
        "--json",
        name,
        is_flag=False,
        flag_value=PRINTED,
        metavar="[FILE]",
        help="as JSON: in FILE, or printed",
    )


private_option = click.option(
    "--allow-private", is_flag=True, help="also hosts inside your own network"
)
boxes_option = click.option("--boxes", type=PATH, help="JSON of the products' own articles by id")


def named(value: str) -> Callable[[str], tuple[str, str]]:
    """The type of an option NAME=`value`: both, of which NAME may hold an equals sign."""

    def parse(text: str) -> tuple[str, str]:
        name, equals, found = text.rpartition("=")
        if not (name and equals and found):
            raise click.BadParameter(f"expected NAME={value}, not {text!r}")
        return name, found

    return parse


labels_options = together(
    click.option(
        "--map-class",
        multiple=True,
        type=named("CATEGORY"),
        metavar="NAME=CATEGORY",
        help="what a class of the data is (repeat it); other leaves it out",
    ),
    click.option("--sheet", metavar="PNG", help="draw labelled photos, doubtful ones first"),
    click.option("--audit-json", metavar="FILE", help="write the audit's findings there"),
    heading="Labels",
)
"""How labels are read and their audit is shown."""

pairs_options = together(
    click.option(
        "--pairs",
        multiple=True,
        type=PATH,
        metavar="FILE",
        help="a CSV of pairs, or a folder of them as `thatlook train pairs` makes it (repeat it)",
    ),
    click.option(
        "--pair-images", type=PATH, metavar="DIR", help="where else pictures of pairs lie"
    ),
    click.option(
        "--pair-audit-json", type=PATH, metavar="FILE", help="write the pair audit's findings there"
    ),
    click.option("--ignore-pair-audit", is_flag=True, help="go on although pairs have errors"),
    heading="Pairs",
)
"""Which pairs of scenes and products are read."""

outfit_options = together(
    click.option("--data", type=PATH, help="folder with street/: what people wear in its photos"),
    click.option("--eye-labels", type=PATH, metavar="DIR", help="labels/ of the repository"),
    click.option("--sample", type=PATH, help="folder of rendered looks"),
    click.option(
        "--outfits",
        type=PATH,
        metavar="CSV",
        help="outfits or order baskets: outfit_id and product_id of --catalog",
    ),
    click.option("--catalog", type=address, metavar="DIR", help="the products of --outfits"),
    click.option("--polyvore", type=PATH, metavar="DIR", help="a folder in Polyvore's format"),
    click.option("--cache", type=PATH, metavar="DIR", help="keeps vectors between runs"),
    click.option("--embedding", default="", help="a registry entry (default: what ships)"),
    click.option("--threads", type=int, default=0, help="0, the default: one per core"),
)
"""Which outfits are read."""
