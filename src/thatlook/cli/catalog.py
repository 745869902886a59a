"""`thatlook catalog`: what is in a catalog, what is wrong with it, and its upkeep."""

from __future__ import annotations

import json
import signal
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from thatlook.cli.command import Group, together
from thatlook.cli.options import COUNT, PATH, address, catalog_option, json_option
from thatlook.core.errors import SettingsError, UnknownProductError

if TYPE_CHECKING:
    from thatlook.quality.catalog_audit import CatalogAudit
    from thatlook.store.catalog.catalog import Catalog

SHOWN: Final = 20

shared_options = together(catalog_option, json_option)


@click.group(cls=Group)
def catalog() -> None:
    """What is in a catalog, and its upkeep."""


def _opened(folder: str) -> Catalog:
    from thatlook.store.catalog.catalog import Catalog

    return Catalog.open(folder, create=False)


@catalog.command(stage="The products", examples=("thatlook catalog info --catalog catalog",))
@shared_options
def info(catalog: str, as_json: bool) -> int:
    """Counts, sizes and the network."""
    from thatlook.store.scenes.shelf import SceneFacts

    with _opened(catalog) as opened:
        found, beside = opened.info(), SceneFacts.of(opened.home)
    if as_json:
        scenes = None if beside is None else asdict(beside)
        print(json.dumps(found.to_dict() | {"scenes": scenes}))
        return 0
    print(f"{found.products} products, {found.left} that left the feed, change {found.sequence}")
    print(f"network {found.model_key or 'none yet'}, vectors of {found.dim or 0}")
    if found.pair_key:
        print(f"pair {found.pair_key}, vectors of {found.pair_vectors} products")
    if beside:
        print(f"{beside.scenes} scenes beside it")
    print(f"{found.size_bytes / 1e6:.1f} MB, caches {found.cache_bytes / 1e6:.1f} MB")
    for category, genders in found.categories.items():
        counts = ", ".join(f"{count} {gender}" for gender, count in genders.items())
        print(f"{category:<11} {sum(genders.values()):>8}  {counts}")
    return 0


@catalog.command(
    "audit",
    stage="The products",
    examples=("thatlook catalog audit --catalog catalog --no-pictures",),
)
@shared_options
@click.option("--look", is_flag=True, help="the networks look at every picture")
@click.option("--no-pictures", is_flag=True, help="without opening any picture")
@click.option("--workers", type=COUNT, metavar="N", help="processes (default: the cores)")
def audit_catalog(
    catalog: str, as_json: bool, look: bool, no_pictures: bool, workers: int | None
) -> int:
    """What is wrong; exit status 1 where it is severe."""
    if look and no_pictures:
        raise SettingsError("--look looks at the pictures; leave out --no-pictures")
    from thatlook.quality.catalog_audit import AuditDepth, audit
    from thatlook.quality.picture_facts import open_analyzer

    factory = open_analyzer if look else None
    with _opened(catalog) as opened:
        found = audit(opened, AuditDepth(not no_pictures, factory, workers or 0))
    print(json.dumps(found.to_dict()) if as_json else "\n".join(_told(found)))
    return int(found.severe)


def _told(found: CatalogAudit) -> Iterator[str]:
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


@catalog.command(
    "export",
    stage="The products",
    examples=("thatlook catalog export products.jsonl --catalog catalog",),
)
@shared_options
@click.argument("file", type=PATH)
@click.option("--vectors", is_flag=True, help="with vectors, boxes, attributes")
@click.option("--left", is_flag=True, help="with products that left the feed")
def export_products(catalog: str, as_json: bool, file: Path, vectors: bool, left: bool) -> int:
    """The products as a .jsonl, .parquet or .csv FILE."""
    from thatlook.store.catalog.export import export

    with _opened(catalog) as opened:
        count = export(opened, file, vectors=vectors, left=left)
    _say(as_json, {"file": str(file), "products": count}, f"{count} products in {file}")
    return 0


@catalog.command(
    stage="The products", examples=("thatlook catalog remove 15970 21379 --catalog catalog",)
)
@shared_options
@click.argument("ids", nargs=-1, required=True, metavar="PRODUCT_ID...")
def remove(catalog: str, as_json: bool, ids: tuple[str, ...]) -> int:
    """Delete products for good."""
    with _opened(catalog) as opened:
        removed = opened.remove(ids)
    unknown = [product_id for product_id in ids if product_id not in removed]
    _say(as_json, {"removed": removed, "unknown": unknown}, f"{len(removed)} products removed")
    for product_id in unknown:
        print(f"thatlook: {UnknownProductError(product_id)}", file=sys.stderr)
    return int(bool(unknown))


@catalog.command(
    "feed-search",
    stage="The search cluster",
    examples=("thatlook catalog feed-search --catalog shop.toml --once",),
)
@shared_options
@click.option("--once", is_flag=True, help="end when the cluster has all changes")
@click.option("--rebuild", is_flag=True, help="empty the collection first, and feed it anew")
def feed_search(catalog: str, as_json: bool, once: bool, rebuild: bool) -> int:
    """Bring what changes to the search cluster that the catalog names.

    Goes on where the cluster is, and runs until it is told to stop; one feeds at a time, another
    waits for its turn.
    """
    with _opened(catalog) as opened:
        if opened.cluster is None:
            raise SettingsError(f"{catalog}: its search is built in and needs no feeding")
        feed = opened.cluster.feed()
        if rebuild:
            feed.rebuild()
        if not once:
            feed.run(_told_to_stop())
            return 0
        count, lag = feed.catch_up(), opened.cluster.lag(strong=True)
    _say(as_json, {"fed": count, "lag": lag}, f"{count} changes fed, {lag} to go")
    return int(lag > 0)


