"""What is wrong with a catalog: the store itself, its vectors, and its products and pictures,
by the same checks as a feed's report.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from thatlook.core.processes import available_cores
from thatlook.core.settings import Settings
from thatlook.quality.checks.product import ProductFinding
from thatlook.quality.checks.whole import Checked, check_all
from thatlook.quality.facts import PictureFacts, PictureSeen
from thatlook.quality.picture_facts import PictureAnalyzerFactory, PictureJob, look_at
from thatlook.search.stored import Stored
from thatlook.store.catalog.catalog import Catalog
from thatlook.store.catalog.rows import UNIT_TOLERANCE

INTEGRITY: Final = {
    "damaged": "Damage in the store",
    "no_vector": "No vector",
    "bad_vector": "Bad vector",
    "other_model": "Vector of another network",
    "no_image": "Picture is gone",
}
"""What can be wrong with the store, and its name for people."""

SEVERE: Final = frozenset({*INTEGRITY, "broken_picture"})
"""Kinds of what keeps a product from being found or shown; the others are notes."""

OF_FILES: Final = ("broken_picture", "tiny_picture", "shared_picture")
"""What only a look at the picture files can find, beside files and pictures that are the same."""

OF_NETWORKS: Final = ("category_seen", "gender_seen", "color_seen")
"""What only the networks can find."""

_FEW: Final = 500
"""For fewer pictures than this another process is not worth its start."""


@dataclass(frozen=True, slots=True)
class AuditDepth:
    """How far an audit goes: `files` opens the pictures, `factory` lets the networks look at
    them, in `workers` processes (0: as many as are worth their start).
    """

    files: bool = True
    factory: PictureAnalyzerFactory | None = None
    workers: int = 0


@dataclass(frozen=True, slots=True)
class CatalogAudit:
    """What is wrong with a catalog of `products`.

    `integrity` is about the store (the kinds of INTEGRITY; `damaged` is what SQLite's own check
    finds, and rows that cannot be read), by ascending id. `checked` is what a feed's report would
    find. `not_checked` says by kind why it was not asked of all products.
    """

    products: int
    integrity: Sequence[ProductFinding]
    checked: Checked
    not_checked: Mapping[str, str]
    looked: bool

    @property
    def findings(self) -> list[ProductFinding]:
        """All findings, those about the store first."""
        return [*self.integrity, *self.checked.findings]

    @property
    def severe(self) -> bool:
        """Whether something keeps a product from being found or shown."""
        return any(finding.kind in SEVERE for finding in self.findings)

    def lines(self) -> list[str]:
        """The counts in words, one line for each kind that was found."""
        own = Counter(finding.kind for finding in self.integrity)
        counts = {name.lower(): own[kind] for kind, name in INTEGRITY.items()}
        told = [f"{count:>8,}  {name}" for name, count in counts.items() if count]
        return [*told, *self.checked.lines()]

    def to_dict(self) -> dict[str, Any]:
        """As JSON data, with the keys of a feed's report."""
        return {
            "products": self.products,
            "networks": self.looked,
            **self.checked.to_dict(),
            "findings_by_kind": dict(Counter(finding.kind for finding in self.findings)),
            "findings": [finding.to_dict() for finding in self.findings],
            "not_checked": dict(self.not_checked),
        }


def audit(catalog: Catalog, depth: AuditDepth | None = None) -> CatalogAudit:
    """Everything found wrong with the products that can be found, as of now.

    Without networks the catalog's own word counts for whether an article is seen in its
    picture. Raises ModelError where a network cannot be opened.
    """
    depth = depth or AuditDepth()
    surveyed = [one for one in catalog.surveyed() if isinstance(one, Stored)]
    active = [stored for stored in surveyed if stored.status == "active"]
    integrity = [ProductFinding("damaged", "", problem) for problem in catalog.damages()]
    integrity += (finding for stored in active for finding in _of(catalog, stored))
    facts = _facts(catalog, active, depth)
    return CatalogAudit(
        products=len(active),
        integrity=integrity,
        checked=check_all([stored.product for stored in active], facts),
        not_checked=_not_checked(len(active), facts.values(), depth),
        looked=depth.factory is not None,
    )


def _of(catalog: Catalog, stored: Stored) -> Iterator[ProductFinding]:
    name = stored.product.id
    for kind, message in _vector(catalog, stored):
        yield ProductFinding(kind, name, message)
    if stored.vector is not None and not _picture(catalog, stored).is_file():
        yield ProductFinding("no_image", name, f"the picture is gone: {stored.image}")


def _vector(catalog: Catalog, stored: Stored) -> Iterator[tuple[str, str]]:
    if stored.vector is None:
        yield "no_vector", "there is no vector; index the feed again"
        return
    length = float(np.linalg.norm(stored.vector))
    if stored.vector.shape != (catalog.dim,) or not abs(length - 1) <= UNIT_TOLERANCE:
        shape = stored.vector.shape
        yield (
            "bad_vector",
            f"expected a unit vector of {catalog.dim}, got {shape}, {length:.3f} long",
        )
    if stored.model_key != catalog.model_key:
        yield "other_model", f"the vector was made by {stored.model_key}"


def _picture(catalog: Catalog, stored: Stored) -> Path:
    return catalog.home / stored.image  # an absolute path stays as it is


def _facts(
    catalog: Catalog, active: Sequence[Stored], depth: AuditDepth
) -> dict[str, PictureFacts]:
    """What is known of each picture: what the catalog says, and what a look at the file adds."""
    facts, jobs = {}, []
    for stored in active:
        if stored.vector is None:
            continue
        name, path = stored.product.id, _picture(catalog, stored)
        facts[name] = PictureFacts(
            str(path), seen=PictureSeen(own=stored.found, vector=stored.vector)
        )
        if depth.files and path.is_file():
            jobs.append(PictureJob(name, stored.product.category, path))
    workers = depth.workers or min(available_cores(), 1 + len(jobs) // _FEW)
    for name, found in look_at(jobs, Settings.load(), factory=depth.factory, workers=workers):
        facts[name] = found if found.seen or found.error else replace(found, seen=facts[name].seen)
    return facts


def _not_checked(products: int, facts: Iterable[PictureFacts], depth: AuditDepth) -> dict[str, str]:
    """Kind -> why it was not asked of all products."""
    opened = sum(found.opened or bool(found.error) for found in facts)
    missing = f"{products - opened:,} of {products:,} pictures are not there"
    why_files = missing if products > opened else ""
    if not depth.files:
        why_files = "the pictures were not opened"
    why_networks = why_files if depth.factory else "the networks did not look; --look lets them"
    found = dict.fromkeys(OF_FILES, why_files) | dict.fromkeys(OF_NETWORKS, why_networks)
    return {kind: why for kind, why in found.items() if why}
