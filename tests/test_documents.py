"""What the documents tell a reader to type works: blocks of code run, or say why they do not.

A block is run in a folder with a feed, its pictures, a photo and the feed's catalog, after those of
its page before it.
One that cannot be run here has a line `<!-- not run: why -->` above it; its command lines are read
all the same, so that no option in them is unknown.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest

import thatlook
from tests.conftest import ROOT
from tests.shop_folder import make_shop
from thatlook.cli import main
from thatlook.cli import thatlook as root

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(
    r"^(?:<!-- not run: (?P<why>[^\n]+) -->\n)?```(?P<kind>\w*)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
SHELL = {"", "bash"}
NOT_OURS = ("pip install", "make ", "apt-get ", "curl ", "yolo ", "python ", "export ", "eval ")
"""Beginnings of command lines of other programs: what they do is tested elsewhere, or not ours."""
NEVER_RUN = {"css", "html", "fish", "mermaid", "text"}


@dataclass(frozen=True)
class Block:
    """A fenced block; `why` says why it is not run, "" where it is."""

    page: Path
    line: int
    kind: str
    text: str
    why: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks_of(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(page, text.count("\n", 0, at.start()) + 1, at["kind"], at["text"], at["why"] or "")
        for at in FENCE.finditer(text)
    ]


BLOCKS = [block for page in PAGES for block in blocks_of(page)]


def lines_of(block: Block) -> Iterator[list[str]]:
    """The words of each command line, comments left out."""
    for line in block.text.replace("\\\n", " ").splitlines():
        if words := shlex.split(line, comments=True):
            yield words


def ours(block: Block) -> Iterator[list[str]]:
    """The lines that call thatlook, whatever variables are set before; what follows the name."""
    for words in lines_of(block):
        if "thatlook" in words and all("=" in word for word in words[: words.index("thatlook")]):
            yield words[words.index("thatlook") + 1 :]


def test_every_fence_of_a_page_is_read():
    for page in PAGES:
        fences = re.findall(r"^```", page.read_text(encoding="utf-8"), re.MULTILINE)
        assert len(fences) == 2 * len(blocks_of(page)), page


def shell_blocks() -> list[Block]:
    return [block for block in BLOCKS if block.kind in SHELL]


@pytest.mark.parametrize("block", shell_blocks(), ids=str)
def test_every_command_line_can_be_read(block, monkeypatch):
    monkeypatch.setattr("thatlook.cli.command.find_spec", lambda name: name)  # with extras or not
    if block.why:
        assert len(block.why) > 10
    for words in ours(block):
        command: click.Command = root
        at = 0
        while isinstance(command, click.Group):
            command = command.commands[words[at]]
            at += 1
        command.make_context(command.name, words[at:]).close()


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.kind in {"json", "toml"}], ids=str)
def test_files_that_are_shown_can_be_read(block):
    assert json.loads(block.text) if block.kind == "json" else tomllib.loads(block.text)


def test_every_kind_of_block_is_known():
    kinds = {block.kind for block in BLOCKS}
    assert kinds <= SHELL | NEVER_RUN | {"python", "json", "toml"}


def runnable() -> list[Path]:
    return [page for page in PAGES if any(runs(block) for block in blocks_of(page))]


def runs(block: Block) -> bool:
    return not block.why and block.kind in {*SHELL, "python"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory, sample) -> Path:
    """The folder, with its catalog."""
    folder = make_shop(tmp_path_factory.mktemp("shop"), sample)
    with thatlook.open(folder / "catalog") as engine:
        engine.index(folder / "feed.csv", folder / "images", workers=0)
    return folder


@pytest.mark.parametrize("page", runnable(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_blocks_of_a_page_run(page, shop, tmp_path, monkeypatch, capsys):
    shutil.copytree(shop, tmp_path, dirs_exist_ok=True)
    (tmp_path / "src").symlink_to(ROOT / "src")
    monkeypatch.chdir(tmp_path)
    for block in filter(runs, blocks_of(page)):
        if block.kind == "python":
            run_python(block, tmp_path)
        for words in lines_of(block) if block.kind in SHELL else ():
            line = " ".join(words)
            if words[0] == "thatlook":
                assert main(words[1:]) == 0, f"{block}: {line}: {capsys.readouterr().err}"
            else:
                assert line.startswith(NOT_OURS), f"{block}: {line}: run it, or say why not"


def run_python(block: Block, folder: Path) -> None:
    """Code as it stands; an `engine` is there for blocks that go on from one."""
    with thatlook.open(folder / "catalog") as engine:
        names = {"engine": engine, "thatlook": thatlook}
        exec(compile(block.text, str(block), "exec"), names)
