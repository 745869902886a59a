"""What tests share: the photos that may be missing, and networks that are not there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engines import PEER_PORT, Engine, Lite, Standalone, is_free
from tests.postgres import Server, why_missing
from thatlook.store.catalog.address import Address
from thatlook.vision.models.registry import ModelSpec

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session", autouse=True)
def _caches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Caches of these tests and of the processes they start: nothing in the user's own folder."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("THATLOOK_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of real photos; the test is skipped where it is missing."""
    folder = Path(os.environ.get("THATLOOK_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "street").is_dir():
        pytest.skip(f"needs the photos in {folder}; set THATLOOK_DATA to their folder")
    return folder


@pytest.fixture(scope="session")
def sample() -> Path:
    """The folder of the rendered sample that ships."""
    return ROOT / "src" / "thatlook" / "sample"


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server; the test is skipped where none can be started."""
    if why := why_missing():
        pytest.skip(why)
    pytest.importorskip("sqlalchemy", reason="needs the extra cluster")
    pytest.importorskip("psycopg", reason="needs the extra cluster")
    server = Server()
    try:
        yield server
    finally:
        server.close()


@pytest.fixture(params=["folder", "postgresql"])
def address(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Address:
    """Where a new catalog is, in each store there is; its folder alone names it too."""
    folder = tmp_path / "catalog"
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres")
        folder.mkdir()
        (folder / "catalog.toml").write_text(
            f'store = "{server.new_url(password="")}"\nstore_password_env = "SHOP_PASSWORD"\n'
        )
        monkeypatch.setenv("SHOP_PASSWORD", server.password)
    return Address.of(folder)


@pytest.fixture(scope="session")
def lite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Milvus Lite, running."""
    pytest.importorskip("milvus_lite", reason="needs the package milvus-lite")
    yield from _running(Lite(tmp_path_factory.mktemp("lite")))


@pytest.fixture(scope="session")
def standalone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """The standalone server of Milvus, running."""
    pytest.importorskip("milvus", reason="needs the package milvus, 2.3.5 or newer")
    if not is_free(PEER_PORT):
        pytest.skip(f"port {PEER_PORT} is taken: an etcd or another Milvus runs here")
    yield from _running(Standalone(tmp_path_factory.mktemp("milvus")))


def _running(engine: Engine) -> Iterator[Engine]:
    engine.start()
    yield engine
    engine.stop()


OUTPUTS: dict[str, Mapping[str, Any]] = {
    "article": {"boxes": {}, "scores": {}, "masks": {}},
    "person": {"heatmaps": {}, "view": {}, "gender": {}},
    "embedding": {"embedding": {"dim": 4}},
}


class FakeSession:
    """Answers as a network would, by a function; remembers what it was asked."""

    def __init__(
        self,
        answer: Callable[[Mapping[str, np.ndarray]], dict[str, np.ndarray]],
        task: str = "article",
        **entry: Any,
    ) -> None:
        self.answer = answer
        self.asked: list[Mapping[str, np.ndarray]] = []
        self.spec = ModelSpec(
            id="fake-1",
            task=task,
            path=Path("fake.onnx"),
            sha256="0" * 64,
            license="Apache-2.0",
            input={"mean": [0.5] * 3, "std": [0.5] * 3, **entry.pop("input", {})},
            outputs=entry.pop("outputs", OUTPUTS[task]),
            labels=entry.pop("labels", {}),
            details=entry,
        )

    def run(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        self.asked.append(inputs)
        return self.answer(inputs)


@pytest.fixture
def fake_session() -> type[FakeSession]:
    return FakeSession
