"""Photos that are measured by a file of eye labels (`--eye-file`), and what a report says of them.

The boxes of `labels/foreign.jsonl` are half a reader's and half a network's own that the reader
accepted: average precision at high overlap is then too kind to that network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from thatlook.core.errors import SettingsError
from thatlook.evaluate.options import PhotoOptions
from thatlook.evaluate.report import Report, folder_of

if TYPE_CHECKING:
    from thatlook.data.eye_labels import EyePhotos

DRAWN: Final = (
    "share of the labelled articles whose box the reader drew; the others are a network's own "
    "boxes, accepted by eye: good for what is there, too kind to that network for tight boxes"
)

ODD_NOTE: Final = "with the note `odd`"


def eye_photos_of(options: PhotoOptions, *, instead: bool) -> EyePhotos | None:
    """The photos by the file that `options.eye_file` names, None without one.

    Raises SettingsError where something is asked for `instead`, DataError as `eye_photos`.
    """
    from thatlook.data.eye_labels import eye_photos

    if options.eye_file is None:
        return None
    if instead:
        raise SettingsError("--eye-file goes without --eye, --suggest and --look")
    return eye_photos(folder_of(options), options.eye_file)


def add_left_out(report: Report, count: int, which: str) -> None:
    """Say in the report how many photos measure nothing."""
    words = f"{count} photos {which} left out"
    report.lines.append(f"  {words}")
    report.data += f"; {words}"


def add_drawn(report: Report, eye: EyePhotos) -> None:
    """Say of an article report how its boxes came about."""
    add_left_out(report, eye.odd, ODD_NOTE)
    report.figures["drawn"] = eye.drawn_share
    report.meanings = {**report.meanings, "drawn": DRAWN}
    report.lines.append(f"  drawn: {DRAWN}")
    report.data += (
        f"; {eye.drawn_share:.0%} of the boxes drawn by the reader, the others a network's"
    )
