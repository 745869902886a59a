from __future__ import annotations

import contextlib
import gzip
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import numpy as np
import pytest
from PIL import Image

from thatlook.core.errors import FetchError
from thatlook.store.feed.addresses import is_public, parsed
from thatlook.store.feed.fetch import Fetcher, FetchPolicy, retry_after
from thatlook.store.feed.pictures import PictureFolder

POLICY = FetchPolicy(allow_private=True, timeout_s=2, deadline_s=5, backoff_s=0.01)


def png(shade: int) -> bytes:
    """A small picture; another one for each shade."""
    buffer = io.BytesIO()
    Image.new("RGB", (32, 24), (shade, 0, 0)).save(buffer, "PNG")
    return buffer.getvalue()


class Slept(list):
    """Stands for time.sleep and remembers."""

    def __call__(self, seconds):
        self.append(seconds)


@pytest.fixture
def slept():
    return Slept()


@pytest.fixture
def fetcher(slept):
    made = Fetcher(POLICY, sleep=slept)
    yield made
    made.close()


def with_policy(slept, **changes):
    return Fetcher(replace(POLICY, **changes), sleep=slept)


def test_what_comes_back(shop, fetcher):
    headers = {"Content-Type": "Image/PNG; x=1", "ETag": '"1"', "Last-Modified": "then", "X": "y"}
    shop.answers["/a?b=1"] = (200, headers, b"data")
    found = fetcher.get(shop.url("/a?b=1#part"))
    assert (found.data, found.content_type, found.etag) == (b"data", "image/png", '"1"')
    assert (found.last_modified, found.not_modified, found.headers["X"]) == ("then", False, "y")
    assert shop.asked[0][1]["User-Agent"].startswith("thatlook/")
    assert shop.asked[0][1]["Host"] == f"127.0.0.1:{shop.port}"


def test_packed_answers_are_unpacked_within_the_limit(shop, slept):
    packed = gzip.compress(bytes(10_000_000))
    shop.answers["/"] = (200, {"Content-Encoding": "gzip"}, packed)
    with pytest.raises(FetchError, match="larger than 1000000 bytes"):
        with_policy(slept, max_bytes=1_000_000).get(shop.url("/"))
    assert len(with_policy(slept).get(shop.url("/")).data) == 10_000_000


def test_conditional_requests(shop, fetcher):
    def answer(headers, _):
        same = headers["If-None-Match"] == '"1"' and headers["If-Modified-Since"] == "then"
        return (304, {"ETag": '"1"'}, b"") if same else (200, {}, b"new")

    shop.answers["/"] = answer
    found = fetcher.get(shop.url("/"), etag='"1"', last_modified="then")
    assert (found.not_modified, found.data) == (True, b"")
    assert fetcher.get(shop.url("/")).data == b"new"


@pytest.mark.parametrize("status", [429, 500, 503])
def test_passing_faults_are_tried_again(shop, fetcher, slept, status):
    shop.answers["/"] = lambda _, n: (status, {}, b"") if n < 3 else (200, {}, b"ok")
    assert fetcher.get(shop.url("/")).data == b"ok"
    assert len(slept) == 2
    assert 0.005 <= slept[0] <= 0.015
    assert 0.01 <= slept[1] <= 0.03


def test_the_last_attempt_tells(shop, fetcher, slept):
    shop.answers["/"] = (503, {}, b"")
    with pytest.raises(FetchError, match="HTTP status 503") as caught:
        fetcher.get(shop.url("/"))
    assert caught.value.status == 503
    assert (len(shop.asked), len(slept)) == (4, 3)


@pytest.mark.parametrize("status", [400, 403, 404, 410])
def test_final_answers_are_not_asked_again(shop, fetcher, status):
    shop.answers["/"] = (status, {}, b"")
    with pytest.raises(FetchError) as caught:
        fetcher.get(shop.url("/"))
    assert (caught.value.status, len(shop.asked)) == (status, 1)


def test_retry_after_is_kept(shop, fetcher, slept):
    shop.answers["/"] = lambda _, n: (429, {"Retry-After": "2"}, b"") if n == 1 else (200, {}, b"")
    fetcher.get(shop.url("/"))
    assert slept == [2.0]


def test_too_long_a_retry_after_ends_it(shop, fetcher, slept):
    shop.answers["/"] = (503, {"Retry-After": "3600"}, b"")
    with pytest.raises(FetchError, match="503"):
        fetcher.get(shop.url("/"))
    assert slept == []


