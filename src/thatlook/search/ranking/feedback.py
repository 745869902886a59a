"""What a shopper likes or does not: it moves the order gently, within what is near the photo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]

LIKED_WEIGHT: Final = 0.3
DISLIKED_WEIGHT: Final = 0.15


def rocchio(liked: Floats, disliked: Floats) -> Floats | None:
    """What is added to a query (dim,): towards what was liked, away from what was disliked.

    `liked` and `disliked` are unit (n, dim), n may be 0; None where both are empty. Source:
    Rocchio, 1971, with smaller weights.
    """
    if not len(liked) and not len(disliked):
        return None
    towards = LIKED_WEIGHT * liked.mean(axis=0) if len(liked) else 0.0
    away = DISLIKED_WEIGHT * disliked.mean(axis=0) if len(disliked) else 0.0
    return np.asarray(towards - away, np.float64)


def changes(k: int, clicks: int) -> int:
    """How many of `k` products shown may make room for others after so many clicks.

    One click leaves at least seven of nine where they are.
    """
    return clicks * max(1, (k - 1) * 2 // 9)


def gentle(before: Sequence[int], after: Sequence[int], most: int) -> list[int]:
    """`after`, both best first, with at most `most` of `before` gone.

    Of what would go the best stays, in place of the last of what would come.
    """
    gone = [index for index in before if index not in after]
    back = gone[: max(0, len(gone) - most)]
    new = [index for index in after if index not in before]
    dropped = new[max(0, len(new) - len(back)) :]
    return [index for index in after if index not in dropped] + back
