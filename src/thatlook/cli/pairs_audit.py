"""Pairs on the command line: what every command that takes pairs reads, splits and audits."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from thatlook.data.audit import Audit
from thatlook.data.pairs.audit import Looked, audit, look, table
from thatlook.data.pairs.reading import read
from thatlook.data.pairs.records import Pair, PairSet
from thatlook.data.pairs.splitting import split


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds --pairs, --pair-images, --pair-audit-json and --ignore-pair-audit to `parser`."""
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


def audited(args: argparse.Namespace, split_of: Callable[[str], str]) -> list[Pair]:
    """All pairs that `args` names: read, split by product, audited, the tables printed to stderr.

    Raises SettingsError where an audit has errors and `args.ignore_pair_audit` is not set, or
    pairs cannot be read. With it, pairs whose pictures cannot be read are left out.
    """
    pairs: list[Pair] = []
    audits: list[Audit] = []
    for path in args.pairs:
        found, seen, looked = checked(read(path, args.pair_images), split_of)
        print(table(seen), file=sys.stderr)
        audits.append(seen)
        pairs += usable(found.pairs, looked)
    if args.pair_audit_json and audits:
        text = json.dumps([one.to_dict() for one in audits], indent=1) + "\n"
        args.pair_audit_json.write_text(text, encoding="utf-8")
    for one in audits:
        one.require(args.ignore_pair_audit)
    return pairs


def checked(
    found: PairSet, split_of: Callable[[str], str] | None = None
) -> tuple[PairSet, Audit, Looked]:
    """The pairs with their split, their audit, and what was seen of their pictures.

    `split_of` gives groups of products their side where the source has none.
    """
    looked = look(found.pairs)
    if split_of is not None:
        same, near = looked.among([pair.product.place for pair in found.pairs])
        alike = near + [(group[0], other) for group in same for other in group[1:]]
        found = replace(found, pairs=split(found.pairs, split_of, alike))
    return found, audit(found, looked), looked


def usable(pairs: Sequence[Pair], looked: Looked) -> list[Pair]:
    """The pairs of which both pictures can be read."""
    return [p for p in pairs if all(shot.place in looked.sizes for shot in p.shots)]
