from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.store.feed.shop_server import ShopServer
from tests.store.ingest.fake import DIM, KEY, Factory, picture
from thatlook.core.errors import (
    CatalogError,
    FeedError,
    ModelError,
    ModelMismatchError,
    SettingsError,
)
from thatlook.core.records import Product
from thatlook.search.index import Query
from thatlook.store.catalog import Catalog, Row
from thatlook.store.catalog.address import Address
from thatlook.store.feed.fetch import Fetcher, FetchPolicy
from thatlook.store.ingest import IngestReport, ingest, pipeline
from thatlook.store.ingest.turn import own_turn

HEADER = "id,title,category,image_link,price\n"


class Shop:
    """A feed with pictures in a folder, and the catalog made of it."""

    def __init__(self, folder: Path, address: Address) -> None:
        self.folder = folder
        self.feed = folder / "feed.csv"
        self.log = folder / "described.txt"
        self.catalog = Catalog.open(address, KEY, DIM)

    def write(self, rows: dict[str, str], header: str = HEADER) -> None:
        self.feed.write_text(header + "".join(f"{i},{rest}\n" for i, rest in rows.items()))

    def index(self, **options) -> IngestReport:
        options = {"workers": 0} | options
        return ingest(self.feed, self.catalog, Factory(log=str(self.log)), **options)

    def described(self) -> list[str]:
        """The ids described since the last call."""
        found = self.log.read_text().split() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return found


def counts(report: IngestReport) -> tuple[int, ...]:
    return (report.added, report.changed, report.unchanged, report.removed, report.failed)


@pytest.fixture
def shop(tmp_path, address):
    made = Shop(tmp_path, address)
    for n in range(5):
        picture(tmp_path / f"{n}.png", (200, 10 * n, 30))
    yield made
    made.catalog.close()


ROWS = {str(n): f"Title {n},dress,{n}.png,{n + 1} EUR" for n in range(5)}


def test_only_what_changed_is_described(shop):
    shop.write(ROWS)
    assert counts(shop.index()) == (5, 0, 0, 0, 0)
    assert shop.described() == ["0", "1", "2", "3", "4"]
    assert counts(shop.index()) == (0, 0, 5, 0, 0)
    assert shop.described() == []

    picture(shop.folder / "1.png", (250, 250, 0))  # another content under the same name
    shop.write(ROWS | {"2": "Other title,dress,2.png,9 EUR", "3": "Title 3,bag,3.png,3 EUR"})
    before = shop.catalog.vector("2")
    assert counts(shop.index()) == (0, 3, 2, 0, 0)
    assert shop.described() == ["1", "3"]  # the category of 3 decides which article is boxed
    assert shop.catalog.product("2").title == "Other title"
    assert (shop.catalog.vector("2") == before).all()
    assert shop.catalog.product("3").category == "bag"


def test_a_touched_file_is_not_a_changed_one(shop):
    shop.write(ROWS)
    shop.index()
    shop.described()
    (shop.folder / "1.png").touch()
    assert counts(shop.index()) == (0, 0, 5, 0, 0)
    assert shop.described() == []


def test_leaving_and_coming_back(shop):
    shop.write(ROWS)
    shop.index()
    shop.described()
    shop.write({i: row for i, row in ROWS.items() if i != "3"})
    assert counts(shop.index()) == (0, 0, 4, 1, 0)
    assert shop.catalog.stored("3").status == "left"
    answers = shop.catalog.search(shop.catalog.vector("3")[None], Query(k=9))
    assert "3" not in [hit.product_id for hit in answers[0]]
    assert counts(shop.index()) == (0, 0, 4, 0, 0)
    shop.write(ROWS)
    assert counts(shop.index()) == (0, 1, 4, 0, 0)
    assert shop.described() == []
    assert shop.catalog.stored("3").status == "active"


def test_products_that_came_otherwise_stay(shop):
    shop.catalog.upsert([Row(product=Product(id="own"), vector=np.eye(DIM, dtype=np.float32)[0])])
    shop.write(ROWS)
    assert counts(shop.index()) == (5, 0, 0, 0, 0)
    assert shop.catalog.stored("own").status == "active"
    shop.write(ROWS | {"own": "Now by the feed,dress,1.png,1 EUR"})
    assert counts(shop.index()) == (0, 1, 5, 0, 0)
    shop.write(ROWS)
    assert counts(shop.index()) == (0, 0, 5, 1, 0)


