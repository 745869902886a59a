"""What is to be done with each row of a feed, compared with what the catalog has."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from pathlib import Path

from thatlook.core.addresses import is_url
from thatlook.core.errors import FetchError
from thatlook.store.catalog import Catalog, Row, State
from thatlook.store.catalog.rows import product_json
from thatlook.store.feed.pictures import PictureFolder
from thatlook.store.feed.rows import FeedRow
from thatlook.store.ingest.describing import MAX_IMAGES, DescribeJob, hash_of
from thatlook.store.product_row import stored_path


@dataclass(frozen=True, slots=True)
class Located:
    """A row of the feed with its pictures as files of this machine.

    `messages` say which pictures could not be had.
    """

    row: FeedRow
    files: tuple[str, ...]
    messages: tuple[str, ...] = ()


def located(row: FeedRow, pictures: PictureFolder) -> Located:
    """The row with the pictures behind URLs fetched.

    Where that fails, the copy of an earlier run serves, and the message says so.
    """
    files, messages = [], []
    for place in row.images[:MAX_IMAGES]:
        if not is_url(place):
            files.append(place)
            continue
        try:
            files.append(str(pictures.fetched(place)))
        except FetchError as error:
            copy = pictures.copy(place)
            files += [str(copy)] if copy else []
            messages.append(f"{error}{'; the earlier copy was kept' if copy else ''}")
    return Located(row, tuple(files), tuple(messages))


@dataclass(frozen=True, slots=True)
class Plan:
    """`jobs` need their pictures embedded, `updates` only the row stored; the rest is as it was."""

    jobs: tuple[DescribeJob, ...]
    updates: tuple[Row, ...]
    unchanged: int


def plan_of(
    rows: Sequence[Located], catalog: Catalog, readers: Executor, pair_key: str = ""
) -> Plan:
    """The plan for some rows with distinct ids. Files are read to compare their contents.

    With a `pair_key` products without a vector of that pair are embedded too.
    """
    states = catalog.states([one.row.product.id for one in rows])
    hashes = readers.map(hash_of, [one.files for one in rows])
    jobs, updates, unchanged = [], [], 0
    for one, image_hash in zip(rows, hashes, strict=True):
        state = states.get(one.row.product.id)
        row_hash = row_hash_of(one)
        image = _kept_image(one, state, catalog.home)
        if (
            state is None
            or not _embedded(one, state, catalog, image_hash, row_hash)
            or (pair_key and state.pair_key != pair_key)
            or image is None
        ):
            known = state is not None
            jobs.append(DescribeJob(one.row.line, one.row.product, one.files, row_hash, known))
        elif state.row_hash != row_hash or state.status != "active":
            product = replace(one.row.product, category=state.category)
            updates.append(Row(product=product, image=image, row_hash=row_hash, from_feed=True))
        else:
            unchanged += 1
    return Plan(tuple(jobs), tuple(updates), unchanged)


def row_hash_of(one: Located) -> str:
    """The sha256 of what the feed says of a product, and of where its pictures are."""
    text = "\n".join((product_json(one.row.product), *one.row.images))
    return hashlib.sha256(text.encode()).hexdigest()


def _embedded(one: Located, state: State, catalog: Catalog, image_hash: str, row_hash: str) -> bool:
    """Whether the vector stored is that of these pictures, by this network, in this category.

    An unchanged row's category is the one stored, also where the picture told it.
    """
    same = (state.image_hash, state.model_key) == (image_hash, catalog.model_key)
    return same and (state.category == one.row.product.category or state.row_hash == row_hash)


def _kept_image(one: Located, state: State | None, folder: Path) -> str | None:
    """The file now of the picture that was embedded; None where that cannot be told."""
    if state is None:
        return None
    files = [stored_path(file, folder) for file in one.files]
    same = [file for file in files if file == state.image]
    named = [file for file in files if Path(file).name == Path(state.image).name]
    found = same or named or (files if len(files) == 1 else [])
    return found[0] if found else None
