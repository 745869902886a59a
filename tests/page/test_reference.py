"""The reference at `/docs`."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser


def test_the_reference_lists_every_address_and_asks_nobody_else(opened, address):
    page = opened(path="/docs")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.reload()
    page.wait_for_selector("#reference .opblock")
    described = page.request.get(f"{address}/openapi.json").json()["paths"]
    expected = sum(len(operations) for operations in described.values())
    assert page.locator("#reference .opblock").count() == expected
    assert [url for url in asked if not url.startswith((address, "data:"))] == []
    page.locator("#reference .opblock", has_text="Products for words").first.click()
    page.wait_for_selector("#reference .opblock.is-open")
