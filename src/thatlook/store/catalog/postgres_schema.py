"""The tables of a catalog in PostgreSQL: made whole, and brought forward by later migrations."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from sqlalchemy import Connection

from thatlook.core.errors import CatalogError
from thatlook.store.catalog.backend import Backend
from thatlook.store.catalog.schema import MIGRATIONS, Migration, check_version, version_of
from thatlook.store.catalog.tables import TABLES

FIRST: Final = 8
"""The version with which PostgreSQL was first supported: no catalog there is older."""

_BESIDE: Final = (
    """CREATE FUNCTION json_extract(text, text) RETURNS text LANGUAGE sql IMMUTABLE STRICT
    PARALLEL SAFE AS $$ SELECT $1::json #>> string_to_array(substr($2, 3), '.') $$""",
    """CREATE FUNCTION hex(bytea) RETURNS text LANGUAGE sql IMMUTABLE STRICT
    PARALLEL SAFE AS $$ SELECT upper(encode($1, 'hex')) $$""",
    """CREATE FUNCTION randomblob(integer) RETURNS bytea LANGUAGE sql VOLATILE
    AS $$ SELECT substr(uuid_send(gen_random_uuid()), 1, $1) $$""",
    """CREATE TABLE words (entry bigint PRIMARY KEY, length integer NOT NULL,
    words text[] COLLATE "C" NOT NULL, weights real[] NOT NULL)""",
    "CREATE INDEX words_by_word ON words USING gin (words)",
    'CREATE TABLE words_terms (term text COLLATE "C" PRIMARY KEY, doc bigint NOT NULL)',
    """CREATE TABLE words_state (sequence bigint NOT NULL, version integer NOT NULL,
    entries bigint NOT NULL, length bigint NOT NULL)""",
    "INSERT INTO words_state VALUES (0, 0, 0, 0)",
    'INSERT INTO state ("only", catalog_id, sequence) VALUES (1, lower(hex(randomblob(16))), 0)',
    "INSERT INTO commits VALUES (0, randomblob(8))",
)
"""The functions of SQLite that statements use, the index of words, and the first rows."""


def make(connection: Connection, database: Backend, schema: str) -> None:
    """Makes a catalog's tables of the newest version, unless another process was quicker."""
    with database.writing():
        if not database.one("SELECT 1 FROM pg_namespace WHERE nspname = ?", (schema,)):
            database.execute(f'CREATE SCHEMA "{schema}"')  # asks for a right on the database
        if database.has("migrations"):
            return
        TABLES.create_all(connection)
        for statement in _BESIDE:
            database.execute(statement)
        for step in MIGRATIONS:
            _note(database, step)


def migrate(database: Backend, migrations: Sequence[Migration] = MIGRATIONS) -> None:
    """Brings the tables to the newest version. Raises CatalogVersionError as SQLite's does."""
    found = check_version(database, migrations)
    if found < FIRST:
        raise CatalogError(f"{database.name}: the tables of a catalog are there in part only")
    for step in migrations:
        if step.version > found:
            _apply(database, step)


def _apply(database: Backend, step: Migration) -> None:
    with database.writing():
        if version_of(database) >= step.version:
            return
        for statement in step.postgres:
            database.execute(statement)
        _note(database, step)


def _note(database: Backend, step: Migration) -> None:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    database.execute("INSERT INTO migrations VALUES (?, ?, ?)", (step.version, step.name, now))
