"""Cells of CSV files that a spreadsheet would run as formulas."""

from __future__ import annotations

import re
from typing import Final

_FORMULA: Final = re.compile(r"'*[=+\-@\t\r\n]")
_DEFUSED: Final = re.compile(r"'+[=+\-@\t\r\n]")


def defused(cell: str) -> str:
    """The cell with a "'" before what begins as a formula does, as OWASP advises; can be undone."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def as_written(cell: str) -> str:
    """The cell as it was before `defused`."""
    return cell[1:] if _DEFUSED.match(cell) else cell
