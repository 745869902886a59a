"""The one place that imports pyarrow, which is an extra: it is as large as all the rest."""

from __future__ import annotations

from typing import Any

from thatlook.core.errors import MissingExtraError


def pyarrow() -> tuple[Any, Any]:
    """The modules pyarrow and pyarrow.parquet. Raises MissingExtraError."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ModuleNotFoundError as error:
        raise MissingExtraError("Parquet", "parquet") from error
    return pa, pq