def test_a_good_row_after_a_bad_one_of_the_same_id(shop):
    shop.write({"1": "Bad,dress,none.png,1 EUR"})
    with shop.feed.open("a") as file:
        file.write("1,Good,dress,1.png,1 EUR\n1,Twice,dress,1.png,1 EUR\n")
    assert counts(shop.index()) == (1, 0, 0, 0, 2)
    assert shop.catalog.product("1").title == "Good"


def test_moved_pictures_are_not_described_again(shop, tmp_path):
    shop.write(ROWS)
    shop.index()
    shop.described()
    moved = tmp_path / "moved"
    for n in range(5):
        picture(moved / f"{n}.png", (200, 10 * n, 30))
        (shop.folder / f"{n}.png").unlink()
    assert counts(shop.index(images=moved)) == (0, 5, 0, 0, 0)
    assert shop.described() == []
    assert shop.catalog.image("2") == moved / "2.png"


def test_another_network_describes_everything_again(shop, tmp_path):
    shop.write(ROWS)
    shop.index()
    with Catalog.open(tmp_path / "catalog" / "versions" / "new", "new", DIM) as version:
        report = ingest(shop.feed, version, Factory("new"), workers=0)
        assert counts(report) == (5, 0, 0, 0, 0)
        assert version.stored("1").model_key == "new"


def test_problems_are_told_and_the_rest_goes_on(shop):
    (shop.folder / "broken.png").write_bytes(b"no picture")
    rows = ROWS | {
        "5": "Broken,dress,broken.png,1 EUR",
        "6": "Missing,dress,missing.png,1 EUR",
        "7": "Price,dress,1.png,cheap",  # kept, without a price
    }
    shop.write(rows)
    with shop.feed.open("a") as file:
        file.write("1,Twice,dress,1.png,1 EUR\nshort,row\n")
    report = shop.index()
    assert counts(report) == (6, 0, 0, 0, 4)
    told = [(p.line, p.product_id) for p in report.problems]
    assert told == [(7, "5"), (8, "6"), (9, "7"), (10, "1"), (11, "")]
    assert "not a photo" in report.problems[0].message
    assert "more than once" in report.problems[3].message
    assert shop.catalog.product("1").title == "Title 1"
    assert shop.catalog.info().products == 6
    data = report.to_dict()
    assert (data["failed"], data["problems"][1]["line"]) == (4, 8)
    assert str(report).startswith("6 added, 0 changed, 0 unchanged, 0 removed, 4 failed in ")


def test_a_codec_that_fails_costs_one_product(shop):
    """libavif says RuntimeError of coded data that is none."""
    Image.new("RGB", (32, 24), (200, 30, 40)).save(shop.folder / "bad.avif")
    data = (shop.folder / "bad.avif").read_bytes()
    coded = data.index(b"mdat") + 4
    (shop.folder / "bad.avif").write_bytes(data[:coded] + bytes(len(data) - coded))
    shop.write({"9": "Bad,dress,bad.avif,1 EUR"} | ROWS)
    report = shop.index()
    assert counts(report) == (5, 0, 0, 0, 1)
    (problem,) = report.problems
    assert problem.product_id == "9"
    assert "bad.avif: damaged or cut off: " in problem.message


def test_pictures_that_are_too_large(shop):
    with (shop.folder / "huge.png").open("wb") as file:
        file.truncate(25_000_001)
    header = "id,title,category,image_link,additional_image_link\n"
    shop.write({"1": "T,dress,huge.png,1.png", "2": "T,dress,huge.png,"}, header)
    report = shop.index()
    assert counts(report) == (1, 0, 0, 0, 1)
    assert [p.message.rpartition(": ")[2] for p in report.problems] == [
        "more than 25000000 bytes",
        "more than 25000000 bytes",
    ]
    assert Path(shop.catalog.stored("1").image).name == "1.png"
    assert counts(shop.index()) == (0, 0, 1, 0, 1)