def test_retry_after_as_a_date():
    when = format_datetime(datetime.now(UTC) + timedelta(seconds=30))
    assert 25 < retry_after(when) <= 30
    assert retry_after("Thu, 01 Jan 1970 00:00:00 GMT") == 0
    assert retry_after("soon") is None
    assert retry_after(None) is None


def test_redirects_are_followed_and_relative(shop, fetcher):
    shop.answers["/a/b"] = (302, {"Location": "../c"}, b"")
    shop.answers["/c"] = (301, {"Location": shop.url("/d")}, b"")
    shop.answers["/d"] = (200, {}, b"there")
    found = fetcher.get(shop.url("/a/b"))
    assert (found.data, found.url) == (b"there", shop.url("/d"))


def test_redirects_without_end(shop, fetcher):
    shop.answers["/"] = (302, {"Location": "/"}, b"")
    with pytest.raises(FetchError, match="more than 5 redirects"):
        fetcher.get(shop.url("/"))


def test_a_redirect_to_nowhere(shop, fetcher):
    shop.answers["/"] = (302, {}, b"")
    with pytest.raises(FetchError, match="leads nowhere"):
        fetcher.get(shop.url("/"))


def test_a_redirect_to_another_scheme(shop, fetcher):
    shop.answers["/"] = (302, {"Location": "file:///etc/passwd"}, b"")
    with pytest.raises(FetchError, match="only http and https"):
        fetcher.get(shop.url("/"))


def test_types(shop, slept):
    shop.answers["/html"] = (200, {"Content-Type": "text/html"}, b"<html>")
    shop.answers["/none"] = (200, {}, b"x")
    for path in ("/html", "/none"):
        with pytest.raises(FetchError, match="expected image/, the server says"):
            with_policy(slept, content_types=("image/",)).get(shop.url(path))


def test_sizes(shop, slept):
    shop.answers["/said"] = (200, {"Content-Length": "2000"}, b"x" * 2000)
    shop.answers["/fits"] = (200, {}, b"x" * 1000)
    small = with_policy(slept, max_bytes=1000)
    assert len(small.get(shop.url("/fits")).data) == 1000
    with pytest.raises(FetchError, match="larger than 1000 bytes"):
        small.get(shop.url("/said"))


def test_an_answer_that_breaks_off(shop, fetcher, slept):
    short = (200, {"Content-Length": "100", "Connection": "close"}, b"x" * 10)
    shop.answers["/"] = lambda _, n: short if n == 1 else (200, {}, b"whole")
    fast = with_policy(slept, timeout_s=0.3)
    assert fast.get(shop.url("/")).data == b"whole"


def test_nobody_listens(slept):
    with pytest.raises(FetchError, match=r"no answer from 127\.0\.0\.1"):
        with_policy(slept, attempts=2).get("http://127.0.0.1:9/")
    assert len(slept) == 1


def test_a_host_that_is_down_is_left_alone(shop, slept, monkeypatch):
    down = with_policy(slept, attempts=2, failure_threshold=3, cooldown_s=30)
    clock = [100.0]
    monkeypatch.setattr("circuitbreaker.monotonic", lambda: clock[0])
    tried = []
    asked = down._asked
    monkeypatch.setattr(down, "_asked", lambda *args: tried.append(1) or asked(*args))
    silent = "http://127.0.0.1:9/"
    with pytest.raises(FetchError, match=r"no answer from 127\.0\.0\.1: "):
        down.get(silent)
    # The third silence is the last: what was to be tried again is not.
    with pytest.raises(FetchError, match=r"3 times in a row; not asked again for 30 s"):
        down.get(silent)
    assert len(tried) == 3
    for _ in range(5):
        with pytest.raises(FetchError, match="not asked again"):
            down.get(silent)
    assert len(tried) == 3
    # Another host, here another port, is asked as before.
    shop.answers["/"] = (200, {}, b"here")
    assert down.get(shop.url("/")).data == b"here"
    clock[0] += 31
    with pytest.raises(FetchError, match="not asked again"):
        down.get(silent)
    assert len(tried) == 5


def test_an_error_is_an_answer_and_no_silence(shop, slept):
    flaky = with_policy(slept, attempts=1, failure_threshold=2)
    shop.answers["/"] = (503, {}, b"")
    for _ in range(5):
        with pytest.raises(FetchError, match="HTTP status 503"):
            flaky.get(shop.url("/"))


