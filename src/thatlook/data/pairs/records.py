"""What every reader of pairs gives: scene, product, box and category, right or wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from thatlook.core.addresses import is_address
from thatlook.core.errors import DataError
from thatlook.core.taxonomy import PRODUCT_CATEGORIES
from thatlook.data.records import SPLITS, Corners, DatasetFinding


@dataclass(frozen=True, slots=True)
class PairPicture:
    """A picture and where in it the thing is.

    `place` is the path of a file, or an address (http or https) that nobody fetched yet. `box`
    is x0, y0, x1, y1: pixels of the picture after its EXIF rotation, or, with `shares`, parts of
    its width and height; None is the whole picture.
    """

    place: str
    box: Corners | None = None
    shares: bool = False

    @property
    def path(self) -> Path | None:
        """The file; None for an address."""
        return None if self.is_address else Path(self.place)

    @property
    def is_address(self) -> bool:
        """Whether it must be fetched first."""
        return is_address(self.place)

    def corners(self, size: tuple[int, int]) -> Corners:
        """The box in pixels of a picture of `size` (width, height), as it was written."""
        width, height = size
        if self.box is None:
            return (0.0, 0.0, float(width), float(height))
        x0, y0, x1, y1 = self.box
        return (x0 * width, y0 * height, x1 * width, y1 * height) if self.shares else self.box


@dataclass(frozen=True, slots=True)
class Pair:
    """What is worn in `scene`, and the `product` that it is.

    Pairs of one `product_id` show one product. `category` is one of PRODUCT_CATEGORIES, `name`
    the source's own words for it. `split` is "train", "val", "test" or "".
    """

    scene: PairPicture
    product: PairPicture
    product_id: str
    category: str
    name: str = ""
    split: str = ""

    def __post_init__(self) -> None:
        if self.category not in PRODUCT_CATEGORIES:
            known = ", ".join(PRODUCT_CATEGORIES)
            raise DataError(f"category must be one of {known}, not {self.category!r}")
        if self.split not in SPLITS:
            raise DataError(f"split must be one of {SPLITS}, not {self.split!r}")

    @property
    def shots(self) -> tuple[PairPicture, PairPicture]:
        """Scene and product."""
        return self.scene, self.product


@dataclass(frozen=True, slots=True)
class PairSet:
    """Pairs of one source. `format` is "pinterest", "street2shop", "rendered" or "csv";
    `findings` is what the reader itself stumbled over.
    """

    root: Path
    format: str
    pairs: tuple[Pair, ...]
    findings: tuple[DatasetFinding, ...] = ()

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that have pairs, train first."""
        found = Counter(pair.split for pair in self.pairs)
        return tuple(split for split in SPLITS if split in found)

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses to fetch, each once, in order."""
        return tuple(dict.fromkeys(s.place for p in self.pairs for s in p.shots if s.is_address))


def products_of(pairs: Sequence[Pair]) -> dict[str, list[int]]:
    """The rows of the pairs of each product, by its id."""
    found: dict[str, list[int]] = {}
    for row, pair in enumerate(pairs):
        found.setdefault(pair.product_id, []).append(row)
    return found
