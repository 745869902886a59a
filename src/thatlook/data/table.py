"""An audit as text."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from thatlook.data.audit import DatasetAudit
from thatlook.data.records import DatasetFinding

WIDTH = 100


def table(audit: DatasetAudit) -> str:
    """The audit for people: boxes per category and split, then the findings, errors first."""
    counts = audit.counts
    head = [
        f"label audit of {audit.name}",
        f"photos {counts['photos']}, of them labelled {counts['labelled']}",
        f"boxes {counts['boxes']}, of them of our categories {counts['kept']}",
    ]
    return table_under(head, audit, "boxes")


def table_under(head: Sequence[str], audit: DatasetAudit, counted: str) -> str:
    """Under the lines of `head` how many of what is `counted` there are per category and split,
    then the findings, errors first.
    """
    lines = [*head, "", *_balance(audit, counted), ""]
    wide = max((len(found.code) for found in audit.findings), default=0)
    for found in audit.findings:
        lines += _finding_lines(found, wide)
    warnings = len(audit.findings) - len(audit.errors)
    lines.append(f"kinds of errors: {len(audit.errors)}, of warnings: {warnings}")
    return "\n".join(lines)


def _balance(audit: DatasetAudit, counted: str) -> list[str]:
    splits = list(next(iter(audit.balance.values())))
    heads = [split or counted for split in splits] + (["all"] if len(splits) > 1 else [])
    lines = [f"{'category':<12}" + "".join(f"{head:>8}" for head in heads)]
    for name, row in audit.balance.items():
        values = list(row.values()) + ([sum(row.values())] if len(splits) > 1 else [])
        lines.append(f"{name:<12}" + "".join(f"{value:>8}" for value in values))
    return lines


def _finding_lines(found: DatasetFinding, wide: int) -> list[str]:
    head = f"{found.severity.upper():<8} {found.code:<{wide}} {found.count:>6}  "
    text = found.message
    if found.examples:
        more = ", ..." if found.count > len(found.examples) else ""
        text += f" ({', '.join(found.examples)}{more})"
    first, *rest = wrap(text, WIDTH - len(head), break_long_words=False) or [""]
    return [head + first, *(" " * len(head) + line for line in rest)]