def test_private_addresses_are_refused(shop, slept):
    careful = with_policy(slept, allow_private=False)
    for url in (
        shop.url("/"),
        "http://[::1]/",
        "http://10.1.2.3/",
        "http://169.254.169.254/latest",
    ):
        with pytest.raises(FetchError, match="not on the public internet"):
            careful.get(url)
    assert shop.asked == []


def test_a_redirect_to_a_private_address_is_refused(shop, slept):
    """The first host is said to be public, and its answer leads inside."""
    shop.answers["/"] = (302, {"Location": "http://internal.example/"}, b"")
    seen = []

    def resolver(host, port):
        seen.append(host)
        return ["127.0.0.1"] if host == "shop.example" else ["192.168.0.1"]

    careful = Fetcher(replace(POLICY, allow_private=False), resolver=resolver, sleep=slept)
    with pytest.raises(FetchError, match=r"shop\.example is at 127\.0\.0\.1, not on the public"):
        careful.get(shop.url("/", "shop.example"))
    assert seen == ["shop.example"]


def test_whoever_asks_is_told_every_address_before_it_is_asked(shop, fetcher):
    shop.answers["/1"] = (301, {"Location": "/2"}, b"")
    shop.answers["/2"] = lambda _, n: (503, {}, b"") if n == 1 else (302, {"Location": "3"}, b"")
    told = []

    def before(url):
        told.append(url)
        if url.endswith("/3"):
            raise FetchError("not that one")

    with pytest.raises(FetchError, match=r"^not that one$"):
        fetcher.get(shop.url("/1"), before=before)
    assert told == [shop.url(path) for path in ("/1", "/2", "/1", "/2", "/3")]
    assert [path for path, _ in shop.asked] == ["/1", "/2", "/1", "/2"]


def test_the_address_is_looked_up_once(shop, slept):
    """A second answer of the name server would lead elsewhere: it is never asked for."""
    shop.answers["/"] = (200, {}, b"ok")
    answers = [["127.0.0.1"], ["10.0.0.1"]]
    pinned = Fetcher(POLICY, resolver=lambda host, port: answers.pop(0), sleep=slept)
    assert pinned.get(shop.url("/", "shop.example")).data == b"ok"
    assert shop.asked[0][1]["Host"] == f"shop.example:{shop.port}"
    assert len(answers) == 1


def test_mixed_answers_of_a_name_server_are_refused(slept):
    careful = Fetcher(
        replace(POLICY, allow_private=False),
        resolver=lambda host, port: ["93.184.216.34", "10.0.0.1"],
        sleep=slept,
    )
    with pytest.raises(FetchError, match=r"10\.0\.0\.1"):
        careful.get("http://shop.example/")


def test_the_next_address_is_tried(shop, slept):
    shop.answers["/"] = (200, {}, b"ok")
    both = Fetcher(POLICY, resolver=lambda host, port: ["127.0.0.2", "127.0.0.1"], sleep=slept)
    assert both.get(shop.url("/", "shop.example")).data == b"ok"


def test_an_unknown_host(slept):
    def resolver(host, port):
        raise OSError("no such name")

    with pytest.raises(FetchError, match="cannot be found"):
        Fetcher(POLICY, resolver=resolver, sleep=slept).get("http://shop.example/")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x/",
        "file:///etc/passwd",
        "http://",
        "http://u:p@x/",
        "http://x:99999/",
        "http://[x/",
        "x",
    ],
)
def test_addresses_that_are_none(url):
    with pytest.raises(FetchError):
        parsed(url)


def test_parts_of_an_address():
    target = parsed("HTTPS://Bücher.example:443?q=1#x")
    assert (target.scheme, target.host, target.port) == ("https", "xn--bcher-kva.example", 443)
    assert (target.path, target.host_header) == ("/?q=1", "xn--bcher-kva.example")
    assert parsed("http://[2001:db8::1]:81/").host_header == "[2001:db8::1]:81"


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),
        ("10.0.0.1", False),
        ("172.16.5.5", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.216.34", True),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::5db8:d822", True),
        ("2002:7f00:1::", False),
        ("2001::1", False),
        ("::127.0.0.1", False),
        ("fec0::1", False),
        ("64:ff9b:1::1", False),
        ("::ffff:0:127.0.0.1", False),
        ("5f00::1", False),
        ("ff0e::1", False),
        ("192.0.0.8", False),
        ("192.0.1.8", True),
        ("192.88.99.1", False),
        ("3fff::1", False),
    ],
)
def test_what_is_public(address, public):
    assert is_public(address) is public


