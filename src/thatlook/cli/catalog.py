"""`thatlook catalog`: what is in a catalog, what is wrong with it, and its upkeep."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from thatlook.cli.command import Command
from thatlook.core.errors import SettingsError, UnknownProductError
from thatlook.quality.catalog_audit import Audit, Looking, audit
from thatlook.quality.picture_facts import open_analyzer
from thatlook.store.catalog.catalog import Catalog
from thatlook.store.catalog.export import export
from thatlook.store.catalog.versions import compare, rollback, snapshot, versions

SHOWN: Final = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of `thatlook catalog`: one sub-command each."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _action(actions, "info", "counts, sizes and the network", _info)
    added = _action(actions, "audit", "what is wrong; exit status 1 where it is severe", _audit)
    added.add_argument("--look", action="store_true", help="the networks look at every picture")
    added.add_argument("--no-pictures", action="store_true", help="without opening any picture")
    added.add_argument("--workers", type=_positive, default=0, metavar="N", help="processes")
    added = _action(actions, "export", "the products as a .jsonl or .parquet file", _export)
    added.add_argument("file", type=Path, metavar="FILE")
    added.add_argument("--vectors", action="store_true", help="with vectors, boxes, attributes")
    added.add_argument("--left", action="store_true", help="with products that left the feed")
    added = _action(actions, "remove", "deletes products for good", _remove)
    added.add_argument("ids", nargs="+", metavar="PRODUCT_ID")
    added = _action(actions, "snapshot", "keeps the whole catalog under a name", _snapshot)
    added.add_argument("name", metavar="NAME")
    _action(actions, "versions", "the names that are kept", _versions)
    added = _action(actions, "compare", "how a version answers differently", _compare)
    added.add_argument("name", metavar="NAME")
    added.add_argument("-k", type=_positive, default=10, help="answers compared (default 10)")
    added.add_argument("--queries", type=_positive, default=200, metavar="N", help="how many")
    added.add_argument("--ids", nargs="+", default=[], metavar="PRODUCT_ID", help="the queries")
    added = _action(actions, "rollback", "makes a version the present", _rollback)
    added.add_argument("name", metavar="NAME")


def _action(
    actions: Any, name: str, summary: str, command: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    added: argparse.ArgumentParser = actions.add_parser(name, help=summary, description=summary)
    added.add_argument("--catalog", required=True, metavar="DIR", help="the catalog's folder")
    added.add_argument("--json", action="store_true", help="the result as JSON")
    added.set_defaults(act=command)
    return added


def run(args: argparse.Namespace) -> int:
    """Runs the sub-command; returns the exit status."""
    command: Callable[[argparse.Namespace], int] = args.act
    return command(args)


def _opened(args: argparse.Namespace) -> Catalog:
    return Catalog.open(args.catalog, create=False)


def _info(args: argparse.Namespace) -> int:
    with _opened(args) as catalog:
        info = catalog.info()
    if args.json:
        print(json.dumps(info.to_dict()))
        return 0
    print(f"{info.products} products, {info.left} that left the feed, change {info.sequence}")
    print(f"network {info.model_key or 'none yet'}, vectors of {info.dim or 0}")
    print(f"{info.size_bytes / 1e6:.1f} MB, caches {info.cache_bytes / 1e6:.1f} MB")
    for category, genders in info.categories.items():
        counts = ", ".join(f"{count} {gender}" for gender, count in genders.items())
        print(f"{category:<11} {sum(genders.values()):>8}  {counts}")
    return 0


def _audit(args: argparse.Namespace) -> int:
    if args.look and args.no_pictures:
        raise SettingsError("--look looks at the pictures; leave out --no-pictures")
    factory = open_analyzer if args.look else None
    with _opened(args) as catalog:
        found = audit(catalog, Looking(not args.no_pictures, factory, args.workers))
    print(json.dumps(found.to_dict()) if args.json else "\n".join(_told(found)))
    return int(found.severe)


def _told(found: Audit) -> Iterator[str]:
    """The first findings of each kind, then the counts."""
    counts: Counter[str] = Counter()
    for finding in found.findings:
        counts[finding.kind] += 1
        if counts[finding.kind] <= SHOWN:
            yield f"{finding.kind:<16} {finding.product_id:<20} {finding.message}"
    yield from found.lines() or ["nothing is wrong"]
    if found.checked.empty_fields:
        yield f"no product has: {', '.join(found.checked.empty_fields)}"
    for reason, kinds in _by_reason(found.not_checked).items():
        yield f"not checked: {', '.join(kinds)}: {reason}"


def _by_reason(reasons: Mapping[str, str]) -> dict[str, list[str]]:
    kinds: dict[str, list[str]] = {}
    for kind, reason in reasons.items():
        kinds.setdefault(reason, []).append(kind)
    return kinds


def _export(args: argparse.Namespace) -> int:
    with _opened(args) as catalog:
        count = export(catalog, args.file, vectors=args.vectors, left=args.left)
    _say(args, {"file": str(args.file), "products": count}, f"{count} products in {args.file}")
    return 0


def _remove(args: argparse.Namespace) -> int:
    with _opened(args) as catalog:
        removed = catalog.remove(args.ids)
    unknown = [product_id for product_id in args.ids if product_id not in removed]
    _say(args, {"removed": removed, "unknown": unknown}, f"{len(removed)} products removed")
    for product_id in unknown:
        print(f"thatlook: {UnknownProductError(product_id)}", file=sys.stderr)
    return int(bool(unknown))


def _snapshot(args: argparse.Namespace) -> int:
    with _opened(args) as catalog:
        folder = snapshot(catalog, args.name)
    _say(args, {"version": args.name, "folder": str(folder)}, f"kept as {folder}")
    return 0


def _versions(args: argparse.Namespace) -> int:
    with _opened(args) as catalog:
        names = versions(catalog)
    _say(args, {"versions": names}, "\n".join(names))
    return 0


def _compare(args: argparse.Namespace) -> int:
    with _opened(args) as catalog:
        found = compare(catalog, args.name, queries=args.queries, k=args.k, ids=args.ids)
    if args.json:
        print(json.dumps(found.to_dict()))
        return 0
    print(f"{found.version}: {found.model_before}; now: {found.model_now}")
    print(f"products: {found.in_both} in both, {found.only_before} only before, ", end="")
    print(f"{found.only_now} only now")
    overlap = "-" if found.overlap is None else f"{found.overlap:.3f}"
    print(f"overlap@{found.k} over {found.queries} products: {overlap}")
    for change in found.changes[:SHOWN]:
        print(f"{change.overlap:.2f}  {change.product_id}: {' '.join(change.before)}")
        print(f"{'':>4}  {'now':>{len(change.product_id)}}: {' '.join(change.now)}")
    return 0


def _rollback(args: argparse.Namespace) -> int:
    with _opened(args) as catalog:
        count = rollback(catalog, args.name)
    words = f"{count} products changed; the present is now {args.name}"
    _say(args, {"version": args.name, "changed": count}, words)
    return 0


def _positive(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of 1 or more, not {text!r}")
    return int(text)


def _say(args: argparse.Namespace, result: Mapping[str, Any], words: str) -> None:
    print(json.dumps(result) if args.json else words)


CATALOG = Command(add_arguments, run)
