"""Pictures of pairs from a server on this machine: politely, resumably, broken links counted."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
import threading
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from tests.store.feed.shop_server import ShopServer
from thatlook.cli import main
from thatlook.core.errors import FeedError, SettingsError
from thatlook.crawl.http.polite import Network
from thatlook.crawl.pairs import PairPictures, gathered
from thatlook.crawl.shop import Limits
from thatlook.data.pairs import pinterest
from thatlook.data.pairs.reading import read

pytest.importorskip("protego", reason="needs protego: pip install 'thatlook[crawl]'")
pytest.importorskip("w3lib", reason="needs w3lib: pip install 'thatlook[crawl]'")

CONTACT = "mailto:tests@example.com"
LIMITS = Limits(requests_per_second=200, retries=1, timeout_s=5)


def jpeg(seed):
    squares = np.random.default_rng(seed).integers(0, 256, (5, 5, 3), np.uint8)
    data = io.BytesIO()
    Image.fromarray(squares).resize((100, 100), Image.Resampling.NEAREST).save(data, "JPEG")
    return data.getvalue()


@pytest.fixture
def server():
    started = ShopServer()
    started.answers["/robots.txt"] = (200, {"Content-Type": "text/plain"}, b"")
    yield started
    started.close()


def signature(number):
    return f"{number:032x}"


@pytest.fixture
def fashion(server, tmp_path):
    """Three pairs: scene 1 with products 11 and 12, scene 2 with product 11; all are there."""
    rows = [(1, 11), (1, 12), (2, 11)]
    lines = [
        {"scene": signature(s), "product": signature(p), "bbox": [0.1, 0.1, 0.9, 0.9]}
        for s, p in rows
    ]
    path = tmp_path / "fashion.json"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    categories = {signature(11): "Shoes", signature(12): "Apparel|Dresses"}
    (tmp_path / "fashion-cat.json").write_text(json.dumps(categories))
    found = pinterest.read(path, server.url(""))
    for url in found.addresses:
        number = int(url.rsplit("/", 1)[1].removesuffix(".jpg"), 16)
        server.answers[url.removeprefix(server.url(""))] = (
            200, {"Content-Type": "image/jpeg"}, jpeg(number),
        )  # fmt: skip
    return found


def place(number):
    key = signature(number)
    return f"/400x/{key[:2]}/{key[2:4]}/{key[4:6]}/{key}.jpg"


def fetcher(folder):
    return PairPictures(folder, CONTACT, LIMITS, Network(allow_private=True)).fetch


def asked(server):
    return Counter(path for path, _ in server.asked if path != "/robots.txt")


def test_every_picture_is_asked_for_once_and_says_who_asks(server, fashion, tmp_path):
    out = tmp_path / "out"
    pairs, report = gathered(fashion, out, fetcher(out))
    assert asked(server) == {place(n): 1 for n in (1, 2, 11, 12)}
    agents = {headers["User-Agent"] for _, headers in server.asked}
    assert len(agents) == 1
    assert f"+{CONTACT}" in agents.pop()
    assert (report.pictures, report.fetched, report.pairs, report.left_out) == (4, 4, 3, 0)
    assert [pair.category for pair in pairs.pairs] == ["footwear", "dress", "footwear"]
    assert pairs.pairs[0].scene.path.read_bytes() == jpeg(1)
    assert pairs.pairs[0].scene.corners((100, 100)) == pytest.approx((10, 10, 90, 90))
    gathered(fashion, out, fetcher(out))
    assert sum(asked(server).values()) == 4


def test_broken_links_are_listed_and_not_asked_again(server, fashion, tmp_path):
    del server.answers[place(12)]
    server.answers[place(2)] = (200, {"Content-Type": "image/jpeg"}, jpeg(2)[:200])
    out = tmp_path / "out"
    for _ in range(2):
        pairs, report = gathered(fashion, out, fetcher(out))
        assert len(pairs.pairs) == 1
        assert (report.fetched, report.left_out, report.waiting) == (2, 2, {})
        assert sorted(report.broken) == [server.url(place(2)), server.url(place(12))]
        assert "HTTP status 404" in report.broken[server.url(place(12))]
        assert "damaged" in report.broken[server.url(place(2))]
    assert asked(server) == {place(n): 1 for n in (1, 2, 11, 12)}


def test_trouble_is_retried_now_and_by_the_next_run(server, fashion, tmp_path):
    good = server.answers[place(1)]
    server.answers[place(1)] = lambda _, count: (503, {}, b"") if count == 1 else good
    server.answers[place(11)] = (500, {}, b"")
    out = tmp_path / "out"
    pairs, report = gathered(fashion, out, fetcher(out))
    assert asked(server) == {place(1): 2, place(11): 2, place(2): 1, place(12): 1}
    assert list(report.waiting) == [server.url(place(11))]
    assert report.broken == {}
    assert len(pairs.pairs) == 1
    server.answers[place(11)] = (200, {}, jpeg(11))
    pairs, report = gathered(fashion, out, fetcher(out))
    assert len(pairs.pairs) == 3
    assert asked(server)[place(1)] == 2


def test_a_run_that_was_killed_is_gone_on_with(server, fashion, tmp_path):
    out = tmp_path / "out"

    pictures = PairPictures(out, CONTACT, LIMITS, Network(allow_private=True))
    pictures.fetch(fashion.addresses[:2])
    journal = out / "state" / "pairs.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(whole[:-20])  # the kill tore the last line
    pairs, _ = gathered(fashion, out, fetcher(out))
    assert len(pairs.pairs) == 3
    counts = asked(server)
    assert (counts[place(1)], counts[place(11)]) == (1, 2)
    assert sum(counts.values()) == 5


def test_a_picture_that_was_changed_on_disk_is_fetched_again(server, fashion, tmp_path):
    out = tmp_path / "out"
    pairs, _ = gathered(fashion, out, fetcher(out))
    pairs.pairs[0].scene.path.write_bytes(b"something else")
    again, _ = gathered(fashion, out, fetcher(out))
    assert again.pairs[0].scene.path.read_bytes() == jpeg(1)
    assert asked(server)[place(1)] == 2


def test_robots_txt_is_heeded(server, fashion, tmp_path):
    server.answers["/robots.txt"] = (200, {}, b"User-agent: *\nDisallow: /400x/\n")
    pairs, report = gathered(fashion, tmp_path / "out", fetcher(tmp_path / "out"))
    assert asked(server) == {}
    assert len(report.broken) == 4
    assert pairs.pairs == ()


def test_hosts_that_do_not_answer_are_left_alone(server, fashion, tmp_path):
    lines = [
        {"scene": signature(100 + n), "product": signature(200 + n), "bbox": [0, 0, 1, 1]}
        for n in range(6)
    ]
    path = tmp_path / "fashion.json"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = pinterest.read(path, server.url(""))
    for url in found.addresses:
        server.answers[url.removeprefix(server.url(""))] = (500, {}, b"")
    _, report = gathered(found, tmp_path / "out", fetcher(tmp_path / "out"))
    assert report.stopped.startswith("5 pictures in a row could not be had")
    assert len(asked(server)) == 5


def test_two_runs_at_a_time_are_refused(server, fashion, tmp_path):
    from thatlook.crawl.state.journal import Journal

    with (
        Journal(tmp_path / "state" / "pairs.jsonl"),
        pytest.raises(FeedError, match="another crawl is writing here"),
    ):
        fetcher(tmp_path)(fashion.addresses)


def test_nobody_asks_without_saying_who(tmp_path):
    with pytest.raises(SettingsError, match="give an address"):
        PairPictures(tmp_path, "", LIMITS)


def test_the_command(server, fashion, tmp_path, capsys):
    source = tmp_path / "own.csv"
    lines = ["scene,box,product,product_id,category"]
    lines += [
        f"{pair.scene.place},10 10 90 90,{pair.product.place},{pair.product_id},{pair.name}"
        for pair in fashion.pairs
    ]
    source.write_text("\n".join(lines))
    out = tmp_path / "out"
    command = ["train", "pairs", str(source), "--out", str(out), "--contact", CONTACT]
    command += ["--allow-private", "--requests-per-second", "200"]
    assert main(command) == 0
    told = capsys.readouterr().out
    assert "pair audit of" in told
    assert "pictures 4 addresses, 4 here as files" in told
    assert len(read(out).pairs) == 3
    assert json.loads((out / "report.json").read_text())["report"]["broken"] == {}
    source.write_text(source.read_text().replace("10 10 90 90", "10 10 90 10", 1))
    assert main([*command, "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["audit"]["ok"] is False


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_the_command_killed_in_the_middle_goes_on(server, fashion, tmp_path):
    source, out = tmp_path / "own.csv", tmp_path / "out"
    lines = [f"{pair.scene.place},1 1 90 90,{pair.product.place},dress" for pair in fashion.pairs]
    source.write_text("\n".join(["scene,box,product,category", *lines]))
    reached, killed, last = threading.Event(), threading.Event(), place(2)
    good = server.answers[last]

    def hang(_, count):
        if count == 1:
            reached.set()
            killed.wait(60)
        return good

    server.answers[last] = hang
    command = [sys.executable, "-m", "thatlook", "train", "pairs", str(source), "--out", str(out)]
    command += ["--contact", CONTACT, "--allow-private", "--requests-per-second", "200"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        assert reached.wait(60)
        run.kill()
    killed.set()
    assert not (out / "pairs.csv").exists()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(read(out).pairs) == 3
    counts = asked(server)
    assert counts[last] == 2
    assert sum(counts.values()) == 5


def test_pairs_need_no_torch(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr("thatlook.cli.command.find_spec", lambda _: None)
    assert main(["train", "pairs", str(tmp_path), "--out", str(tmp_path)]) == 1
    assert "no pairs: expected pairs.csv" in capsys.readouterr().err
    assert main(["train", "embedding", "--data", "x"]) == 1
    assert "thatlook[train]" in capsys.readouterr().err
