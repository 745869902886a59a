"""What products are ranked by, read from columns and kept for those found lately."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np

from thatlook.core.errors import UnknownProductError
from thatlook.search.index.query import Moment
from thatlook.search.stored import Candidates
from thatlook.store.catalog.kept import MOST, Changes, Kept
from thatlook.store.catalog.reads import RankedRow

Read = Callable[[Sequence[str], Moment | None], Mapping[str, RankedRow]]
"""Gives the rows of products as of now, or at least as of a moment."""


class Ranked:
    """The candidates of one catalog, as of its last change. Threads may share it.

    `read` is whoever keeps the rows already; without it they are kept here.
    """

    def __init__(self, changes: Changes, read: Read | None = None, kept: int = MOST) -> None:
        rows = Kept(changes, changes.store.ranked_rows, kept)
        self._read = read or (lambda ids, moment: rows.rows(ids, moment)[0])
        self._styles = VagueStyles(changes)

    def candidates(self, ids: Sequence[str], moment: Moment | None = None) -> Candidates:
        """See ProductStore; raises UnknownProductError."""
        found = self._read(ids, moment)
        try:
            rows = [found[product_id] for product_id in ids]
        except KeyError as error:
            raise UnknownProductError(error.args[0]) from None
        vectors, traits, styles = zip(*rows, strict=True) if rows else ((), (), ())
        numbers = np.frombuffer(b"".join(vectors), "<f4").astype(np.float32, copy=False)
        dim = len(vectors[0]) // 4 if rows else 0
        return Candidates(numbers.reshape(len(rows), dim), traits, styles)

    def vague_styles(self, styles: Collection[str], moment: Moment | None = None) -> set[str]:
        """See ProductStore."""
        return self._styles.among(styles, moment)


class VagueStyles:
    """Which names of styles name none, kept until anything changes: it hangs on all products that
    have the name. Threads may share it.
    """

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._known: dict[str, bool] = {}
        self._moment: Moment | None = None

    def among(self, styles: Collection[str], moment: Moment | None) -> set[str]:
        """Those of the styles that are vague now; as of `moment` or later where one is given."""
        store = self._changes.store
        if moment is None:
            return store.vague_styles(styles)
        with store.database.lock:
            seen = self._changes.look(moment)
            if seen != self._moment or len(self._known) > MOST:
                self._known, self._moment = {}, seen
            unknown = set(styles) - self._known.keys()
            vague = store.vague_styles(unknown)
            self._known |= {style: style in vague for style in unknown}
            return {style for style in styles if self._known[style]}
