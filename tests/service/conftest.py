"""A service on the double, in this process."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("fastapi", reason="needs the extra serve")

from fastapi.testclient import TestClient

from tests.service.double import Double, engine_on
from thatlook.service.app import create_app
from thatlook.service.settings import ServiceSettings

Serve = Callable[..., TestClient]


def photo_bytes(width: int = 240, height: int = 360, kind: str = "JPEG", **save: Any) -> bytes:
    """A photo of colored noise."""
    pixels = np.random.default_rng(7).integers(0, 255, (height, width, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **save)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def photo() -> bytes:
    return photo_bytes()


@pytest.fixture(scope="session")
def filled_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalog with 40 products of the sample; tests only read it."""
    folder = tmp_path_factory.mktemp("double")
    engine_on(folder, count=40).close()
    return folder


@pytest.fixture
def double() -> Double:
    return Double()


@pytest.fixture
def serve(filled_folder: Path, double: Double) -> Iterator[Serve]:
    """Makes clients of services with the settings given, on the filled folder or another."""
    with ExitStack() as stack:

        def made(folder: Path | None = None, fetch: Any = None, **settings: Any) -> TestClient:
            app = create_app(
                ServiceSettings(**settings),
                lambda: engine_on(folder or filled_folder, double, 0),
                fetch,
            )
            return stack.enter_context(TestClient(app, raise_server_exceptions=False))

        yield made


@pytest.fixture
def client(serve: Serve) -> TestClient:
    return serve()
