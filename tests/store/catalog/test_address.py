"""An address names the parts of a catalog, and never shows a password."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.store.catalog.conftest import DIM, row_of
from thatlook.cli import main
from thatlook.core.addresses import without_password
from thatlook.core.errors import CatalogError
from thatlook.store.catalog import Catalog
from thatlook.store.catalog.address import BUILT_IN, Address

SECRET = "s3/cr@t"


def written(folder: Path, *lines: str) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / "catalog.toml"
    file.write_text("\n".join(lines))
    return file


def test_a_folder_is_an_address(tmp_path):
    assert Address.of(tmp_path) == Address(folder=tmp_path) == Address.of(str(tmp_path))
    assert str(Address.of(tmp_path)) == str(tmp_path)


def test_a_file_names_the_parts_and_is_found_in_its_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("SHOP_PASSWORD", SECRET)
    monkeypatch.setenv("ENGINE_PASSWORD", "other")
    file = written(
        tmp_path / "shop",
        'store = "postgresql://shop@db.example/shop?schema=a"',
        'store_password_env = "SHOP_PASSWORD"',
        'search = "milvus://user@milvus.example:19530/products"',
        'search_password_env = "ENGINE_PASSWORD"',
        'folder = "files"',
    )
    address = Address.of(file)
    assert address == Address.of(file.parent)
    assert address.folder == tmp_path / "shop" / "files"
    assert address.store == str(address) == "postgresql://shop@db.example/shop?schema=a"
    assert address.search == "milvus://user@milvus.example:19530/products"
    assert (address.store_password, address.search_password) == (SECRET, "other")
    assert SECRET not in repr(address)


def test_the_store_of_a_file_may_be_a_folder(tmp_path):
    with Catalog.open(tmp_path / "there", "net", DIM) as catalog:
        catalog.upsert([row_of(1)])
    file = written(tmp_path / "shop", 'store = "../there"')
    assert Address.of(file).search == BUILT_IN
    with Catalog.open(file, create=False) as catalog:
        assert catalog.product("p1").id == "p1"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('stroe = "x"', "no key 'stroe'; did you mean store?"),
        ("store = 3", "store must be a text, not 3"),
        ("store =", "cannot be read"),
        ('store = "mysql://h/d"', "mysql://h/d: a catalog is a folder"),
        ('store_password_env = "NOT_SET"', "names NOT_SET, which is not set"),
        ('store = "postgresql://u:pw@h/d"', "store holds a password; name the environment"),
        ('search = "milvus://u:pw@h/d"', "search holds a password; name the environment"),
        ('store = "postgresql+psycopg://u:pw@h/d"', "store holds a password; name the environment"),
        ('search = "milvus+x://u:pw@h/d"', "search holds a password; name the environment"),
    ],
)
def test_a_file_that_cannot_be_used_is_told(tmp_path, line, words):
    with pytest.raises(CatalogError) as told:
        Address.of(written(tmp_path, line))
    assert words in str(told.value)
    assert "pw" not in str(told.value)


def test_a_search_that_is_not_known_is_refused(tmp_path):
    with pytest.raises(CatalogError, match=r"search must be 'built-in' or milvus:.*, not 'none'"):
        Catalog.open(written(tmp_path, 'search = "none"'))


@pytest.mark.parametrize(
    ("url", "shown", "password"),
    [
        ("postgresql://h/d", "postgresql://h/d", ""),
        ("postgresql://u@h:5432/d", "postgresql://u@h:5432/d", ""),
        ("postgresql://u:pw@h:5432/d?schema=a", "postgresql://u@h:5432/d?schema=a", "pw"),
        ("postgresql://u:p%2Fw@h/d", "postgresql://u@h/d", "p/w"),
        (f"postgresql://u:{SECRET}@h/d", "postgresql://u@h/d", SECRET),
        ("postgresql+psycopg://u:pw@h/d", "postgresql+psycopg://u@h/d", "pw"),
        ("a-b.c://u:pw@h/d", "a-b.c://u@h/d", "pw"),
    ],
)
def test_a_password_is_apart_from_its_url(url, shown, password):
    assert without_password(url) == (shown, password)


def test_a_url_alone_has_its_files_with_the_user(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    one = Address.of(f"postgresql://u:{SECRET}@h/d")
    assert one.folder.parent == tmp_path / "thatlook"
    assert one.folder.name.startswith("u-h-d-")
    assert one.folder == Address.of("postgresql://u@h/d").folder
    assert one.folder != Address.of("postgresql://u@h/e").folder


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg"])
def test_a_command_refuses_a_password_in_its_arguments(capsys, scheme):
    assert main(["catalog", "info", "--catalog", f"{scheme}://u:{SECRET}@h/d"]) == 2
    told = capsys.readouterr().err
    assert f"{scheme}://u@h/d: leave out the password" in told
    assert SECRET not in told
