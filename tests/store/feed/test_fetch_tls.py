"""Encrypted connections: to the checked IP address, but for the name that was asked for."""

from __future__ import annotations

import ssl
from dataclasses import replace

import pytest

from tests.certificates import made
from tests.store.feed.shop_server import ShopServer
from tests.store.feed.test_fetch import POLICY
from thatlook.core.errors import FetchError
from thatlook.store.feed.fetch import Fetcher


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return made(tmp_path_factory.mktemp("tls"), "shop.example")


@pytest.fixture
def shop(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    names = []
    context.sni_callback = lambda socket, name, _: names.append(name)
    server = ShopServer(context)
    server.answers["/"] = (200, {}, b"secret")
    server.names = names
    yield server
    server.close()


def fetcher(**changes):
    policy = replace(POLICY, attempts=1, **changes)
    return Fetcher(policy, resolver=lambda host, port: ["127.0.0.1"])


def test_the_name_is_asked_for_and_checked(shop, certificate):
    trusting = fetcher(ca_file=str(certificate[0]))
    assert trusting.get(f"https://shop.example:{shop.port}/").data == b"secret"
    assert shop.names == ["shop.example"]
    assert shop.asked[0][1]["Host"] == f"shop.example:{shop.port}"
    with pytest.raises(FetchError, match=r"other\.example"):
        trusting.get(f"https://other.example:{shop.port}/")


def test_unknown_certificates_are_refused(shop):
    with pytest.raises(FetchError, match="certificate"):
        fetcher().get(f"https://shop.example:{shop.port}/")
    assert shop.asked == []