def test_a_row_that_went_bad_keeps_its_product(shop):
    shop.write(ROWS)
    shop.index()
    shop.write(ROWS | {"4": "Title 4,dress,gone.png,4 EUR"})
    assert counts(shop.index()) == (0, 0, 4, 0, 1)
    assert shop.catalog.stored("4").status == "active"


def many(shop: Shop, count: int = 40) -> dict[str, str]:
    """Rows of a feed of `count` products, ids 10, 11, ..."""
    return {str(10 + n): f"Title {n},dress,{n % 5}.png,1 EUR" for n in range(count)}


def first(rows: dict[str, str], count: int) -> dict[str, str]:
    return dict(list(rows.items())[:count])


def statuses(shop: Shop) -> list[str]:
    return [stored.status for stored in shop.catalog.all_stored()]


def test_a_feed_that_shrinks_too_much_is_refused_before_anything_is_changed(shop):
    rows = many(shop)
    shop.write(rows)
    shop.index()
    shop.described()
    sequence = shop.catalog.sequence
    shop.write(first(rows, 34) | {"10": "Other,dress,0.png,1 EUR", "99": "New,dress,1.png,1 EUR"})
    message = (
        r"feed\.csv: does not have 6 of the catalog's 40 products, more than 10 %; first "
        r"44, 45, 46, 47, 48\. Nothing .*catalog rollback NAME.*--allow-removals"
    )
    with pytest.raises(FeedError, match=message):
        shop.index()
    assert shop.catalog.sequence == sequence
    assert shop.described() == []
    assert statuses(shop) == ["active"] * 40
    assert counts(shop.index(removal_limit=None)) == (1, 1, 33, 6, 0)
    assert statuses(shop).count("left") == 6


@pytest.mark.parametrize(
    ("count", "left", "limit", "refused"),
    [
        (40, 35, 0.1, False),  # 5 are few
        (40, 34, 0.1, True),
        (70, 63, 0.1, False),  # a tenth is not more than a tenth
        (70, 62, 0.1, True),
        (70, 64, 0.05, True),
        (40, 1, 1.0, False),
        (5, 1, 0.0, False),
    ],
)
def test_how_much_a_feed_may_shrink(shop, count, left, limit, refused):
    rows = many(shop, count)
    shop.write(rows)
    shop.index()
    shop.write(first(rows, left))
    if refused:
        with pytest.raises(FeedError, match=f"{count - left} of the catalog's {count} products"):
            shop.index(removal_limit=limit)
    else:
        assert shop.index(removal_limit=limit).removed == count - left


def test_products_that_a_feed_cannot_take_away_do_not_count(shop):
    """Of 10 by feeds 6 are too many, however many came otherwise or left before."""
    rows = many(shop, 10)
    own = np.eye(DIM, dtype=np.float32)[0]
    shop.catalog.upsert([Row(product=Product(id=f"own{n}"), vector=own) for n in range(90)])
    shop.write(rows)
    shop.index()
    shop.write(first(rows, 4))
    with pytest.raises(FeedError, match="6 of the catalog's 10 products"):
        shop.index()
    shop.index(removal_limit=None)
    assert counts(shop.index()) == (0, 0, 4, 0, 0)


def test_a_feed_that_shrinks_while_it_is_read_marks_nothing(shop, monkeypatch):
    rows = many(shop)
    shop.write(rows)
    shop.index()
    check = pipeline.check_ahead

    def checked(*args):
        check(*args)
        shop.write(first(rows, 10))

    monkeypatch.setattr(pipeline, "check_ahead", checked)
    with pytest.raises(FeedError, match="30 of the catalog's 40"):
        shop.index()
    assert statuses(shop) == ["active"] * 40


