"""The audit on the command line: `thatlook evaluate article --audit DATA`.

The host command adds these arguments to its own and calls `run` where `--audit` is given; a
training calls `audited` before it starts.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from thatlook.data.audit import Audit, audit
from thatlook.data.reading import read
from thatlook.data.records import Dataset
from thatlook.data.sheet import contact_sheet
from thatlook.data.table import table


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds --audit, --map-class, --sheet and --audit-json to `parser`."""
    parser.add_argument(
        "--audit",
        metavar="DATA",
        help="check the labels of a YOLO folder, a COCO file or folder, or street photos",
    )
    add_drawing_arguments(parser)


def add_drawing_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what `audited` reads: --map-class, --sheet and --audit-json."""
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


def run(
    args: argparse.Namespace,
    split_of: Callable[[str], str] | None = None,
    *,
    people: bool = False,
) -> int:
    """Prints the audit of the data that `args.audit` names; exit status 1 when it has errors.

    `split_of` gives file names their split where the data has none; `people` looks at key points
    too. Raises SettingsError.
    """
    _, found = audited(args.audit, args, split_of, people=people)
    return 1 if found.errors else 0


def audited(
    data: str | Path,
    args: argparse.Namespace,
    split_of: Callable[[str], str] | None = None,
    *,
    people: bool = False,
) -> tuple[Dataset, Audit]:
    """The data set at `data` and its audit, printed, drawn and written as `args` ask.

    `people` looks at key points too. Whether errors stop anything is the caller's:
    `Audit.require`. Raises SettingsError.
    """
    dataset = read(data, dict(args.map_class), split_of)
    found = audit(dataset, people=people)
    sys.stdout.write(table(found) + "\n")
    if args.sheet:
        shown = contact_sheet(dataset, found, Path(args.sheet))
        print(f"thatlook: {shown} photos drawn in {args.sheet}", file=sys.stderr)
    if args.audit_json:
        text = json.dumps(found.to_dict(), indent=1) + "\n"
        Path(args.audit_json).write_text(text, encoding="utf-8")
    return dataset, found
