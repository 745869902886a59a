"""The catalog's tables, as migrations: each runs once, in one transaction with its own record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from thatlook.core.errors import CatalogVersionError
from thatlook.store.catalog.backend import Backend


@dataclass(frozen=True, slots=True)
class Migration:
    """One step from an older version to the next; never changed after a release.

    `statements` are SQLite's; `postgres` those that bring a catalog in PostgreSQL as far, which
    began with version 8. `tables.py` defines what both come to.
    """

    version: int
    name: str
    statements: tuple[str, ...]
    postgres: tuple[str, ...] = ()


_RECORD: Final = """CREATE TABLE IF NOT EXISTS migrations (
    version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL)"""

MIGRATIONS: Final = (
    Migration(
        1,
        "products, articles and the sequence of changes",
        (
            """CREATE TABLE state (
                only INTEGER PRIMARY KEY CHECK (only = 1), catalog_id TEXT NOT NULL,
                sequence INTEGER NOT NULL, model_key TEXT, dim INTEGER)""",
            "INSERT INTO state VALUES (1, lower(hex(randomblob(16))), 0, NULL, NULL)",
            """CREATE TABLE products (
                key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE,
                sequence INTEGER NOT NULL UNIQUE,
                status TEXT NOT NULL CHECK (status IN ('active', 'left')),
                category TEXT NOT NULL, gender TEXT NOT NULL, price REAL,
                currency TEXT NOT NULL, brand TEXT NOT NULL, color TEXT NOT NULL,
                availability TEXT NOT NULL, data TEXT NOT NULL, row_hash TEXT NOT NULL,
                changed_at TEXT NOT NULL)""",
            "CREATE INDEX products_by_partition ON products (category, gender, status, id)",
            """CREATE TABLE articles (
                product INTEGER PRIMARY KEY REFERENCES products (key) ON DELETE CASCADE,
                model_key TEXT NOT NULL, vector BLOB NOT NULL, box TEXT, score REAL NOT NULL,
                found INTEGER NOT NULL, attributes TEXT NOT NULL, image TEXT NOT NULL,
                image_hash TEXT NOT NULL)""",
            "CREATE TABLE tombstones (id TEXT PRIMARY KEY, sequence INTEGER NOT NULL UNIQUE)",
        ),
    ),
    Migration(
        2,
        "a token per commit, by which caches are recognised",
        (
            "CREATE TABLE commits (sequence INTEGER PRIMARY KEY, token BLOB NOT NULL)",
            "INSERT INTO commits SELECT sequence, randomblob(8) FROM state",
        ),
    ),
    Migration(
        3,
        "whether a product came by a feed, and leaves with it",
        ("ALTER TABLE products ADD COLUMN from_feed INTEGER NOT NULL DEFAULT 1",),
    ),
    Migration(
        4,
        "outlines and names of styles, by which one style in several colors is found",
        (
            "ALTER TABLE articles ADD COLUMN outline BLOB NOT NULL DEFAULT x''",
            "ALTER TABLE products ADD COLUMN style TEXT NOT NULL DEFAULT ''",
            "CREATE INDEX products_by_style ON products (style) WHERE style != ''",
        ),
    ),
    Migration(
        5,
        "where all pictures of a product are",
        ("ALTER TABLE articles ADD COLUMN pictures TEXT NOT NULL DEFAULT '[]'",),
    ),
    Migration(
        6,
        "what candidates are ranked by, in columns",
        (
            *(
                f"ALTER TABLE products ADD COLUMN {name} TEXT NOT NULL DEFAULT ''"
                for name in ("item_group_id", "type", "pattern", "seen_type", "seen_pattern")
            ),
            *(
                f"""UPDATE products SET seen_{name} = coalesce((SELECT
                CASE json_type(attributes, '$.{name}')
                    WHEN 'array' THEN json_extract(attributes, '$.{name}[0]')
                    WHEN 'text' THEN json_extract(attributes, '$.{name}') END
                FROM articles WHERE product = key), '')"""  # noqa: S608 - constant names
                for name in ("type", "pattern")
            ),
            """UPDATE products SET
                item_group_id = coalesce(json_extract(data, '$.item_group_id'), ''),
                type = coalesce(json_extract(data, '$.product_type'), seen_type),
                pattern = coalesce(json_extract(data, '$.pattern'), seen_pattern)""",
        ),
    ),
    Migration(
        7,
        "an index of the products' words; filled by the first search for words",
        (
            """CREATE VIRTUAL TABLE words USING fts5 (title, brand, type, color, more, marks,
                content = '', tokenize = 'unicode61 remove_diacritics 0')""",
            "CREATE VIRTUAL TABLE words_terms USING fts5vocab (words, row)",
            """CREATE TABLE words_state (
                sequence INTEGER NOT NULL, version INTEGER NOT NULL, entries INTEGER NOT NULL)""",
            "INSERT INTO words_state VALUES (0, 0, 0)",
        ),
    ),
    Migration(
        8,
        "the vectors of a text-image pair beside those of the embedding network",
        (
            """CREATE TABLE pair_vectors (
                product INTEGER PRIMARY KEY REFERENCES products (key) ON DELETE CASCADE,
                vector BLOB NOT NULL)""",
            "ALTER TABLE state ADD COLUMN pair_key TEXT",
            "ALTER TABLE state ADD COLUMN pair_dim INTEGER",
        ),
    ),
)
"""In the order they are applied; the last one's version is the catalog's version."""

VERSION: Final = MIGRATIONS[-1].version


def version_of(database: Backend) -> int:
    """The version of the tables; 0 for an empty file."""
    if not database.has("migrations"):
        return 0
    found = database.one("SELECT max(version) FROM migrations")
    return int(found[0] or 0) if found else 0


def migrate(database: Backend, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Brings the tables to the newest version, one transaction per step.

    Two processes may do it at once: each step looks again once it holds the write lock.
    Raises CatalogVersionError where the file is newer than `migrations`.
    """
    found = check_version(database, migrations)
    for step in migrations:
        if step.version > found:
            _apply(database, step)


def check_version(database: Backend, migrations: Sequence[Migration]) -> int:
    """The version of the tables; raises CatalogVersionError where it is newer than known."""
    found, newest = version_of(database), migrations[-1].version
    if found > newest:
        raise CatalogVersionError(
            f"{database.name}: the catalog has version {found}, this thatlook knows up to "
            f"{newest}; install a newer thatlook"
        )
    return found


def _apply(database: Backend, step: Migration) -> None:
    with database.writing():
        database.execute(_RECORD)
        if version_of(database) >= step.version:
            return
        for statement in step.statements:
            database.execute(statement)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        database.execute("INSERT INTO migrations VALUES (?, ?, ?)", (step.version, step.name, now))