def test_rows_whose_id_cannot_be_read_may_be_any_product(shop):
    rows = many(shop)
    shop.write(rows)
    shop.index()
    shop.write(first(rows, 10) | {"": "No id,dress,1.png,1 EUR"})
    report = shop.index()
    assert counts(report) == (0, 0, 10, 0, 1)
    assert (report.kept, report.unreadable) == (30, 1)
    assert str(report).endswith(
        "; 30 products that the feed does not have were kept (rows whose id cannot be read: 1); "
        "--allow-removals marks them as gone"
    )
    assert (report.to_dict()["kept"], report.to_dict()["unreadable"]) == (30, 1)
    assert statuses(shop) == ["active"] * 40
    # a row that has its id is that product alone, whatever else is wrong with it
    shop.write(first(rows, 38) | {"12": "No picture,dress,none.png,1 EUR"})
    report = shop.index()
    assert (report.removed, report.failed, report.kept, report.unreadable) == (2, 1, 0, 0)
    shop.write(first(rows, 10) | {"": "No id,dress,1.png,1 EUR"})
    assert shop.index(removal_limit=None).removed == 28


def test_a_feed_of_which_no_row_can_be_taken_marks_nothing(shop):
    shop.write(ROWS)
    shop.index()
    (shop.folder / "broken.png").write_bytes(b"no picture")
    shop.write({"8": "Broken,dress,broken.png,1 EUR", "9": "Broken,dress,broken.png,1 EUR"})
    report = shop.index()
    assert counts(report) == (0, 0, 0, 0, 2)
    assert (report.kept, report.all_failed) == (5, True)
    assert "5 products that the feed does not have were kept (no row could be taken)" in str(report)
    assert statuses(shop) == ["active"] * 5
    shop.write(ROWS | {"9": "Broken,dress,broken.png,1 EUR"})
    assert not shop.index().all_failed


def test_a_price_that_cannot_be_read_is_told_and_its_product_kept(shop):
    shop.write(ROWS | {"3": "Title 3,dress,3.png,nan"})
    report = shop.index()
    assert counts(report) == (5, 0, 0, 0, 0)
    (problem,) = report.problems
    assert (problem.line, problem.product_id) == (5, "3")
    assert "got 'nan'" in problem.message
    assert shop.catalog.product("3").price is None
    with pytest.raises(FeedError, match=r"line 5 \(id 3\): price"):
        shop.index(strict=True)


def test_strict_stops_at_the_first_problem(shop):
    shop.write({"9": "Bad,dress,none.png,1 EUR"} | ROWS)
    with pytest.raises(FeedError, match=r"line 7 \(id 9\)|line 2 \(id 9\)"):
        shop.index(strict=True)
    assert shop.catalog.info().products == 0


@pytest.mark.parametrize("rows", [{}, {"9": "Bad,dress,none.png,1 EUR"}])
def test_a_feed_without_a_usable_row_removes_nothing(shop, rows):
    shop.write(ROWS)
    shop.index()
    shop.write(rows)
    with pytest.raises(FeedError, match="no usable row"):
        shop.index()
    assert shop.catalog.info().products == 5


def test_a_feed_that_breaks_off_keeps_what_came_and_removes_nothing(shop):
    shop.write(ROWS)
    shop.index()
    xml = shop.folder / "feed.xml"
    items = "".join(
        f"<item><id>{n}</id><title>T</title><image_link>0.png</image_link></item>" for n in (0, 7)
    )
    xml.write_text(f"<rss><channel>{items}<item><id>8")
    with pytest.raises(FeedError, match="not well-formed"):
        ingest(xml, shop.catalog, Factory(), workers=0)
    assert shop.catalog.info().products == 6
    assert shop.catalog.stored("1").status == "active"


def test_the_best_of_several_pictures(shop):
    picture(shop.folder / "blue.png", (0, 0, 200))
    picture(shop.folder / "red.png", (250, 0, 0))
    picture(shop.folder / "dark.png", (90, 0, 0))
    header = "id,title,category,image_link,additional_image_link\n"
    shop.write({"1": 'T,dress,blue.png,"dark.png, red.png, none.png"'}, header)
    assert counts(shop.index()) == (1, 0, 0, 0, 0)
    stored = shop.catalog.stored("1")
    assert Path(stored.image).name == "red.png"
    assert (stored.found, round(stored.article_score, 2)) == (True, 0.98)
    assert counts(shop.index()) == (0, 0, 1, 0, 0)
    picture(shop.folder / "dark.png", (255, 0, 0))
    assert counts(shop.index()) == (0, 1, 0, 0, 0)
    assert Path(shop.catalog.stored("1").image).name == "dark.png"


