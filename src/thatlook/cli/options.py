"""Options that several commands share."""

from __future__ import annotations

import argparse
from pathlib import Path

PRINTED = "-"
"""The value of --json without a file."""


def add_labels(parser: argparse.ArgumentParser) -> None:
    """Add how labels are read and their audit is shown."""
    group = parser.add_argument_group("label audit")
    group.add_argument(
        "--map-class",
        action="append",
        default=[],
        type=_pair,
        metavar="NAME=CATEGORY",
        help="what a class of the data is (repeat it); other leaves it out",
    )
    group.add_argument("--sheet", metavar="PNG", help="draw labelled photos, doubtful ones first")
    group.add_argument("--audit-json", metavar="FILE", help="write the findings there")


def _pair(text: str) -> tuple[str, str]:
    name, equals, category = text.rpartition("=")
    if not (name and equals and category):
        raise argparse.ArgumentTypeError(f"expected NAME=CATEGORY, not {text!r}")
    return name, category


def add_pairs(parser: argparse.ArgumentParser) -> None:
    """Add which pairs of scenes and products are read."""
    group = parser.add_argument_group("pairs of scenes and products")
    group.add_argument(
        "--pairs",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="a CSV of pairs, or a folder of them as `thatlook train pairs` makes it (repeat it)",
    )
    group.add_argument("--pair-images", type=Path, metavar="DIR", help="where else pictures lie")
    group.add_argument("--pair-audit-json", type=Path, metavar="FILE", help="write findings there")
    group.add_argument(
        "--ignore-pair-audit", action="store_true", help="go on although pairs have errors"
    )


def add_measured(parser: argparse.ArgumentParser) -> None:
    """Add the data folder, the network and where the report goes."""
    parser.add_argument("--data", type=Path, help="folder with street/ and catalog/")
    parser.add_argument("--sample", type=Path, help="folder of the rendered sample, with pairs/")
    parser.add_argument("--model", default="", help="a registry entry (default: what ships)")
    parser.add_argument("--threads", type=int, default=0, help="0: one per core")
    parser.add_argument(
        "--json", nargs="?", const=PRINTED, metavar="FILE", help="as JSON: in FILE, or printed"
    )
    parser.add_argument("--html", type=Path, metavar="FILE", help="write the page there")
