"""What the crawler's tests share."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

import pytest

from tests.certificates import made
from tests.crawl.local_shop import LocalShop
from thatlook.core.errors import FetchError
from thatlook.crawl.browser import chromium


@pytest.fixture
def local_shop() -> Iterator[LocalShop]:
    shop = LocalShop()
    yield shop
    shop.close()


@pytest.fixture
def untrusted_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalShop]:
    """A shop with a certificate of another host that nobody signed."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*made(tmp_path_factory.mktemp("tls"), "shop.example"))
    shop = LocalShop(context)
    yield shop
    shop.close()


@pytest.fixture
def real_chromium() -> None:
    """Skips where there is no Chromium to drive."""
    pytest.importorskip(
        "playwright.async_api", reason="needs Playwright: pip install 'thatlook[crawl]'"
    )
    try:
        chromium.browser_path()
    except FetchError as error:
        pytest.skip(str(error))
