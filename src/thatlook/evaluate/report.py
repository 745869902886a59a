"""What all protocols share: their options, the network they measure, and the report they give.

A Report is one set of figures, shown three ways: a table on standard output, one JSON, and one
HTML page with its plots and photos inside.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from markupsafe import Markup

from thatlook.core.errors import SettingsError
from thatlook.core.files import write_whole
from thatlook.evaluate.options import DetectionOptions, EvaluateOptions, RetrievalOptions
from thatlook.render import page
from thatlook.vision.models.registry import ModelSpec, resolve
from thatlook.vision.models.session import Session

PRINTED = "-"
"""The value of --json without a file."""


@dataclass
class Report:
    """What a protocol measured of a network.

    `figures` are the numbers that an entry's `metrics` may keep; `details` whatever else the
    JSON tells (curves, matrices, lists); `parts` the HTML sections, in order; `main` which figures
    stand large at the top, by the words for them; `meanings` explains figures by name or by the
    beginning of it.
    """

    title: str
    spec: ModelSpec
    figures: dict[str, float] = field(default_factory=dict)
    details: dict[str, Any] = field(default_factory=dict)
    parts: list[Markup] = field(default_factory=list)
    main: Mapping[str, str] = field(default_factory=dict)
    meanings: Mapping[str, str] = field(default_factory=dict)
    data: str = ""
    lines: list[str] = field(default_factory=list)
    """What the printed table shows besides the figures."""

    def add(self, heading: str, *parts: Markup, lead: str = "") -> None:
        """A section of the page; `parts` are HTML, see `graphics`."""
        self.parts.append(page.section(heading, *parts, lead=lead))

    def table(self) -> str:
        """The figures as text."""
        wide = max(map(len, self.figures), default=0)
        lines = [f"{self.spec.id} {self.spec.sha256[:12]}"]
        lines += [f"  {name:<{wide}}  {value:8.4f}" for name, value in self.figures.items()]
        return "\n".join(lines + self.lines)

    def to_dict(self) -> dict[str, Any]:
        """Its JSON: id and sha256 of the network, `metrics`, `details`; null where not known."""
        return {
            "id": self.spec.id,
            "sha256": self.spec.sha256,
            "data": self.data,
            "metrics": {name: _rounded(value) for name, value in self.figures.items()},
            "details": _rounded(self.details),
        }

    def html(self) -> str:
        """The page."""
        shown = {
            words: page.number(self.figures[name])
            for words, name in self.main.items()
            if name in self.figures
        }
        rows = [(name, value, self._meaning(name)) for name, value in self.figures.items()]
        lead = f"{self.spec.id}, sha256 {self.spec.sha256[:12]}. {self.data}"
        head = page.header(self.title, lead, page.tiles(shown))
        figures = page.section("All figures", page.table(("figure", "value", "what it is"), rows))
        return page.document(self.title, page.joined([head, *self.parts, figures]))

    def _meaning(self, name: str) -> str:
        told = [start for start in self.meanings if name == start or name.startswith(f"{start}_")]
        return self.meanings[max(told, key=len)] if told else ""


def _rounded(value: Any) -> Any:
    """The value as JSON can hold it: four digits, null for what is not a number."""
    if isinstance(value, Mapping):
        return {str(name): _rounded(entry) for name, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(entry) for entry in value]
    if isinstance(value, float):
        return round(value, 4) if math.isfinite(value) else None
    return value


def session_of(options: EvaluateOptions, task: str) -> Session:
    """The opened network that the options name for `task`.

    Raises ModelError, and SettingsError where no data was given to measure it on.
    """
    folder_of(options)
    session = Session(resolve(task, options.model), options.threads)
    session.warm()
    return session


def beside_session(options: DetectionOptions | RetrievalOptions, measured: ModelSpec) -> Session:
    """The opened network of `options.beside`, of the task of the one that is `measured`.

    Raises ModelError, and SettingsError where it is the very same network.
    """
    spec = resolve(measured.task, options.beside)
    if spec.key == measured.key:
        raise SettingsError(
            f"--beside names the network that is measured ({spec.key}); name another, or --model"
        )
    session = Session(spec, options.threads)
    session.warm()
    return session


def folder_of(options: EvaluateOptions) -> Path:
    """The folder to measure on. Raises SettingsError where none was given."""
    if options.data is None:
        raise SettingsError("--data must name the folder to measure on")
    return options.data


def finish(options: EvaluateOptions, report: Report) -> int:
    """Print the figures, or the JSON where asked for, and write the files; exit status 0."""
    text = json.dumps(report.to_dict(), indent=1, ensure_ascii=False) + "\n"
    sys.stdout.write(text if options.json == PRINTED else report.table() + "\n")
    if options.json and options.json != PRINTED:
        write_whole(Path(options.json), text.encode())
    if options.html:
        write_whole(options.html, report.html().encode())
        print(f"thatlook: the report is {options.html}", file=sys.stderr)
    return 0
