"""From nearest neighbours to recommendations: pure functions, nothing here opens a file.

A similarity is the cosine of two unit vectors, -1..1; a score is 0..1. Higher is better.
"""

from thatlook.search.ranking.order import (
    Calibration,
    Curve,
    boost_of,
    distinct,
    diverse,
    most_prominent,
    refined,
)
from thatlook.search.ranking.reasons import TOLD, Agreement, Traits, label, part_likeness, reasons
from thatlook.search.ranking.variants import Style, grouped, style_key

__all__ = [
    "TOLD",
    "Agreement",
    "Calibration",
    "Curve",
    "Style",
    "Traits",
    "boost_of",
    "distinct",
    "diverse",
    "grouped",
    "label",
    "most_prominent",
    "part_likeness",
    "reasons",
    "refined",
    "style_key",
]
