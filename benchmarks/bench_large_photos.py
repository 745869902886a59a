"""What a photo of 12 megapixels costs beside the same one of 640 pixels, and what its boxes lose.

Each photo is saved as a JPEG of both sizes. In turn are parsed the small one, the large one as
`thatlook parse` decodes it (at reduced scale), and the large one decoded whole. The articles of the
second are compared with those of the third: how many are found again, and how much boxes overlap.

    python benchmarks/bench_large_photos.py [--photos DIR] [--count 100]
"""

from __future__ import annotations

import argparse
import io
import json
import statistics
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from thatlook.cli.demo import sample
from thatlook.core.image import decode
from thatlook.core.records import Article, Look
from thatlook.core.settings import Settings
from thatlook.vision.analyzer import Analyzer

SMALL_PX = 640
LARGE_PIXELS = 12_000_000
SAME_IOU = 0.5


def saved(image: Image.Image, scale: float) -> bytes:
    """The image at this scale as a JPEG."""
    size = (round(image.width * scale), round(image.height * scale))
    file = io.BytesIO()
    image.resize(size, Image.Resampling.LANCZOS).save(file, "JPEG", quality=90)
    return file.getvalue()


def cpu_ms(run: Callable[[], Look]) -> tuple[float, Look]:
    """Milliseconds of the processor, all threads together, and what was found."""
    start = time.process_time()
    found = run()
    return (time.process_time() - start) * 1000, found


def pairs(one: Look, other: Look) -> list[tuple[Article, Article]]:
    """Articles of one category in both looks that overlap most, by SAME_IOU at least."""
    found, left = [], list(other.articles)
    for article in one.articles:
        same = [o for o in left if o.category == article.category]
        best = max(same, key=lambda o: o.box.iou(article.box), default=None)
        if best is not None and best.box.iou(article.box) >= SAME_IOU:
            left.remove(best)
            found.append((article, best))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=Path, help="a folder of JPEGs; default: the sample's")
    parser.add_argument("--count", type=int, default=100)
    args = parser.parse_args()
    settings = Settings.load()
    analyzer = Analyzer.open(settings)
    analyzer.warm()
    folder = args.photos or sample() / "images" / "looks"
    files = sorted(folder.glob("*.jpg"))[: args.count]
    times: dict[str, list[float]] = defaultdict(list)
    overlaps, counts = [], {"small": 0, "large": 0, "whole": 0, "persons agree": 0}
    same_words = again = 0
    for file in files:
        image = Image.open(file).convert("RGB")
        small = saved(image, SMALL_PX / max(image.size))
        large = saved(image, (LARGE_PIXELS / (image.width * image.height)) ** 0.5)
        looks = {}
        for name, run in (
            ("small", lambda small=small: analyzer.parse(small)),
            ("large", lambda large=large: analyzer.parse(large)),
            ("whole", lambda large=large: analyzer.parse_image(decode(large, settings), "")),
        ):
            spent, looks[name] = cpu_ms(run)
            times[name].append(spent)
            counts[name] += len(looks[name].articles)
        both = pairs(looks["large"], looks["whole"])
        again += len(both)
        overlaps += [one.box.iou(other.box) for one, other in both]
        same_words += sum(dict(one.attributes) == dict(other.attributes) for one, other in both)
        persons = [looks[name].person for name in ("large", "whole")]
        counts["persons agree"] += all(persons) and persons[0].box.iou(persons[1].box) > SAME_IOU
    medians = {name: statistics.median(values) for name, values in times.items()}
    report = {
        "photos": len(files),
        "median_cpu_ms": {name: round(value, 1) for name, value in medians.items()},
        "large_to_small": round(medians["large"] / medians["small"], 2),
        "whole_to_small": round(medians["whole"] / medians["small"], 2),
        "articles": counts,
        "found_in_both": again,
        "same_words": same_words,
        "mean_iou": round(statistics.mean(overlaps), 4),
        "lowest_iou": round(min(overlaps), 3),
    }
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
