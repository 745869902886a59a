"""From nearest neighbours to recommendations: pure functions, nothing here opens a file.

A similarity is the cosine of two unit vectors, -1..1; a score is 0..1. Higher is better.
"""

from thatlook.search.ranking.feedback import changes, gentle, rocchio
from thatlook.search.ranking.order import (
    Calibration,
    Curve,
    NearnessScale,
    boost_of,
    cheapness,
    distinct,
    diverse,
    most_prominent,
    show_same_picture,
)
from thatlook.search.ranking.reasons import (
    TOLD,
    Agreement,
    Traits,
    label,
    part_similarities,
    reasons,
    tellable_types,
)
from thatlook.search.ranking.variants import Style, grouped, style_key

__all__ = [
    "TOLD",
    "Agreement",
    "Calibration",
    "Curve",
    "NearnessScale",
    "Style",
    "Traits",
    "boost_of",
    "changes",
    "cheapness",
    "distinct",
    "diverse",
    "gentle",
    "grouped",
    "label",
    "most_prominent",
    "part_similarities",
    "reasons",
    "rocchio",
    "show_same_picture",
    "style_key",
    "tellable_types",
]
