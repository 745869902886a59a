"""The partitions of a catalog: read from cache files where they are good, else from SQLite."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from pathlib import Path
from typing import Final

from thatlook.search.index.block import Block
from thatlook.search.index.cache import (
    Cached,
    CacheError,
    Origin,
    OtherFormatError,
    read_block,
    write_block,
)
from thatlook.search.index.partition import Partition
from thatlook.search.index.partitioned import Key, merged
from thatlook.store.catalog.reads import Reads
from thatlook.store.catalog.rows import Change

CACHED_FROM: Final = 500
"""Smaller partitions are read from SQLite as quickly as from a file."""
_BEHIND: Final = 1000
"""A file is written again for changes elsewhere only when it misses more than this many."""
_CAUGHT_UP: Final = 10_000
"""A block that misses at most this many changes, or its own size, is brought up to date."""
_LEFTOVER_SECONDS: Final = 3600

_log = logging.getLogger(__name__)


class Blocks:
    """Loads partitions as of the read transaction that is open, and keeps their cache files.

    A file that is damaged, or made from something else than this catalog's present, is never
    used: a warning is logged and the block made again. One that is only behind is brought up
    to date by the changes since.
    """

    def __init__(self, folder: Path, store: Reads) -> None:
        self._folder = folder
        self._store = store
        self._changes: tuple[int, list[Change]] | None = None
        self._written: dict[Key, tuple[Block, int]] = {}

    def load(self, key: Key) -> Partition:
        """The partition with everything that is committed."""
        origin = self._origin(key)
        cached = self._usable(key, origin)
        if cached is None:
            made = Partition.of(self._store.block(*key, self._store.dim or 0), quick=True)
            return self._saved(key, made, origin)
        self._written[key] = (cached.block, cached.origin.sequence)
        if cached.origin.sequence == origin.sequence:
            return Partition.of(cached.block, cached.scan)
        changes = self._since(cached.origin.sequence)
        found = Partition.of(cached.block, cached.scan).without([c.product_id for c in changes])
        entries = [c.entry for c in changes if c.entry is not None]
        found = found.with_entries([e for e in entries if (e.category, e.gender) == key])
        if found.worn:
            return self._saved(key, Partition.of(merged(found), quick=True), origin)
        return found

    def save(self, key: Key, partition: Partition) -> Partition:
        """The partition with its tail in the main block, its best scan, and in its cache file."""
        origin = self._origin(key)
        block, sequence = self._written.get(key, (None, 0))
        if len(partition.tail) or not partition.live.all():
            partition = Partition.of(merged(partition))
        elif not partition.final:
            partition = Partition.of(partition.main)
        elif partition.main is block and origin.sequence - sequence <= _BEHIND:
            return partition
        return self._saved(key, partition, origin)

    def forget(self) -> None:
        """Lets go of what was read for several partitions of one transaction."""
        self._changes = None

    def tidy(self) -> None:
        """Removes what killed processes left half written, an hour after."""
        for pattern in (".*.part", ".new-*"):  # the second is of earlier versions
            for left in self._folder.glob(pattern):
                if time.time() - left.stat().st_mtime > _LEFTOVER_SECONDS:
                    left.unlink(missing_ok=True)

    def _path(self, key: Key) -> Path:
        return self._folder / f"{key[0]}.{key[1]}.block"

    def _origin(self, key: Key) -> Origin:
        """What a block made now is made from."""
        store = self._store
        sequence = store.sequence()
        key_and_dim = (store.model_key or "", store.dim or 0)
        return Origin(store.catalog_id(), *key_and_dim, *key, sequence, store.token(sequence))

    def _usable(self, key: Key, now: Origin) -> Cached | None:
        """The cached block, unless it is not there, damaged, of another version, stale or too far
        behind.
        """
        path = self._path(key)
        try:
            cached = read_block(path)
        except OtherFormatError:
            return None
        except CacheError as error:
            _log.warning("%s: %s; the block is made again", path, error)
            return None
        if cached is None:
            return None
        made = cached.origin
        token = self._store.token(made.sequence)
        if (
            replace(now, sequence=made.sequence, token=token) != made
            or made.sequence > now.sequence
        ):
            _log.warning("%s: made from another state of the catalog; it is made again", path)
            return None
        behind = now.sequence - made.sequence
        return cached if behind <= max(_CAUGHT_UP, len(cached.block)) else None

    def _since(self, sequence: int) -> list[Change]:
        if self._changes is None or self._changes[0] != sequence:
            self._changes = (sequence, self._store.changes(sequence))
        return self._changes[1]

    def _saved(self, key: Key, partition: Partition, origin: Origin) -> Partition:
        """The partition, its main block written to the cache if it is worth it and possible."""
        if len(partition.main) >= CACHED_FROM:
            try:
                write_block(self._path(key), origin, partition.main, partition.scan)
                self._written[key] = (partition.main, origin.sequence)
            except OSError as error:
                _log.warning("%s: the cache is not written: %s", self._path(key), error)
        return partition
