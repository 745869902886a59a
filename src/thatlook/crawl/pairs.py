"""`thatlook train pairs`: other people's pairs to a folder of one's own.

The pictures behind addresses are fetched with a crawl's manners: robots.txt, one request at a
time per host with pauses, Retry-After, retries, an address to be reached at. What was done is in
a journal: a run killed at any moment is gone on with by the same command. A picture that is gone
for good is counted, listed, and its pairs left out; one whose host has trouble is asked again by
the next run.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from thatlook.core.errors import SettingsError
from thatlook.core.files import write_whole
from thatlook.core.progress import Progress
from thatlook.crawl.crawl import MAX_TROUBLES, user_agent
from thatlook.crawl.http.failures import TroubleError
from thatlook.crawl.http.pace import Pacer
from thatlook.crawl.http.polite import Network, Polite
from thatlook.crawl.pictures import Pictures
from thatlook.crawl.shop import Limits, host_of
from thatlook.crawl.state.journal import Journal
from thatlook.crawl.state.state import CrawlState, Picture
from thatlook.data.audit import DatasetAudit
from thatlook.data.pairs import table
from thatlook.data.pairs.audited import checked, usable
from thatlook.data.pairs.reading import OWN
from thatlook.data.pairs.records import Pair, PairPicture, PairSet

IMAGES: Final = "images"
SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class PairsReport:
    """What a run did. `broken` are addresses that are gone for good, `waiting` those to be asked
    again, each with the reason; `left_out` are the pairs that lack a picture.
    """

    pictures: int
    fetched: int
    pairs: int
    left_out: int
    stopped: str = ""
    broken: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """report.json."""
        return asdict(self)


class PairPictures:
    """Fetches the pictures of pairs into `folder`/images."""

    def __init__(
        self, folder: Path, contact: str, limits: Limits, network: Network | None = None
    ) -> None:
        """Raises SettingsError without a `contact`: a host must be able to reach who asks."""
        if not contact:
            raise SettingsError(
                "pictures must be fetched, and their hosts be able to reach you: give an address, "
                "as --contact mailto:you@example.com"
            )
        self._folder = folder
        self._agent = user_agent(contact)
        self._limits = limits
        self._network = network or Network()

    def fetch(self, addresses: Sequence[str]) -> tuple[dict[str, Picture], dict[str, str], str]:
        """Every picture by its address, where it is known; the addresses to be asked again with
        the reason; why it ended early, or "".

        A file whose checksum is no longer what was written down is fetched again. Raises
        FeedError where another run uses the folder.
        """
        waiting: dict[str, str] = {}
        with ExitStack() as stack:
            journal = stack.enter_context(Journal(self._folder / "state" / "pairs.jsonl"))
            state = CrawlState(journal, ())
            pictures = self._pictures(state, addresses, stack)
            stopped = ""
            troubles = 0
            for url in Progress(
                [u for u in addresses if not self._whole(state, u)], unit=" pictures"
            ):
                try:
                    pictures.fetch(url)
                    troubles = 0
                except TroubleError as error:
                    waiting[url] = str(error)
                    troubles += 1
                if troubles >= MAX_TROUBLES:
                    stopped = f"{troubles} pictures in a row could not be had: {waiting[url]}"
                    break
        return state.pictures, waiting, stopped

    def _pictures(self, state: CrawlState, addresses: Sequence[str], stack: ExitStack) -> Pictures:
        hosts = tuple(sorted({host_of(url) for url in addresses}))
        pacer = Pacer(self._limits.requests_per_second, self._limits.jitter)
        polite = Polite(hosts, pacer, self._limits, self._agent, self._network)
        stack.callback(polite.close)
        return Pictures(self._folder / IMAGES, polite, state, self._limits)

    def _whole(self, state: CrawlState, url: str) -> bool:
        """Whether nothing is to be asked: the picture is gone for good, or here as it was."""
        picture = state.pictures.get(url)
        if picture is None:
            return False
        path = self._folder / IMAGES / picture.file
        if not picture.file:
            return True
        return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == picture.sha256


Fetch = Callable[[Sequence[str]], tuple[dict[str, Picture], dict[str, str], str]]


def gathered(found: PairSet, folder: Path, fetch: Fetch) -> tuple[PairSet, PairsReport]:
    """The pairs with files in place of addresses, and what was done for it.

    `fetch` is asked only where the pairs have addresses.
    """
    urls = found.addresses
    pictures, waiting, stopped = fetch(urls) if urls else ({}, {}, "")
    files = {
        url: str(folder / IMAGES / pictures[url].file)
        for url in urls
        if url in pictures and pictures[url].file and url not in waiting
    }
    broken = {u: pictures[u].error for u in urls if u in pictures and pictures[u].error}
    pairs = tuple(pair for pair in (_here(pair, files) for pair in found.pairs) if pair)
    lacking = len(found.pairs) - len(pairs)
    report = PairsReport(len(urls), len(files), len(pairs), lacking, stopped, broken, waiting)
    return replace(found, pairs=pairs), report


def _here(pair: Pair, files: dict[str, str]) -> Pair | None:
    """The pair with files for addresses; None where one is missing."""
    scene, product = (_file(shot, files) for shot in pair.shots)
    return replace(pair, scene=scene, product=product) if scene and product else None


def _file(shot: PairPicture, files: dict[str, str]) -> PairPicture | None:
    if not shot.is_address:
        return shot
    return replace(shot, place=files[shot.place]) if shot.place in files else None


def fetch_pairs(
    source: PairSet, out: Path, contact: str, limits: Limits, *, allow_private: bool = False
) -> tuple[PairsReport, DatasetAudit]:
    """Fetches the pictures of pairs, audits them, writes out/pairs.csv and out/report.json.

    Raises SettingsError, FeedError.
    """

    def fetch(urls: Sequence[str]) -> tuple[dict[str, Picture], dict[str, str], str]:
        return PairPictures(out, contact, limits, Network(allow_private=allow_private)).fetch(urls)

    pairs, report = gathered(source, out, fetch)
    pairs, audit, looked = checked(pairs)
    out.mkdir(parents=True, exist_ok=True)
    table.write(out / OWN, usable(pairs.pairs, looked))
    both = {"report": report.to_dict(), "audit": audit.to_dict()}
    write_whole(out / "report.json", json.dumps(both, indent=1).encode())
    return report, audit


def summary(report: PairsReport, table: str) -> str:
    """The report in words, below the audit's table."""
    lines = [table, ""]
    lines.append(f"pictures {report.pictures} addresses, {report.fetched} here as files")
    for found, what in (
        (report.broken, "are broken links"),
        (report.waiting, "could not be had now; the same command asks again"),
    ):
        if found:
            lines.append(f"  {len(found)} {what} (report.json)")
            lines += [f"    {why}" for why in list(found.values())[:SHOWN]]
    if report.stopped:
        lines.append(f"ended early: {report.stopped}; the same command goes on from here")
    lines.append(f"pairs {report.pairs}, left out for want of a picture {report.left_out}")
    return "\n".join(lines)