def test_processes_give_the_same_as_this_one(shop, tmp_path):
    rows = {}
    for n in range(60):
        picture(tmp_path / "many" / f"{n}.png", (n * 4, 100, 50))
        rows[str(n)] = f"T,dress,many/{n}.png,1 EUR"
    shop.write(rows)
    assert counts(shop.index(workers=2)) == (60, 0, 0, 0, 0)
    with Catalog.open(tmp_path / "alone", KEY, DIM) as alone:
        ingest(shop.feed, alone, Factory(), workers=0)
        stored = list(shop.catalog.all_stored())
        assert len(stored) == 60
        for one, other in zip(stored, alone.all_stored(), strict=True):
            assert one.product == other.product
            assert (one.vector == other.vector).all()
            assert (one.image_hash, one.row_hash) == (other.image_hash, other.row_hash)


def test_a_picture_that_kills_its_process_costs_one_product(shop):
    picture(shop.folder / "deadly.png", (0, 255, 0))
    shop.write(ROWS | {"9": "Deadly,dress,deadly.png,1 EUR"})
    report = shop.index(workers=1)
    assert counts(report) == (5, 0, 0, 0, 1)
    assert "signal 9" in report.problems[0].message
    assert report.problems[0].product_id == "9"


def test_a_describer_that_cannot_be_made(shop):
    shop.write(ROWS)
    with pytest.raises(ModelError, match="the weights are missing"):
        ingest(shop.feed, shop.catalog, Factory("broken"), workers=1)


def test_a_script_needs_no_main_guard(shop, tmp_path):
    """As in the quick start: workers must not run the caller's script again."""
    shop.write(ROWS)
    script = tmp_path / "script.py"
    script.write_text(
        f"""
from tests.store.ingest.fake import DIM, KEY, Factory
from thatlook.store.catalog.address import Address
from thatlook.store.catalog import Catalog, Row
from thatlook.store.ingest import ingest
with Catalog.open({str(tmp_path / "c")!r}, KEY, DIM) as catalog:
    print(ingest({str(shop.feed)!r}, catalog, Factory(), workers=1).added)
"""
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        check=False,
        env={"PYTHONPATH": f"{root}:{root / 'src'}", "PATH": "/usr/bin"},
    )
    assert (done.stdout, done.stderr, done.returncode) == ("5\n", "", 0)


def test_a_catalog_without_a_network(shop, tmp_path):
    shop.write(ROWS)
    with (
        Catalog.open(tmp_path / "c") as catalog,
        pytest.raises(CatalogError, match="network's key"),
    ):
        ingest(shop.feed, catalog, Factory())


@pytest.mark.parametrize("workers", [0, 1])
def test_a_describer_of_another_network_stores_nothing(shop, workers):
    shop.write(ROWS)
    with pytest.raises(ModelMismatchError, match="of fake, not of other"):
        ingest(shop.feed, shop.catalog, Factory("other"), workers=workers)
    assert shop.catalog.info().products == 0


def test_workers_that_cannot_be(shop):
    shop.write(ROWS)
    with pytest.raises(SettingsError, match="workers"):
        shop.index(workers=-1)


@pytest.mark.parametrize("terminal", [True, False])
def test_the_bar_goes_to_a_terminal(shop, capsys, monkeypatch, terminal):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    shop.write(ROWS)
    shop.index(progress=True)
    out, err = capsys.readouterr()
    assert out == ""
    assert ("5/5" in err, "product/s" in err) == (terminal, terminal)


