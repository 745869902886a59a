"""The one importer of pymilvus, an extra; its faults come out as SearchUnavailableError."""

from __future__ import annotations

import logging
import threading
import time
from functools import cache
from importlib.util import find_spec
from typing import Any, Final

from thatlook.core.errors import MissingExtraError, SearchUnavailableError
from thatlook.search.index.milvus.expression import MAX_KEY, MOST_COLORS
from thatlook.search.index.milvus.place import METRIC, MilvusPlace

PAUSE_S: Final = 1.0
_MAKING_S: Final = 60.0
_FIELDS: Final = (
    ("currency", "INT64"),
    ("brand", "INT64"),
    ("availability", "INT64"),
    ("price", "DOUBLE"),
    ("stocked", "BOOL"),
    ("child", "BOOL"),
)


class Client:
    """Calls of one collection, each within the place's timeout. Threads may share it.

    Connects at the first call, and anew after a fault: a channel that has lost its server waits
    ever longer before it looks for it again. For PAUSE_S after one all calls are refused at once,
    so that not each of many waits for its timeout.
    """

    def __init__(self, place: MilvusPlace) -> None:
        self._place = place
        self._lock = threading.Lock()
        self._client: Any = None
        self._again_at = 0.0

    def call(
        self, name: str, *, timeout_s: float | None = None, once: bool = False, **given: Any
    ) -> Any:
        """What this method of MilvusClient gives for the collection.

        pymilvus asks again within the timeout where a connection breaks, and the server may have
        done what was asked: with `once` it does not, and gRPC's keepalive (15 s) is what ends a
        call to a peer that is gone. Raises SearchUnavailableError.
        """
        timeout = None if once else timeout_s or self._place.timeout_s
        given |= {"retry_times": 0} if once else {}
        collection = self._place.collection
        return self._try(name, collection_name=collection, timeout=timeout, **given)

    def version(self) -> str:
        """The server's version. Raises SearchUnavailableError."""
        return str(self._try("get_server_version", timeout=self._place.timeout_s))

    def _try(self, name: str, **given: Any) -> Any:
        faults = _faults()
        client = None
        try:
            client = self._connected()
            return getattr(client, name)(**given)
        except faults as error:
            if _lost(error):
                self._forget(client)
                self._again_at = time.monotonic() + PAUSE_S
            raise SearchUnavailableError(f"{self._place}: {name}: {_told(error)}") from error

    def close(self) -> None:
        """Closes the connection; the next call makes a new one."""
        self._forget(self._client)

    def _connected(self) -> Any:
        from pymilvus import MilvusClient

        place = self._place
        with self._lock:
            if self._client is None:
                if time.monotonic() < self._again_at:
                    raise SearchUnavailableError(f"{place}: it did not answer a moment ago")
                self._client = MilvusClient(
                    uri=f"{'https' if place.tls else 'http'}://{place.host}:{place.port}",
                    user=place.user,
                    password=place.password,
                    db_name=place.database,
                    timeout=place.timeout_s,
                    dedicated=True,
                )
            return self._client

    def _forget(self, client: Any) -> None:
        with self._lock:
            if client is None or client is not self._client:
                return
            self._client = None
        client.close()


def create(client: Client, place: MilvusPlace, dim: int) -> None:
    """Makes the collection, indexed and loaded. Raises SearchUnavailableError."""
    from pymilvus import DataType, MilvusClient

    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    schema.add_field("key", DataType.VARCHAR, max_length=MAX_KEY, is_primary=True)
    schema.add_field("place", DataType.VARCHAR, max_length=64, is_partition_key=True)
    for name, kind in _FIELDS:
        schema.add_field(name, DataType[kind])
    schema.add_field(
        "colors", DataType.ARRAY, element_type=DataType.INT64, max_capacity=MOST_COLORS
    )
    schema.add_field("note", DataType.VARCHAR, max_length=2048)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dim)
    client.call(
        "create_collection",
        timeout_s=_MAKING_S,
        schema=schema,
        index_params=_index(place),
        num_partitions=place.partitions,
    )


def complete(client: Client, place: MilvusPlace) -> None:
    """Has a collection indexed and loaded, whose maker may have been killed before it was.

    Raises SearchUnavailableError.
    """
    if not client.call("list_indexes", field_name="vector"):
        client.call("create_index", timeout_s=_MAKING_S, index_params=_index(place))
    client.call("load_collection", timeout_s=_MAKING_S)


def _index(place: MilvusPlace) -> Any:
    from pymilvus import MilvusClient

    indexes = MilvusClient.prepare_index_params()
    build = dict(place.build)
    indexes.add_index("vector", index_type=place.index, metric_type=METRIC, params=build)
    return indexes


def check_installed() -> None:
    """Raises MissingExtraError where pymilvus is not installed, without importing it."""
    if find_spec("pymilvus") is None:
        raise MissingExtraError("a search cluster", "cluster")


@cache
def _faults() -> tuple[type[Exception], ...]:
    """What pymilvus raises where the engine does not answer, or refuses."""
    import grpc
    from pymilvus import MilvusException

    # Every fault is raised here once, with its words; the client's own log repeats each with a
    # trace.
    logging.getLogger("pymilvus").setLevel(logging.CRITICAL)
    return (MilvusException, grpc.RpcError, grpc.FutureTimeoutError, ValueError)


def _lost(error: Exception) -> bool:
    """Whether the connection is at fault, not what was asked: the server's own codes are above 2,
    and a fault of gRPC has one of gRPC's.
    """
    code = getattr(error, "code", None)
    return not isinstance(code, int) or code <= 2


def _told(error: Exception) -> str:
    """The words of a fault, in one line."""
    code = getattr(error, "code", None)
    words = getattr(error, "message", "") or (code().name if callable(code) else "") or str(error)
    return " ".join(str(words).split())[:300] or type(error).__name__
