"""What a feed takes away: the products that it does not have, and how many are too many."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from thatlook.core.errors import FeedError
from thatlook.store.catalog import SeenIds
from thatlook.store.feed import FeedRow, Problem

FEW: Final = 5
"""So many products may always leave, also where they are more than the share."""
_SHOWN: Final = 5


class Roll:
    """Notes which ids a feed has; `usable` and `unreadable` count rows.

    An unreadable row is one whose id cannot be told: it may be that of any product.
    """

    def __init__(self, seen: SeenIds) -> None:
        self._seen = seen
        self.usable = 0
        self.unreadable = 0

    def call(self, row: FeedRow | Problem) -> bool:
        """Notes a row; whether it is the first usable one of its id."""
        if isinstance(row, FeedRow):
            first = self._seen.see(row.product.id)
            self.usable += first
            return first
        if not row.kept:
            self.unreadable += not row.product_id
            self._seen.see(row.product_id, usable=False)  # in the feed still: it is kept
        return False


def check_ahead(
    name: str, rows: Iterable[FeedRow | Problem], seen: SeenIds, limit: float | None
) -> None:
    """Reads a feed for its ids alone, before anything is changed; raises as `check` does.

    A feed that is going to mark nothing as gone, because it breaks off, has no usable row, or
    has unreadable ones, passes.
    """
    if limit is None or seen.products() <= FEW:
        return
    roll = Roll(seen)
    try:
        for row in rows:
            roll.call(row)
    except FeedError:
        return  # whoever reads the feed next is told
    if roll.usable and not roll.unreadable:
        check(name, seen, limit)


def check(name: str, seen: SeenIds, limit: float | None) -> None:
    """Raises FeedError where what was not seen is too much to be believed.

    That is more than FEW products and more than the share `limit` of them; None believes all.
    """
    products, absent = seen.products(), seen.unseen_count()
    if limit is None or absent <= max(FEW, limit * products):
        return
    first = ", ".join(next(seen.unseen(_SHOWN)))
    raise FeedError(
        f"{name}: does not have {absent} of the catalog's {products} products, more than "
        f"{100 * limit:g} %; first {first}. Nothing was marked as gone. If they have left the "
        "shop, keep a version (thatlook catalog snapshot NAME, brought back by thatlook catalog "
        "rollback NAME) and index with --allow-removals"
    )
