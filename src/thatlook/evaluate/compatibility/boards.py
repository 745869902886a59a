"""Boards to look at: what is given, then the four choices in the network's order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from markupsafe import Markup

from thatlook.core.image import Pixels, cropped, decode, fit_square
from thatlook.core.records import Box
from thatlook.data.outfits import Piece
from thatlook.evaluate.compatibility.questions import Question
from thatlook.evaluate.compatibility.raters import Rater
from thatlook.evaluate.compatibility.wardrobe import Wardrobe
from thatlook.render import page
from thatlook.render.photo import figure

BOARDS: Final = 40
SIDE: Final = 104
FRAME: Final = 4
RIGHT: Final = (43, 138, 62)
OTHER: Final = (173, 181, 189)
GIVEN: Final = (74, 101, 114)
"""Frames, RGB: the piece that was worn, the other choices, what is given."""


def boards(found: Wardrobe, rater: Rater, questions: Sequence[Question]) -> Markup:
    """Questions drawn at random; the piece that was worn is framed green."""
    drawn = np.random.default_rng(0).permutation(len(questions))[:BOARDS]
    return page.groups(_board(found, rater, questions[int(i)]) for i in sorted(drawn))


def _board(found: Wardrobe, rater: Rater, question: Question) -> list[Markup]:
    values = rater.rate(question.given, question.choices)
    order = np.argsort(-values, kind="stable")
    parts = [_tile(found.pieces[int(row)], GIVEN, "given") for row in question.given]
    for place in order:
        piece = found.pieces[int(question.choices[place])]
        parts.append(_tile(piece, RIGHT if place == 0 else OTHER, f"{values[place]:.2f}"))
    return parts


def _tile(piece: Piece, color: tuple[int, int, int], told: str) -> Markup:
    caption = (told, " ".join(word for word in piece.words if word)[:40])
    canvas = np.full((SIDE + 2 * FRAME, SIDE + 2 * FRAME, 3), color, np.uint8)
    if piece.crop is not None:
        image = _shown(decode(piece.crop[0]), piece.crop[1])
        canvas[FRAME:-FRAME, FRAME:-FRAME] = fit_square(image, SIDE, padding=255).canvas
    return figure(canvas, caption, size=canvas.shape[:2])


def _shown(image: Pixels, box: tuple[float, float, float, float] | None) -> Pixels:
    return image if box is None else cropped(image, Box(*box))
