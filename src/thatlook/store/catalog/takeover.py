"""The contents of another SQLite file in the place of one's own, as ordinary changes."""

from __future__ import annotations

from typing import Final

from thatlook.store.catalog.backend import Backend
from thatlook.store.catalog.rows import SEARCH_COLUMNS

_PRODUCT: Final = f"status, {', '.join(SEARCH_COLUMNS)}, data, row_hash, from_feed"
_ARTICLE: Final = """model_key, vector, box, score, found, attributes, image, image_hash, outline,
    pictures"""


def _all_of(schema: str) -> str:
    """Everything that is kept of the products of a catalog."""
    articles = ", ".join(f"a.{name.strip()}" for name in _ARTICLE.split(","))
    return f"""SELECT id, {_PRODUCT}, {articles}, p.vector FROM {schema}.products
        LEFT JOIN {schema}.articles AS a ON a.product = key
        LEFT JOIN {schema}.pair_vectors AS p ON p.product = key"""  # noqa: S608 - constant names


_STEPS: Final = (
    f"""CREATE TEMP TABLE moved AS SELECT id, row_number() OVER (ORDER BY id) AS n FROM (
        {_all_of("other")} EXCEPT {_all_of("main")})""",  # noqa: S608 - constant column names
    """CREATE TEMP TABLE gone AS SELECT id, row_number() OVER (ORDER BY id) AS n
        FROM main.products WHERE id NOT IN (SELECT id FROM other.products)""",
    """INSERT OR REPLACE INTO main.tombstones SELECT id, n + (SELECT sequence FROM main.state)
        FROM temp.gone""",
    "DELETE FROM main.products WHERE id IN (SELECT id FROM temp.gone)",
    """UPDATE main.state SET sequence = sequence + (SELECT count(*) FROM temp.gone)""",
    """DELETE FROM main.articles WHERE product IN (
        SELECT key FROM main.products WHERE id IN (SELECT id FROM temp.moved))""",
    "DELETE FROM main.products WHERE id IN (SELECT id FROM temp.moved)",
    f"""INSERT INTO main.products (id, sequence, {_PRODUCT}, changed_at)
        SELECT id, n + (SELECT sequence FROM main.state), {_PRODUCT}, changed_at
        FROM other.products JOIN temp.moved USING (id)""",  # noqa: S608 - constant column names
    f"""INSERT INTO main.articles (product, {_ARTICLE})
        SELECT mine.key, {_ARTICLE} FROM temp.moved JOIN main.products AS mine USING (id)
        JOIN other.products AS theirs USING (id)
        JOIN other.articles ON product = theirs.key""",  # noqa: S608 - constant column names
    """INSERT INTO main.pair_vectors (product, vector)
        SELECT mine.key, vector FROM temp.moved JOIN main.products AS mine USING (id)
        JOIN other.products AS theirs USING (id)
        JOIN other.pair_vectors ON product = theirs.key""",
    "DELETE FROM main.tombstones WHERE id IN (SELECT id FROM temp.moved)",
    """UPDATE main.state SET sequence = sequence + (SELECT count(*) FROM temp.moved),
        model_key = (SELECT model_key FROM other.state), dim = (SELECT dim FROM other.state),
        pair_key = (SELECT pair_key FROM other.state),
        pair_dim = (SELECT pair_dim FROM other.state)""",
    "INSERT OR REPLACE INTO main.commits SELECT sequence, randomblob(8) FROM main.state",
)


def take_over(database: Backend, file: str) -> int:
    """Makes the contents those of the catalog at the URI `file`; returns how many products changed.

    One transaction; what is the same in both keeps its sequence number.
    """
    with database.lock:
        database.execute("ATTACH DATABASE ? AS other", (file,))
        try:
            with database.writing():
                for step in _STEPS:
                    database.execute(step)
                found = database.one(
                    "SELECT (SELECT count(*) FROM temp.moved) + (SELECT count(*) FROM temp.gone)"
                )
        finally:
            for table in ("moved", "gone"):
                database.execute(f"DROP TABLE IF EXISTS temp.{table}")
            database.execute("DETACH DATABASE other")
    return int(found[0]) if found else 0
