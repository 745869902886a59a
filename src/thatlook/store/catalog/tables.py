"""The catalog's tables, defined once: PostgreSQL's are made from this, SQLite's must be like it.

SQLite's are made by the migrations, which need no SQLAlchemy; a test compares the two. The words
of products are in each database's own full-text index, and are not part of it.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

TABLES: Final = MetaData()
NO_ZERO: Final = "no_character_0"
"""The name of the rule that texts are without the character 0, which no query could read back."""
WORDS: Final = Text(collation="C")
"""Texts in the order of their bytes, as SQLite has them, whatever the database's language is."""


def _words(name: str, *, default: str | None = None, nullable: bool = False) -> Column[str]:
    given = None if default is None else text(f"'{default}'")
    return Column(name, WORDS, nullable=nullable, server_default=given)


def _of_product() -> Column[int]:
    """The key of a table with at most one row per product, which goes with it."""
    product = ForeignKey("products.key", ondelete="CASCADE")
    return Column("product", BigInteger, product, primary_key=True, autoincrement=False)


Table(
    "migrations",
    TABLES,
    Column("version", Integer, primary_key=True, autoincrement=False),
    _words("name"),
    _words("applied_at"),
)
Table(
    "state",
    TABLES,
    Column("only", Integer, CheckConstraint('"only" = 1'), primary_key=True, autoincrement=False),
    _words("catalog_id"),
    Column("sequence", BigInteger, nullable=False),
    _words("model_key", nullable=True),
    Column("dim", Integer),
    _words("pair_key", nullable=True),
    Column("pair_dim", Integer),
)
PRODUCTS: Final = Table(
    "products",
    TABLES,
    Column("key", BigInteger, Identity(), primary_key=True),
    Column("id", WORDS, nullable=False, unique=True),
    Column("sequence", BigInteger, nullable=False, unique=True),
    Column("status", WORDS, CheckConstraint("status IN ('active', 'left')"), nullable=False),
    _words("category"),
    _words("gender"),
    Column("price", Double),
    _words("currency"),
    _words("brand"),
    _words("color"),
    _words("availability"),
    _words("data"),
    _words("row_hash"),
    _words("changed_at"),
    Column("from_feed", Boolean, nullable=False, server_default=text("TRUE")),
    _words("style", default=""),
    _words("item_group_id", default=""),
    _words("type", default=""),
    _words("pattern", default=""),
    _words("seen_type", default=""),
    _words("seen_pattern", default=""),
    CheckConstraint(r"strpos(data, '\u0000') = 0", name=NO_ZERO),
)
Index(
    "products_by_partition",
    *(PRODUCTS.c[name] for name in ("category", "gender", "status", "id")),
)
Index("products_by_style", PRODUCTS.c.style, postgresql_where=PRODUCTS.c.style != text("''"))
Table(
    "articles",
    TABLES,
    _of_product(),
    _words("model_key"),
    Column("vector", LargeBinary, nullable=False),
    _words("box", nullable=True),
    Column("score", Double, nullable=False),
    Column("found", Boolean, nullable=False),
    _words("attributes"),
    _words("image"),
    _words("image_hash"),
    Column("outline", LargeBinary, nullable=False, server_default=text("''")),
    _words("pictures", default="[]"),
)
Table(
    "pair_vectors",
    TABLES,
    _of_product(),
    Column("vector", LargeBinary, nullable=False),
)
Table(
    "tombstones",
    TABLES,
    Column("id", WORDS, primary_key=True),
    Column("sequence", BigInteger, nullable=False, unique=True),
)
Table(
    "commits",
    TABLES,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("token", LargeBinary, nullable=False),
)
