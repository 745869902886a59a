"""Where a crawl stands, rebuilt from its journal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field

from thatlook.crawl.extract.values import Row
from thatlook.crawl.state.journal import Entry, Journal


@dataclass(frozen=True, slots=True)
class PageTask:
    """One page to read: what it is, where it is, and what a listing already said about it."""

    kind: str
    url: str
    source: int
    number: int = 1
    seed: Row = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str]:
        """Two units with the same key are the same page."""
        return (self.kind, self.url)


@dataclass(frozen=True, slots=True)
class PageRead:
    """What one page gave: products, pages that it leads to, and how many pages it counts for."""

    rows: tuple[Row, ...] = ()
    next: tuple[PageTask, ...] = ()
    pages: int = 1


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that was fetched (`file` in the images folder) or the reason it was not."""

    url: str
    file: str = ""
    sha256: str = ""
    error: str = ""


class CrawlState:
    """What is done and what is left; every change is in the journal before it counts."""

    def __init__(self, journal: Journal, start: Iterable[PageTask]) -> None:
        self._journal = journal
        self._pending: dict[tuple[str, str], PageTask] = {}
        self.rows: dict[str, Row] = {}
        self.pictures: dict[str, Picture] = {}
        self.failed: dict[str, str] = {}
        self.pages = 0
        self.repeated = 0
        self.without_id = 0
        self._known: set[tuple[str, str]] = set()
        self._add(start)
        for entry in journal.entries:
            self._apply(entry)

    def done(self, unit: PageTask, read: PageRead) -> None:
        """Records a page with all it gave."""
        self._record({
            "event": "page", "unit": asdict(unit), "rows": list(read.rows),
            "next": [asdict(entry) for entry in read.next], "pages": read.pages,
        })  # fmt: skip

    def fail(self, unit: PageTask, reason: str, *, lasting: bool) -> None:
        """Records a page that could not be read; one not `lasting` is asked by the next run."""
        self._record(
            {"event": "failed", "unit": asdict(unit), "reason": reason, "lasting": lasting}
        )
        self._drop(unit)  # not again in this run, lasting or not

    def next_unit(self) -> PageTask | None:
        """The page to read now, or None where nothing is left."""
        return next(iter(self._pending.values()), None)

    def picture(self, picture: Picture) -> None:
        """Records a picture, fetched or not."""
        self._record({"event": "picture", **asdict(picture)})

    def is_new(self, rows: Iterable[Row]) -> bool:
        """Whether a row has an id that no row had so far."""
        return any(row.get("id") and row["id"] not in self.rows for row in rows)

    def _record(self, entry: Entry) -> None:
        self._journal.append(entry)
        self._apply(entry)

    def _apply(self, entry: Entry) -> None:
        if entry["event"] == "picture":
            picture = Picture(**{name: entry[name] for name in ("url", "file", "sha256", "error")})
            self.pictures[picture.url] = picture
            return
        unit = PageTask(**entry["unit"])
        if entry["event"] == "failed":
            self.failed[unit.url] = entry["reason"]
            if entry["lasting"]:
                self._drop(unit)
            return
        self.failed.pop(unit.url, None)
        self._drop(unit)
        self.pages += entry["pages"]
        for row in entry["rows"]:
            self._keep(row)
        self._add(PageTask(**other) for other in entry["next"])

    def _drop(self, unit: PageTask) -> None:
        self._pending.pop(unit.key, None)

    def _add(self, units: Iterable[PageTask]) -> None:
        for unit in units:
            if unit.key not in self._known:
                self._known.add(unit.key)
                self._pending[unit.key] = unit

    def _keep(self, row: Row) -> None:
        """A row with a known id only fills what the earlier one lacks."""
        name = row.get("id")
        if not name:
            self.without_id += 1
            return
        kept = self.rows.get(str(name))
        if kept is None:
            self.rows[str(name)] = dict(row)
            return
        self.repeated += 1
        self.rows[str(name)] = {**row, **kept}
