"""Pairs read, split by product and audited: what every command that takes pairs does."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from thatlook.core.files import write_whole
from thatlook.data.audit import DatasetAudit
from thatlook.data.pairs.audit import Looked, audit, look, table
from thatlook.data.pairs.reading import read
from thatlook.data.pairs.records import Pair, PairSet
from thatlook.data.pairs.splitting import split


@dataclass(frozen=True, kw_only=True)
class PairOptions:
    """Which pairs are read, where else their pictures lie, and what their audit does."""

    pairs: Sequence[Path] = ()
    pair_images: Path | None = None
    pair_audit_json: Path | None = None
    ignore_pair_audit: bool = False


def audited(options: PairOptions, split_of: Callable[[str], str]) -> list[Pair]:
    """All pairs that the options name: read, split by product, audited, tables on stderr.

    Raises DataError where an audit has errors and `ignore_pair_audit` is not set, or pairs cannot
    be read. With it, pairs whose pictures cannot be read are left out.
    """
    pairs: list[Pair] = []
    audits: list[DatasetAudit] = []
    for path in options.pairs:
        found, seen, looked = checked(read(path, options.pair_images), split_of)
        print(table(seen), file=sys.stderr)
        audits.append(seen)
        pairs += usable(found.pairs, looked)
    if options.pair_audit_json and audits:
        text = json.dumps([one.to_dict() for one in audits], indent=1) + "\n"
        write_whole(options.pair_audit_json, text.encode())
    for one in audits:
        one.require(options.ignore_pair_audit)
    return pairs


def checked(
    found: PairSet, split_of: Callable[[str], str] | None = None
) -> tuple[PairSet, DatasetAudit, Looked]:
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
