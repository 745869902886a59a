from __future__ import annotations

import pytest

from tests.store.feed.shop_server import ShopServer


@pytest.fixture
def shop():
    server = ShopServer()
    yield server
    server.close()
