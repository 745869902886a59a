"""Where the article network finds each product of the catalog in the product's own photo."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from thatlook.core.progress import Progress
from thatlook.core.taxonomy import CATEGORIES, category_of
from thatlook.data.scenes import photo, styles
from thatlook.evaluate.detection.metrics import found_in
from thatlook.vision.analyzer import OWN_THRESHOLD
from thatlook.vision.stages.article import ArticleStage


def own_boxes(stage: ArticleStage, folder: Path) -> dict[str, list[float]]:
    """By product id, the box of the product's own article where the article network finds it.

    The best detection of the product's category above OWN_THRESHOLD, as the analyzer takes it:
    x0 y0 x1 y1 in pixels of the photo. A product without one is left out. `folder` is a catalog
    with styles.csv and images. Raises DataError.
    """
    found = {}
    for row in Progress(styles(folder), desc="own articles"):
        category = category_of(row["articleType"], row["productDisplayName"])
        if category not in CATEGORIES:
            continue
        image = photo(folder / "images" / f"{row['id']}.jpg")
        seen = found_in(stage, image, OWN_THRESHOLD)
        mine = np.flatnonzero(seen[2] == CATEGORIES.index(category))
        if len(mine):
            found[row["id"]] = [round(float(v), 1) for v in seen[0][mine[0]]]
    return found