def test_a_folder_of_pictures(shop, fetcher, tmp_path):
    def answer(headers, _):
        if headers["If-None-Match"] == '"1"':
            return 304, {}, b""
        return 200, {"ETag": '"1"', "Content-Type": "image/jpeg"}, b"picture"

    shop.answers["/a.jpg"] = answer
    folder, url = PictureFolder(tmp_path, fetcher), shop.url("/a.jpg")
    assert folder.copy(url) is None
    path = folder.fetched(url)
    assert path == folder.place(url) == folder.copy(url)
    assert path.read_bytes() == b"picture"
    assert folder.fetched(url).read_bytes() == b"picture"
    assert [headers.get("If-None-Match") for _, headers in shop.asked] == [None, '"1"']
    path.write_bytes(b"damaged")
    assert folder.copy(url) is None
    assert folder.fetched(url).read_bytes() == b"picture"
    assert sorted(p.suffix for p in path.parent.iterdir()) == ["", ".json"]


def test_a_changed_picture_takes_the_place(shop, fetcher, tmp_path):
    shop.answers["/a"] = lambda _, n: (200, {"ETag": str(n)}, png(n))
    folder, url = PictureFolder(tmp_path, fetcher), shop.url("/a")
    assert folder.fetched(url).read_bytes() == png(1)
    assert folder.fetched(url).read_bytes() == png(2)
    shop.answers["/a"] = (404, {}, b"")
    with pytest.raises(FetchError, match="404"):
        folder.fetched(url)
    assert folder.copy(url).read_bytes() == png(2)


@pytest.mark.parametrize("garbage", [b"", b"<html>Sorry</html>", "cut"])
def test_what_does_not_decode_leaves_the_good_copy(shop, fetcher, tmp_path, garbage):
    noise = np.random.default_rng(0).integers(0, 256, (40, 30, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "JPEG")
    good = buffer.getvalue()
    answers = [good, good[:900] if garbage == "cut" else garbage, png(3)]
    shop.answers["/a"] = lambda _, n: (200, {"ETag": f'"{n}"'}, answers[n - 1])
    folder, url = PictureFolder(tmp_path, fetcher), shop.url("/a")
    path = folder.fetched(url)
    with pytest.raises(FetchError, match="/a: what came is no usable picture: "):
        folder.fetched(url)
    assert folder.copy(url) == path
    assert path.read_bytes() == good
    assert folder.fetched(url).read_bytes() == png(3)
    # the tag of what was not kept is not remembered
    tags = [headers.get("If-None-Match") for _, headers in shop.asked]
    assert tags == [None, '"1"', '"1"']


def test_the_same_bytes_again_are_not_decoded(shop, fetcher, tmp_path, monkeypatch):
    shop.answers["/a"] = (200, {}, png(1))
    folder, url = PictureFolder(tmp_path, fetcher), shop.url("/a")
    folder.fetched(url)
    monkeypatch.setattr("thatlook.store.feed.pictures.decode", pytest.fail)
    assert folder.fetched(url).read_bytes() == png(1)


@pytest.mark.parametrize(
    ("path", "asked"),
    [
        ("/ä b.jpg", "/%C3%A4%20b.jpg"),
        ("/a%20b.jpg?q=ü&x=%2F", "/a%20b.jpg?q=%C3%BC&x=%2F"),
        ("", "/"),
    ],
)
def test_odd_letters_in_addresses(shop, fetcher, path, asked):
    shop.answers[asked] = (200, {}, b"ok")
    assert fetcher.get(f"http://127.0.0.1:{shop.port}{path}").data == b"ok"


@pytest.mark.parametrize(
    ("path", "asked"),
    [("/a\r\nHost: evil", "/aHost:%20evil"), ("/a\nb", "/ab"), ("/\x00", "/%00")],
)
def test_line_breaks_do_not_get_into_the_request(shop, fetcher, path, asked):
    with contextlib.suppress(FetchError):
        fetcher.get(f"http://127.0.0.1:{shop.port}{path}")
    ((found, headers),) = shop.asked
    assert found == asked
    assert headers["Host"] == f"127.0.0.1:{shop.port}"
