"""Boards: a query and what was found for it, of the best, the worst and random queries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from markupsafe import Markup

from thatlook.core.image import Pixels, cropped, fit_square
from thatlook.evaluate.retrieval.crops import Crop
from thatlook.evaluate.retrieval.metrics import NOBODY
from thatlook.evaluate.retrieval.results import TrialResult
from thatlook.render import page
from thatlook.render.photo import figure

QUERIES: Final = 6
SHOWN: Final = 5
SIDE_PX: Final = 120
FRAME_PX: Final = 4
RIGHT, WRONG, ASKED = (43, 138, 62), (201, 42, 42), (74, 101, 114)
"""Frames, RGB."""


def board_queries(result: TrialResult, count: int = QUERIES, seed: int = 0) -> dict[str, list[int]]:
    """Rows of the best, the worst and random queries, `count` each, by average precision.

    Among equals the best are those whose first match is surest, the worst those in which it was
    surest and wrong. Of one label one is shown, where there are others. Queries without an
    answer, and those that could not be asked, are left out.
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
    words = result.trial.notions[result.trial.main].queries
    orders = {"The best": best, "The worst": worst, "Random": drawn}
    return {heading: _different(order.tolist(), words, count) for heading, order in orders.items()}


def _different(order: Sequence[int], words: Sequence[str], count: int) -> list[int]:
    """The first `count` rows of different words, filled up with the next ones."""
    first = {words[row]: row for row in reversed(order)}
    kept = [row for row in order if first[words[row]] == row]
    others = [row for row in order if first[words[row]] != row]
    return [*kept, *others][:count]


def boards(result: TrialResult) -> Markup:
    """The boards of a trial as HTML, pictures inside."""
    return page.joined(
        page.heading(f"{heading} queries") + page.groups(_group(result, row) for row in rows)
        for heading, rows in board_queries(result).items()
    )


def _group(result: TrialResult, row: int) -> list[Markup]:
    trial = result.trial
    query, notion = trial.queries[row], trial.notions[trial.main]
    if query is None:
        return []
    parts = [_figure(query, ASKED, ("asked", notion.queries[row]))]
    for rank, index in enumerate(result.network.rows[row, :SHOWN].tolist()):
        if index == NOBODY:
            break
        right = notion.gallery[index] == notion.queries[row]
        score = f"{'right' if right else 'wrong'} {result.network.scores[row, rank]:.2f}"
        caption = trial.captions[index] if trial.captions else notion.gallery[index]
        parts.append(_figure(trial.gallery[index], RIGHT if right else WRONG, (score, caption)))
    return parts


def _figure(crop: Crop, color: tuple[int, int, int], caption: tuple[str, str]) -> Markup:
    framed = np.empty((SIDE_PX + 2 * FRAME_PX,) * 2 + (3,), np.uint8)
    framed[:] = color
    inner = slice(FRAME_PX, -FRAME_PX)
    framed[inner, inner] = fit_square(crop_pixels(crop), SIDE_PX, padding=255).canvas
    return figure(framed, caption, size=framed.shape[:2])


def crop_pixels(crop: Crop) -> Pixels:
    """The pixels of a crop. Raises PhotoError."""
    image, box = crop.opened()
    return cropped(image, box)
