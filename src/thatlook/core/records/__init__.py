"""The frozen records that everything passes around, validated when they are made.

Boxes are (x0, y0, x1, y1) in pixels of the photo after its EXIF rotation, half-open.
Scores are 0..1 and higher is better. `to_dict` gives the JSON of the contract.

All can be pickled and deep-copied, so they may go to another process. Records without arrays are
equal and hash by their values; those that hold arrays (Article, Look, Described, Mask, Result) are
equal only to themselves.
"""

from __future__ import annotations

from thatlook.core.records.geometry import Box, Keypoint, Mask
from thatlook.core.records.look import Article, Gate, Look, Person
from thatlook.core.records.product import Described, Price, Product, in_stock, normal_id
from thatlook.core.records.result import NEARNESS, Match, Recommendation, Result
from thatlook.core.records.values import ReadOnly, Vector

__all__ = [
    "NEARNESS",
    "Article",
    "Box",
    "Described",
    "Gate",
    "Keypoint",
    "Look",
    "Mask",
    "Match",
    "Person",
    "Price",
    "Product",
    "ReadOnly",
    "Recommendation",
    "Result",
    "Vector",
    "in_stock",
    "normal_id",
]
