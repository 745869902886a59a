from __future__ import annotations

import errno
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from thatlook.core.files import write_whole


def test_a_file_is_there_whole(tmp_path):
    write_whole(tmp_path / "a", b"one")
    write_whole(tmp_path / "a", b"two")
    assert (tmp_path / "a").read_bytes() == b"two"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_a_full_disk_leaves_nothing_and_keeps_what_was_there(tmp_path, monkeypatch):
    write_whole(tmp_path / "a", b"one")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(tmp_path / "a", b"two")
    with pytest.raises(OSError, match=r"'.*/a'$"):
        write_whole(tmp_path / "a", b"two")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a", b"one")]


@pytest.mark.skipif(os.name == "nt", reason="pipes of POSIX")
def test_what_is_no_file_takes_the_data(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    write_whole(tmp_path / "pipe", b"data")
    assert os.read(reader, 10) == b"data"
    os.close(reader)
    assert not (tmp_path / "pipe").is_file()


@pytest.mark.skipif(os.name == "nt", reason="links of POSIX")
def test_a_link_stays_one(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real" / "a")
    write_whole(tmp_path / "link", b"one")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "a").read_bytes() == b"one"


@pytest.mark.skipif(not Path("/dev/stdout").exists(), reason="needs /dev/stdout")
def test_standard_output_that_is_a_file_takes_the_data(tmp_path):
    write = (
        "from pathlib import Path; from thatlook.core.files import write_whole; "
        "write_whole(Path('/dev/stdout'), b'data')"
    )
    with (tmp_path / "out").open("wb") as out:
        subprocess.run([sys.executable, "-c", write], stdout=out, check=True)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("out", b"data")]


@pytest.mark.skipif(os.name == "nt", reason="modes of POSIX")
def test_a_file_keeps_its_mode_and_a_new_one_has_the_usual(tmp_path):
    (tmp_path / "usual").write_bytes(b"")
    (tmp_path / "own").touch(mode=0o600)
    for name in ("new", "own"):
        write_whole(tmp_path / name, b"data")
    modes = [(tmp_path / name).stat().st_mode & 0o777 for name in ("usual", "new", "own")]
    assert modes[0] == modes[1]
    assert modes[2] == 0o600


def test_a_long_name_is_written(tmp_path):
    write_whole(tmp_path / ("a" * 255), b"data")
    assert (tmp_path / ("a" * 255)).read_bytes() == b"data"


def test_of_several_writers_at_once_one_is_there_whole(tmp_path):
    texts = [letter * 100_000 for letter in (b"a", b"b", b"c", b"d")] * 10
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda data: write_whole(tmp_path / "file", data), texts))
    assert (tmp_path / "file").read_bytes() in texts
    assert len(list(tmp_path.iterdir())) == 1
