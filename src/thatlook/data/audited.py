"""Labelled photos read and audited: the table printed, doubtful ones drawn, findings written."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from thatlook.core.files import write_whole
from thatlook.data.audit import DatasetAudit, audit
from thatlook.data.reading import read
from thatlook.data.records import Dataset
from thatlook.data.sheet import contact_sheet
from thatlook.data.table import table


@dataclass(frozen=True, kw_only=True)
class AuditOptions:
    """How labels are read and their audit is shown.

    `map_class` says what a class of the data is, (name, category) each; `sheet` is where labelled
    photos are drawn, doubtful ones first, `audit_json` where the findings go.
    """

    map_class: Sequence[tuple[str, str]] = ()
    sheet: str | None = None
    audit_json: str | None = None


def audited(
    data: str | Path,
    options: AuditOptions,
    split_of: Callable[[str], str] | None = None,
    *,
    people: bool = False,
) -> tuple[Dataset, DatasetAudit]:
    """The data set at `data` and its audit, printed, drawn and written as the options ask.

    `split_of` gives file names their split where the data has none; `people` looks at key points
    too. Whether errors stop anything is the caller's: `Audit.require`. Raises DataError.
    """
    dataset = read(data, dict(options.map_class), split_of)
    found = audit(dataset, people=people)
    sys.stdout.write(table(found) + "\n")
    if options.sheet:
        shown = contact_sheet(dataset, found, Path(options.sheet))
        print(f"thatlook: {shown} photos drawn in {options.sheet}", file=sys.stderr)
    if options.audit_json:
        text = json.dumps(found.to_dict(), indent=1) + "\n"
        write_whole(Path(options.audit_json), text.encode())
    return dataset, found