def test_pictures_behind_addresses(shop, tmp_path):
    server = ShopServer()
    try:
        data = (shop.folder / "1.png").read_bytes()

        def answer(headers, _):
            if headers["If-None-Match"] == '"1"':
                return 304, {}, b""
            return 200, {"ETag": '"1"', "Content-Type": "image/png"}, data

        server.answers = {"/a.png": answer, "/b.png": (404, {}, b"")}
        urls = {"1": server.url("/a.png"), "2": server.url("/b.png"), "3": "http://10.0.0.1/c.png"}
        shop.write({i: f"T,dress,{url},1 EUR" for i, url in urls.items()})
        fetcher = Fetcher(FetchPolicy(allow_private=True, attempts=1, timeout_s=1, deadline_s=2))
        report = shop.index(fetcher=fetcher)
        assert counts(report) == (1, 0, 0, 0, 2)
        assert "HTTP status 404" in report.problems[0].message
        path = shop.catalog.image("1")
        assert path.read_bytes() == data
        assert path.is_relative_to(shop.catalog.folder)
        assert not Path(shop.catalog.stored("1").image).is_absolute()

        assert counts(shop.index(fetcher=fetcher)) == (0, 0, 1, 0, 2)
        server.answers["/a.png"] = (500, {}, b"")
        report = shop.index(fetcher=fetcher)
        assert counts(report) == (0, 0, 1, 0, 2)
        assert "the earlier copy was kept" in report.problems[0].message

        server.answers["/a.png"] = (200, {"Content-Type": "image/png"}, b"<html>Sorry</html>")
        report = shop.index(fetcher=fetcher)
        assert counts(report) == (0, 0, 1, 0, 2)
        assert "no usable picture: not a photo" in report.problems[0].message
        assert report.problems[0].message.endswith("; the earlier copy was kept")
        assert path.read_bytes() == data
        fetcher.close()
    finally:
        server.close()


def test_private_addresses_are_refused_by_default(shop):
    shop.write({"9": "T,dress,http://127.0.0.1:9/a.png,1 EUR"} | ROWS)
    report = shop.index()
    assert report.failed == 1
    assert "not on the public internet" in report.problems[0].message


def test_vectors_answer(shop):
    shop.write(ROWS)
    shop.index()
    hits = shop.catalog.search(shop.catalog.vector("2")[None], Query(category="dress", k=1))[0]
    assert hits[0].product_id == "2"
    assert np.isclose(hits[0].similarity, 1)


def test_one_run_at_a_time_has_a_catalog(shop):
    shop.write(ROWS)
    with own_turn(shop.catalog.home, "other.csv"):
        with pytest.raises(CatalogError, match=rf"process {os.getpid()} with other\.csv since 20"):
            shop.index()
        assert shop.described() == []
    assert counts(shop.index()) == (5, 0, 0, 0, 0)
    assert counts(shop.index()) == (0, 0, 5, 0, 0)


@pytest.mark.skipif(os.name != "posix", reason="needs limits of POSIX")
def test_a_full_disk_ends_a_turn_by_name(tmp_path):
    code = (
        "import resource, signal\n"
        "from pathlib import Path\n"
        "from thatlook.core.errors import CatalogError\n"
        "from thatlook.store.ingest.turn import own_turn\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))\n"
        "try:\n"
        f"    with own_turn(Path({str(tmp_path)!r}), 'feed.csv'): pass\n"
        "except CatalogError as error:\n"
        "    print(error)\n"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == f"{tmp_path / 'index.lock'}: cannot be written: File too large"


def test_a_run_that_was_killed_holds_no_catalog(shop):
    shop.write(ROWS)
    code = (
        "import os, sys; from pathlib import Path\n"
        "from thatlook.store.ingest.turn import own_turn\n"
        "with own_turn(Path(sys.argv[1]), 'other.csv'): os._exit(9)"
    )
    run = subprocess.run([sys.executable, "-c", code, str(shop.catalog.home)], check=False)
    assert run.returncode == 9
    assert counts(shop.index()) == (5, 0, 0, 0, 0)


@pytest.mark.parametrize("wrong", [{"mapping": 5}, {"workers": "2"}, {"workers": -1}])
def test_wrong_arguments_are_named(shop, wrong):
    shop.write(ROWS)
    with pytest.raises(SettingsError, match=f"^{next(iter(wrong))} must be"):
        shop.index(**wrong)


def test_half_a_character_is_no_id_that_can_be_asked_for(shop):
    with pytest.raises(CatalogError, match="half a character"):
        shop.catalog.states(["\ud800"])
