"""Where the catalogs of this room's tests are: the same tests for each store there is."""

from __future__ import annotations

import pytest

from thatlook.store.catalog.address import Address


@pytest.fixture(params=["folder", "postgresql"])
def address(request, tmp_path, monkeypatch):
    """Where a new catalog is, in each of the stores there are."""
    if request.param == "folder":
        return Address.of(tmp_path / "catalog")
    server = request.getfixturevalue("postgres")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return Address.of(server.new_url())
