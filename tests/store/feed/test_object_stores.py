"""Pictures in an object store: fsspec's own, in memory."""

from __future__ import annotations

import sys

import pytest

from tests.store.ingest.fake import DIM, KEY, Factory, picture
from thatlook.core.errors import FeedError, FetchError, MissingExtraError
from thatlook.store.catalog import Catalog
from thatlook.store.feed import FeedRow, Problem, read_feed
from thatlook.store.feed.object_stores import ObjectStore, store_of
from thatlook.store.ingest import ingest

fsspec = pytest.importorskip("fsspec", reason="needs the extra cluster")
BASE = "memory://shop/pictures"


@pytest.fixture(autouse=True)
def files():
    """The store, empty before and after."""
    made = fsspec.filesystem("memory")
    made.store.clear()
    yield made
    made.store.clear()


@pytest.mark.parametrize(
    ("link", "place"),
    [
        ("a.jpg", f"{BASE}/a.jpg"),
        ("red/a%20b.jpg", f"{BASE}/red/a b.jpg"),
        ("red\\a.jpg", f"{BASE}/red/a.jpg"),
        ("red/../a.jpg", f"{BASE}/a.jpg"),
        (f"{BASE}/a.jpg", f"{BASE}/a.jpg"),
        ("../secret.jpg", None),
        ("%2e%2e/secret.jpg", None),
        ("/etc/passwd", None),
        (".", None),
        (f"{BASE}/../secret.jpg", None),
        (f"{BASE}-private/a.jpg", None),
        ("memory://other/a.jpg", None),
        ("s3://bucket/a.jpg", None),
        ("file:///etc/passwd", None),
        ("zip::a.jpg", None),
    ],
)
def test_only_pictures_under_the_url_are_meant(link, place):
    assert ObjectStore(BASE).place(link) == place
    assert ObjectStore(BASE + "/").place(link) == place


def test_a_file_is_read_and_not_again_until_it_is_written_again(files):
    store = ObjectStore(BASE)
    files.pipe("/shop/pictures/a.jpg", b"first")
    found = store.get(f"{BASE}/a.jpg", etag="", max_bytes=5)
    assert (found.data, found.not_modified) == (b"first", False)
    again = store.get(f"{BASE}/a.jpg", etag=found.etag, max_bytes=5)
    assert (again.data, again.not_modified) == (b"", True)
    files.pipe("/shop/pictures/a.jpg", b"other")
    assert store.get(f"{BASE}/a.jpg", etag=found.etag, max_bytes=5).data == b"other"


def test_what_is_too_large_or_missing_is_told(files):
    files.pipe("/shop/pictures/a.jpg", b"123456")
    with pytest.raises(FetchError, match=f"{BASE}/a.jpg: more than 5 bytes"):
        ObjectStore(BASE).get(f"{BASE}/a.jpg", etag="", max_bytes=5)
    with pytest.raises(FetchError, match=f"{BASE}/b.jpg: is not there"):
        ObjectStore(BASE).get(f"{BASE}/b.jpg", etag="", max_bytes=5)


def test_what_the_client_raises_is_the_pictures_fault(files, monkeypatch):
    class RefusedError(Exception):
        pass

    def refuse(*_args, **_options):
        raise RefusedError("403 Forbidden")

    monkeypatch.setattr(type(files), "info", refuse)
    with pytest.raises(FetchError, match=r"a.jpg: cannot be read: 403 Forbidden"):
        ObjectStore(BASE).get(f"{BASE}/a.jpg", etag="", max_bytes=5)


@pytest.mark.parametrize(
    ("base", "message"),
    [
        ("file:///home/shop", "give a folder of this machine as a path"),
        ("zip::memory://shop/a.zip", "give a folder of this machine as a path"),
        ("nosuch://shop", "nosuch"),
    ],
)
def test_a_store_that_cannot_be(base, message):
    with pytest.raises(FeedError, match=message):
        store_of(base)


@pytest.mark.parametrize(
    ("base", "message"),
    [
        ("ftp://user:s3cret@host/p", "ftp://user@host/p: leave out the password"),
        ("s3://key:s3/cr@t@bucket/p", "s3://key@bucket/p: leave out the password"),
        ("simplecache::ftp://user:s3cret@host/p", "give a folder of this machine"),
    ],
)
def test_a_password_is_refused_and_not_told(base, message):
    with pytest.raises(FeedError, match=message) as told:
        store_of(base)
    assert "s3c" not in str(told.value)
    assert "cr@t" not in str(told.value)


def test_a_folder_is_no_store(tmp_path):
    assert store_of(tmp_path) is store_of("images") is store_of(None) is None


def test_without_fsspec_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "fsspec", None)
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'thatlook\[cluster\]'"):
        store_of(BASE)


def test_a_feed_with_its_pictures_in_a_store_is_indexed(files, tmp_path):
    feed = tmp_path / "feed.csv"
    feed.write_text(
        "id,title,category,image_link\n1,T,dress,a.png\n2,T,dress,memory://shop/pictures/b.png\n"
        "3,T,dress,../secret.png\n4,T,dress,gone.png\n"
    )
    for name, color in (("pictures/a.png", (200, 30, 30)), ("pictures/b.png", (30, 30, 200))):
        files.pipe(f"/shop/{name}", picture(tmp_path / "x.png", color).read_bytes())
    files.pipe("/shop/secret.png", picture(tmp_path / "x.png").read_bytes())
    first, second, third, fourth = read_feed(feed, None, BASE)
    assert [row.images for row in (first, second, fourth) if isinstance(row, FeedRow)] == [
        (f"{BASE}/a.png",),
        (f"{BASE}/b.png",),
        (f"{BASE}/gone.png",),
    ]
    assert isinstance(third, Problem)
    assert f"is not inside {BASE}/" in third.message
    with Catalog.open(tmp_path / "c", KEY, DIM) as catalog:
        report = ingest(feed, catalog, Factory(), images=BASE, workers=0)
        assert (report.added, report.failed) == (2, 2)
        assert catalog.image("1").read_bytes() == files.cat("/shop/pictures/a.png")
        files.pipe("/shop/pictures/a.png", picture(tmp_path / "x.png", (90, 90, 9)).read_bytes())
        again = ingest(feed, catalog, Factory(), images=BASE, workers=0)
        assert (again.changed, again.unchanged) == (1, 1)
        assert catalog.image("1").read_bytes() == files.cat("/shop/pictures/a.png")
