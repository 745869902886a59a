"""Answers that the browser has had, so that a page loaded again does not ask again.

One small file per address, written whole or not at all. A page that was broken off in the
middle of its scrolling, by a kill or by a 500, is built again from these, and only what
is missing is asked for.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path

from thatlook.core.files import write_whole

_OF_THE_WIRE = {
    "content-encoding",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
}
"""Headers about how an answer travelled; what is kept is the decoded body."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer as Chromium takes it: headers with `name` and `value`, the body in base64."""

    headers: list[dict[str, str]]
    body: str


class AnswerCache:
    """A folder of answers. Safe for threads."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._lock = threading.Lock()
        self._passing: set[str] = set()

    def get(self, url: str) -> Answered | None:
        """The answer kept for this address, or None."""
        try:
            kept = json.loads(self._path(url).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        with self._lock:
            if not kept["lasting"]:
                self._passing.add(url)
        return Answered(kept["headers"], kept["body"])

    def has(self, url: str) -> bool:
        """Whether an answer is kept for this address."""
        return self._path(url).exists()

    def put(self, url: str, answer: Answered, *, lasting: bool) -> None:
        """Keeps an answer: for the whole crawl where `lasting`, else until `forget_page`."""
        headers = [entry for entry in answer.headers if entry["name"].lower() not in _OF_THE_WIRE]
        text = json.dumps({"url": url, "lasting": lasting, "headers": headers, "body": answer.body})
        path = self._path(url)
        with self._lock:
            write_whole(path, text.encode())
            if not lasting:
                self._passing.add(url)

    def forget_page(self) -> None:
        """Drops what was kept for the page that is done now."""
        with self._lock:
            for url in self._passing:
                self._path(url).unlink(missing_ok=True)
            self._passing.clear()

    def clear(self) -> None:
        """Drops everything, the folder too."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _path(self, url: str) -> Path:
        return self._folder / (hashlib.sha256(url.encode()).hexdigest()[:40] + ".answer")