def _told_to_stop() -> threading.Event:
    """What is set when this process is told to end."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


@catalog.command(
    "snapshot",
    stage="Versions",
    examples=("thatlook catalog snapshot before-sale --catalog catalog",),
)
@shared_options
@click.argument("name")
def take_snapshot(catalog: str, as_json: bool, name: str) -> int:
    """Keep the whole catalog under a NAME."""
    from thatlook.store.catalog.versions import snapshot

    with _opened(catalog) as opened:
        folder = snapshot(opened, name)
    _say(as_json, {"version": name, "folder": str(folder)}, f"kept as {folder}")
    return 0


@catalog.command(
    "versions", stage="Versions", examples=("thatlook catalog versions --catalog catalog",)
)
@shared_options
def list_versions(catalog: str, as_json: bool) -> int:
    """The names that are kept."""
    from thatlook.store.catalog.versions import versions

    with _opened(catalog) as opened:
        names = versions(opened)
    _say(as_json, {"versions": names}, "\n".join(names))
    return 0


@catalog.command(
    "compare",
    stage="Versions",
    examples=("thatlook catalog compare before-sale --catalog catalog -k 10",),
)
@shared_options
@click.argument("name", required=False, default="")
@click.argument("more", nargs=-1, metavar="[PRODUCT_ID]...")
@click.option("-k", type=COUNT, default=10, help="answers compared (default 10)")
@click.option("--queries", type=COUNT, default=200, metavar="N", help="how many (default 200)")
@click.option("--ids", multiple=True, metavar="PRODUCT_ID", help="the queries, else some are drawn")
@click.option(
    "--pair", is_flag=True, help="the text-image pair beside the embedding network instead"
)
def compare_version(
    catalog: str, as_json: bool, name: str, more: tuple[str, ...], pair: bool, **drawn: Any
) -> int:
    """How the version NAME answers differently, or the catalog at that address (./FOLDER).

    With --pair: how the text-image pair's vectors do.
    """
    from thatlook.store.catalog.versions import compare, compare_pair

    if pair == bool(name):
        raise SettingsError("name a version to compare with, or give --pair, one of both")
    with _opened(catalog) as opened:
        if pair:
            found = compare_pair(opened, **drawn)
        else:
            found = compare(opened, name, **drawn | {"ids": drawn["ids"] + more})
    if as_json:
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


@catalog.command(
    "rollback",
    stage="Versions",
    examples=("thatlook catalog rollback before-sale --catalog catalog",),
)
@shared_options
@click.argument("name")
def go_back(catalog: str, as_json: bool, name: str) -> int:
    """Make the version NAME the present."""
    from thatlook.store.catalog.versions import rollback

    with _opened(catalog) as opened:
        count = rollback(opened, name)
    words = f"{count} products changed; the present is now {name}"
    _say(as_json, {"version": name, "changed": count}, words)
    return 0


@catalog.command(
    "backup", stage="Backups", examples=("thatlook catalog backup saved --catalog catalog",)
)
@shared_options
@click.argument("folder", type=PATH)
def back_up(catalog: str, as_json: bool, folder: Path) -> int:
    """Copy what is truth to a new FOLDER, a catalog too."""
    from thatlook.store.catalog.backup import backup

    with _opened(catalog) as opened:
        done = backup(opened, folder)
    words = f"{done.products} products, {done.pictures} pictures that were put, in {folder}"
    if done.missing:
        words += f"; {done.missing} of their pictures were gone before"
    _say(as_json, done.to_dict(), words)
    return 0


@catalog.command(
    "restore", stage="Backups", examples=("thatlook catalog restore saved --catalog catalog",)
)
@shared_options
@click.argument("folder", type=PATH)
def bring_back(catalog: str, as_json: bool, folder: Path) -> int:
    """Make the backup in FOLDER the present.

    A damaged catalog is moved to damaged-N beside: stop the service first.
    """
    from thatlook.store.catalog.backup import restore

    count = restore(folder, catalog)
    words = f"{count} products changed; the present is now {folder}"
    _say(as_json, {"folder": str(folder), "changed": count}, words)
    return 0


@catalog.command(
    "copy",
    stage="Elsewhere",
    examples=("thatlook catalog copy catalog postgresql://shop@db.example/shop",),
)
@click.argument("source", metavar="FROM", type=address)
@click.argument("target", metavar="TO", type=address)
@json_option
def copy_to(source: str, target: str, as_json: bool) -> int:
    """Make the catalog TO a copy of FROM: a folder to a database, or back.

    Goes on where it was interrupted, and compares both in the end.
    """
    from thatlook.store.catalog.copying import copy_catalog

    done = copy_catalog(source, target, progress=True)
    words = f"{done.products} products in {target}: {done.put} put, {done.removed} removed"
    _say(as_json, done.to_dict(), f"{words}; sha256 {done.sha256}")
    return 0


def _say(as_json: bool, result: Mapping[str, Any], words: str) -> None:
    print(json.dumps(result) if as_json else words)
