"""Boards: a query and what was found for it, of the best, the worst and random queries."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Final

import numpy as np

from thatlook.evaluate.retrieval.crops import Crop
from thatlook.evaluate.retrieval.metrics import NOBODY
from thatlook.evaluate.retrieval.results import Result
from thatlook.graphics.photo import Mark, figure
from thatlook.image import Pixels, cropped

QUERIES: Final = 6
SHOWN: Final = 6
SIZE: Final = (128, 128)
RIGHT, WRONG, ASKED = "#2b8a3e", "#c92a2a", "#4a6572"


def chosen(result: Result, count: int = QUERIES, seed: int = 0) -> dict[str, list[int]]:
    """Rows of the best, the worst and random queries, `count` each, by average precision.

    Among equals the best are those whose first match is surest, the worst those in which it was
    surest and wrong. Queries without an answer, and those that could not be asked, are left out.
    """
    precision = result.network.values[result.trial.main]["map10"]
    asked = np.array([crop is not None for crop in result.trial.queries])
    rows = np.flatnonzero(~np.isnan(precision) & asked)
    if not len(rows):
        return {}
    surest = -result.network.scores[rows, 0]
    best = rows[np.lexsort((rows, surest, -precision[rows]))]
    worst = rows[np.lexsort((rows, surest, precision[rows]))]
    drawn = np.random.default_rng(seed).permutation(rows)
    return {
        "The best": best[:count].tolist(),
        "The worst": worst[:count].tolist(),
        "Random": drawn[:count].tolist(),
    }


def boards(result: Result) -> str:
    """The boards of a trial as HTML, pictures inside."""
    return "".join(
        f"<h3>{escape(heading)} queries</h3>{_groups(result, rows)}"
        for heading, rows in chosen(result).items()
    )


def _groups(result: Result, rows: Iterable[int]) -> str:
    shown = "".join(f'<div class="group">{_group(result, row)}</div>' for row in rows)
    return f'<div class="groups">{shown}</div>'


def _group(result: Result, row: int) -> str:
    trial = result.trial
    query, notion = trial.queries[row], trial.notions[trial.main]
    if query is None:
        return ""
    parts = [_figure(query, ASKED, ("asked", notion.queries[row]))]
    found = result.network.rows[row, :SHOWN]
    for place in found[found != NOBODY].tolist():
        right = notion.gallery[place] == notion.queries[row]
        caption = trial.captions[place] if trial.captions else notion.gallery[place]
        score = result.network.scores[row, found.tolist().index(place)]
        parts.append(
            _figure(trial.gallery[place], RIGHT if right else WRONG, (f"{score:.2f}", caption))
        )
    return "".join(parts)


def _figure(crop: Crop, color: str, caption: tuple[str, str]) -> str:
    image = shown(crop)
    height, width = image.shape[:2]
    return figure(image, caption, [Mark((0, 0, width, height), "", color)], size=SIZE)


def shown(crop: Crop) -> Pixels:
    """The pixels of a crop. Raises PhotoError."""
    image, box = crop.opened()
    return cropped(image, box)
