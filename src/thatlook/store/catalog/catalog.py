"""The catalog as its users see it: open, change, look up, search."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final, Self

from thatlook.core.closing import Closing
from thatlook.core.errors import CatalogDamagedError, CatalogError
from thatlook.core.records import Product, Vector
from thatlook.core.shopper_words import Phrase
from thatlook.search.index.counting import Counted
from thatlook.search.index.query import Answers, Moment, Query, Vectors
from thatlook.search.stored import Candidates, Stored
from thatlook.search.words.shelf import Facts, Lines, WordHit
from thatlook.store.catalog.address import Address, address_of
from thatlook.store.catalog.cluster import ClusterFinder
from thatlook.store.catalog.database import Database
from thatlook.store.catalog.info import CatalogInfo, info_of
from thatlook.store.catalog.kept import Changes, Kept
from thatlook.store.catalog.offered import Offered, offered_of
from thatlook.store.catalog.opening import FILE_NAME, database_at, finder_at, store_of
from thatlook.store.catalog.pairs import PairShelf
from thatlook.store.catalog.ranked import Ranked
from thatlook.store.catalog.reads import PairReads, in_order
from thatlook.store.catalog.rows import Change, Row, State
from thatlook.store.catalog.seen_ids import SeenIds, seen_ids
from thatlook.store.catalog.sqlite_errors import damaged_file
from thatlook.store.catalog.store import Store
from thatlook.store.catalog.transfer import Copied, copy
from thatlook.store.catalog.words import WordIndex

SHOWN: Final = 5_000
"""Products shown lately that are kept, some 10 MB."""


class Catalog(Closing):
    """Products with their vectors; made by `Catalog.open`.

    `folder` holds what is in files: everything, or what is beside a database. Changes are on the
    disk when the call returns, and are found by the next search of every process. Threads may share
    one Catalog; processes each open their own.
    """

    def __init__(self, address: Address, store: Store) -> None:
        self.address = address
        self.folder = address.folder
        self._store = store
        changes = Changes(store)
        self._finder = finder_at(address, changes)
        self._pair: PairShelf | None = None
        self._ranked = Ranked(changes, self.cluster.ranked_rows if self.cluster else None)
        self._products = Kept(changes, store.product_rows, SHOWN)
        self._words = WordIndex(store.database)

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str] | Address,
        model_key: str | None = None,
        dim: int | None = None,
        *,
        create: bool = True,
    ) -> Self:
        """The catalog at an address: a folder, a `catalog.toml`, or a database's URL.

        `model_key` and `dim` name the embedding network whose vectors it holds; without them
        the catalog can be read, searched and rid of products, but takes no vectors. An older
        catalog is upgraded. Raises ModelMismatchError where its vectors come from another
        network, CatalogVersionError where it is newer than this thatlook, CatalogDamagedError
        where it is damaged or empty, CatalogError where it is missing (and not `create`) or cannot
        be read.
        """
        address = address_of(path)
        database = database_at(address, create=create)
        try:
            return cls(address, store_of(database, model_key, dim))
        except BaseException:
            database.close()
            raise

    def close(self) -> None:
        """Lets go of files and connections; a second time does nothing."""
        self._finder.reset()
        self._store.database.close()

    @property
    def home(self) -> Path:
        """The folder that the catalog's pictures are kept in: a version uses its catalog's."""
        if self.address.home is not None:
            return self.address.home
        above = self.folder.parent
        is_version = above.name == "versions" and (above.parent / FILE_NAME).exists()
        return above.parent if is_version else self.folder

    @property
    def has_versions(self) -> bool:
        """Whether versions were kept, which share the pictures (this may be one)."""
        return any((self.home / "versions").glob(f"*/{FILE_NAME}"))

    @property
    def model_key(self) -> str | None:
        """The embedding network of the vectors; None while none was named."""
        return self._store.model_key

    @property
    def dim(self) -> int | None:
        """The length of the vectors; None while no network was named."""
        return self._store.dim

    @property
    def read_only(self) -> bool:
        """Whether it can be read alone: this user may not write it, or nobody may where it lies."""
        return self._store.database.read_only

    @property
    def takes_vectors(self) -> bool:
        """Whether it was opened with its network's key, so that vectors can be stored."""
        return self._store.takes_vectors

    @property
    def pair_key(self) -> str | None:
        """The text-image pair whose vectors are kept beside; None for none."""
        found = self._store.pair()
        return found[0] if found else None

    def use_pair(self, key: str, dim: int) -> None:
        """Names the pair whose vectors are stored from now on; those of another one are dropped.

        Raises CatalogError.
        """
        self._store.use_pair(key, dim)
        self._changed()
        self._pair = None

    def pair_shelf(self) -> PairShelf | None:
        """The products by the vectors of the pair; None where the catalog has no pair."""
        with self._store.database.lock:
            named = self._store.pair()
            if named is None:
                return None
            if self._pair is None or self._pair.model_key != named[0]:
                reads = PairReads(self._store.database, *named)
                self._pair = PairShelf(self.folder, reads, self._words, self._finder)
            return self._pair

    @property
    def sequence(self) -> int:
        """The number of the last change; 0 for none."""
        return self._store.sequence()

    @property
    def size_bytes(self) -> int:
        """What the products take on the disk, a log and indices included."""
        return self._store.database.size_bytes()

    def info(self) -> CatalogInfo:
        """Counts, sizes and the network, as of now."""
        return info_of(self._store.database, str(self.address), self.folder)

    def offered(self) -> Offered:
        """What shoppers can choose among, as of now."""
        return offered_of(self._store.database)

    def damages(self) -> list[str]:
        """What SQLite's own check of every page and index finds wrong, and every product that
        cannot be read; [] for nothing.
        """
        found = self._store.database.damages()
        unreadable = (one for one in self.surveyed() if isinstance(one, CatalogDamagedError))
        return found + [str(error) for error in unreadable]

    def check(self) -> None:
        """Raises CatalogDamagedError where `damages` finds any."""
        if damages := self.damages():
            raise damaged_file(self._store.database.name, damages[0])

    def product(self, product_id: str) -> Product:
        """The product; raises UnknownProductError."""
        return self._store.stored(product_id).product

    def products(self, ids: Sequence[str], moment: Moment | None = None) -> list[Product]:
        """The products in the order of `ids`; raises UnknownProductError for the first unknown.

        As of now; with the `moment` of answers at least as of then, those shown lately without
        reading them again.
        """
        if moment is None:
            return self._store.products(ids)
        return in_order(self._products.rows(ids, moment)[0], ids)

    def stored_many(self, ids: Sequence[str]) -> list[Stored]:
        """Everything kept of these products, in order, quicker than one by one.

        Raises UnknownProductError for the first unknown.
        """
        return self._store.stored_many(ids)

    def candidates(self, ids: Sequence[str], moment: Moment | None = None) -> Candidates:
        """What products are ranked by, in the order of `ids`, spelled as hits are.

        As of now; with the `moment` of answers at least as of then, without asking what has
        changed since. Raises UnknownProductError for an id that is unknown or without a vector.
        """
        return self._ranked.candidates(ids, moment)

    def fields(self, ids: Sequence[str], names: Sequence[str]) -> list[tuple[str, ...]]:
        """The texts that products have in the fields `names`, in the order of `ids`; "" for none.

        Raises UnknownProductError for the first unknown.
        """
        return self._store.fields(ids, names)

    def brands(self) -> list[str]:
        """The different brands of the active products, as the shop spells them."""
        return self._store.values("brand")

    def colors(self) -> list[str]:
        """The different colors of the active products, as the shop spells them."""
        return self._store.values("color")

    def groups(self) -> int:
        """How many different `item_group_id`s the active products have."""
        return self._store.groups()

    def vague_styles(self, styles: Collection[str], moment: Moment | None = None) -> set[str]:
        """Those of these names of styles (`ranking.style_key`) that name none.

        Two active products of one color have such a name. `moment` as for `candidates`.
        """
        return self._ranked.vague_styles(styles, moment)

    def stored(self, product_id: str) -> Stored:
        """Everything kept of a product; raises UnknownProductError."""
        return self._store.stored(product_id)

    def all_stored(self) -> Iterator[Stored]:
        """Every product by ascending id, those that left the feed included."""
        return self._store.all_stored()

    def surveyed(self) -> Iterator[Stored | CatalogDamagedError]:
        """As `all_stored`, but a product that cannot be read is the error that says so."""
        return self._store.surveyed()

    def vector(self, product_id: str) -> Vector:
        """The product's vector, float32 (dim,), exactly as it was stored.

        Raises UnknownProductError, and CatalogError where the product has no vector yet.
        """
        vector = self._store.stored(product_id).vector
        if vector is None:
            raise CatalogError(
                f"the product {product_id!r} has no vector yet: index its feed again"
            )
        return vector

    def image(self, product_id: str) -> Path:
        """The file of the picture that the product's vector was made from.

        Raises UnknownProductError, and CatalogError where there is none or it is gone.
        """
        image = self._store.stored(product_id).image
        path = self.home / image  # an absolute path stays as it is
        if not image or not path.is_file():
            raise CatalogError(f"the picture of the product {product_id!r} is not there: {image!r}")
        return path

    def pictures(self, product_id: str) -> list[Path]:
        """The files of all pictures of the product that are there, in the feed's order.

        Raises UnknownProductError.
        """
        stored = self._store.stored(product_id)
        places = [self.home / place for place in stored.pictures or (stored.image,) if place]
        return [place for place in places if place.is_file()]

    def pictures_put(self, start: str) -> list[str]:
        """The paths of products' pictures that begin with `start`, ascending."""
        return self._store.pictures_put(start)

    def upsert(self, rows: Iterable[Row]) -> int:
        """Adds or replaces products in one transaction; returns the last sequence number.

        On the disk when it returns. Raises CatalogError for a vector that does not fit, a new
        product without one, or a full disk, ModelMismatchError where the network was switched
        meanwhile; then nothing of the call is stored.
        """
        try:
            return self._store.upsert(rows)
        finally:
            self._changed()

    def remove(self, ids: Iterable[str]) -> list[str]:
        """Deletes products in one transaction; returns the ids that were in."""
        try:
            return self._store.remove(ids)
        finally:
            self._changed()

    def mark_left(self, ids: Iterable[str]) -> list[str]:
        """Marks products that left the feed: kept, but not found; returns the ids changed."""
        try:
            return self._store.mark_left(ids)
        finally:
            self._changed()

    def states(self, ids: Sequence[str]) -> dict[str, State]:
        """What the catalog has of the known ids among these, for comparing."""
        return self._store.states(ids)

    def seen_ids(self) -> AbstractContextManager[SeenIds]:
        """Notes which products a feed still has; one at a time."""
        return seen_ids(self._store.database)

    def reserved(self, holder: str) -> AbstractContextManager[None]:
        """For the block, the only index run among all machines that share the database.

        Raises CatalogError with the `holder` that the other run gave.
        """
        return self._store.database.reserved(holder)

    def copy_to(self, file: Path) -> None:
        """Writes a consistent copy of the store, as a catalog of its own, to a new file.

        On the disk when it returns. All of the copy is checked: raises CatalogDamagedError, and
        CatalogError where it cannot be written.
        """
        self._store.database.backup(file)
        with Catalog.open(file.parent, create=False) as copied:
            copied.check()
        copy = Database(file)
        try:
            with copy.writing():
                copy.execute("UPDATE state SET catalog_id = lower(hex(randomblob(16)))")
            copy.settle()
        finally:
            copy.close()

    def settle(self) -> None:
        """Brings everything from the log into the one file, where nobody else holds it open."""
        self._store.database.settle()

    def take_over(self, file: Path) -> int:
        """Makes the contents those of another catalog's file; returns how many products changed.

        One transaction. The network becomes the other's: where it is another one, this Catalog
        takes no more vectors. Raises CatalogError.
        """
        database = self._store.database
        with database.lock:
            count = database.take_over(file)
            kept = database.one("SELECT model_key, dim FROM state") or (None, None)
            self._store.takes_vectors &= kept[0] == self._store.model_key
            self._store.model_key, self._store.dim = kept
            self._finder.reset()
            self._pair = None
        return count

    def copy_from(self, other: Catalog, advance: Callable[[int], object]) -> Copied:
        """Makes the products those of another catalog; see `store.catalog.copying`."""
        try:
            return copy(other._store.database, self._store.database, advance)
        finally:
            self._finder.reset()

    def changes(self, since: int, limit: int | None = None) -> list[Change]:
        """What changed after the sequence number `since`, in order: an outbox."""
        return self._store.changes(since, limit)

    def search(self, vectors: Vectors, query: Query) -> Answers:
        """For each row of `vectors` (n, dim) the best `query.k` products, ties by id.

        Sees everything committed before the call, by any process. Raises CatalogError where
        the catalog has no vectors yet, ModelMismatchError where its network was switched.
        """
        return self._finder.search(vectors, query)

    def search_each(
        self, questions: Sequence[tuple[Vectors, Query]]
    ) -> Iterator[tuple[int, Answers]]:
        """What `search` answers to each of the questions, by its index, as the answers come.

        A search cluster is asked them side by side. Raises as `search`.
        """
        return self._finder.search_each(questions)

    def counted(self, query: Query) -> Counted | None:
        """How many products pass in the query's partitions, and by what; its k does not matter.
        None where a search engine has too many to count.

        Raises CatalogError.
        """
        return self._finder.counted(query)

    def matching(self, groups: Sequence[Sequence[Phrase]], query: Query | None = None) -> list[str]:
        """The ids of the products that have all these words; see `store.catalog.words`."""
        return self._words.matching(groups, query)

    def lines(self) -> Lines:
        """The shop's own words, as of now."""
        return self._words.lines()

    def by_words(self, groups: Sequence[Sequence[Phrase]], query: Query) -> list[WordHit]:
        """At most `query.k` products with these words, best first; see `store.catalog.words`."""
        return self._words.by_words(groups, query)

    def some_with(self, groups: Sequence[Sequence[Phrase]], query: Query) -> list[str]:
        """At most `query.k` ids of products with these words; see `store.catalog.words`."""
        return self._words.some_with(groups, query)

    def facts(self, ids: Sequence[str]) -> dict[str, Facts]:
        """What a search for words compares of the active products with these ids."""
        return self._words.facts(ids)

    @property
    def cluster(self) -> ClusterFinder | None:
        """What asks and feeds the search cluster; None where the search is built in."""
        return self._finder if isinstance(self._finder, ClusterFinder) else None

    def warm(self) -> None:
        """Brings every partition and its cache file up to date, for a quick next start."""
        self._finder.warm()
        if pair := self.pair_shelf():
            pair.warm()
        self._words.bring_up_to_date()

    def _changed(self) -> None:
        """What this process has read is no longer all there is."""
        self._finder.changed()
        if self._pair is not None:
            self._pair.changed()
