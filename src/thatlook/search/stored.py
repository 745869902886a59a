"""What a search gives back of a product, and what is asked of whoever stores products."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from thatlook.core.records import Box, Product, Vector
from thatlook.search.index import Answers, Query
from thatlook.search.index.query import Moment, Vectors
from thatlook.search.ranking import Style, Traits


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Seen:
    """What was seen in a product's picture.

    `vector` is a unit vector, float32 (dim,). `box` is the article in the picture `image` (a
    path), `article_score` how sure the detector was and `found` whether it saw the article at
    all. `attributes` is JSON data from the embedding network, name to label or to (label,
    probability); its "color" serves the color filter where the feed gives no color. The hash is
    that of all pictures of the product. `outline` holds the bytes of `image.outline` of the box,
    b"" where it was not taken. `pictures` are the paths of all of the product's pictures that
    could be read, in the feed's order; () where only `image` is known.
    """

    vector: Vector | None = None
    box: Box | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    article_score: float = 0.0
    found: bool = False
    image: str = ""
    image_hash: str = ""
    outline: bytes = b""
    pictures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Stored(Seen):
    """A product as stored; `status` is "active", or "left" once it is no longer in the feed.

    `model_key` names the network that made the vector; "" where there is none yet.
    """

    product: Product
    status: str
    sequence: int
    changed_at: str
    row_hash: str
    model_key: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """What products are ranked by, as columns of n; the products themselves are not read.

    `vectors` is float32 (n, dim), rows of unit length.
    """

    vectors: Vectors
    traits: Sequence[Traits]
    styles: Sequence[Style]


class ProductStore(Protocol):
    """What a recommender needs of a catalog, wherever it is kept."""

    def stored(self, product_id: str) -> Stored:
        """The product with this id. Raises UnknownProductError."""
        ...

    def stored_many(self, ids: Sequence[str]) -> list[Stored]:
        """The products with these ids, in order. Raises UnknownProductError."""
        ...

    def candidates(self, ids: Sequence[str], moment: Moment | None = None) -> Candidates:
        """What the products with these ids, each spelled as a hit is, are ranked by, in order.

        As of now; with the `moment` of answers at least as of then. Raises UnknownProductError.
        """
        ...

    def fields(self, ids: Sequence[str], names: Sequence[str]) -> list[tuple[str, ...]]:
        """The texts of products in the fields `names` of a Product. Raises UnknownProductError."""
        ...

    def products(self, ids: Sequence[str], moment: Moment | None = None) -> list[Product]:
        """The products with these ids, in order. Raises UnknownProductError.

        As of now; with the `moment` of answers at least as of then.
        """
        ...

    def vector(self, product_id: str) -> Vector:
        """The vector of a product, float32 (dim,). Raises UnknownProductError."""
        ...

    def vague_styles(self, styles: Collection[str], moment: Moment | None = None) -> set[str]:
        """Those of these style keys (`ranking.style_key`) that do not tell one style.

        As of now; with the `moment` of answers at least as of then.
        """
        ...

    def search(self, vectors: Vectors, query: Query) -> Answers:
        """The hits of each of the vectors (n, dim). Raises CatalogError."""
        ...

    def search_each(
        self, questions: Sequence[tuple[Vectors, Query]]
    ) -> Iterator[tuple[int, Answers]]:
        """What `search` answers to each of the questions, by its index, as the answers come: asked
        side by side where another machine answers. Raises CatalogError.
        """
        ...
