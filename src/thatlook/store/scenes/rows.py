"""A scene as the rows of a catalog, one per article, and back.

A row's id is the scene's, a slash and the article's index. What is of the whole scene stands in
every row.
"""

from __future__ import annotations

from collections.abc import Sequence

from thatlook.core.records import Article, Look, Product
from thatlook.core.taxonomy import PRODUCT_GENDERS
from thatlook.search.ranking import label
from thatlook.search.stored import Stored
from thatlook.search.styling import Scene
from thatlook.store.catalog import Row


def row_id(scene_id: str, index: int) -> str:
    """The id of the row of a scene's article."""
    return f"{scene_id}/{index}"


def place_of(id_of_row: str) -> tuple[str, int]:
    """The scene's id and the article's index of a row's id."""
    scene_id, _, index = id_of_row.rpartition("/")
    return scene_id, int(index)


def rows_of(scene_id: str, look: Look, photo: str, digest: str) -> list[Row]:
    """The rows of a look's articles; none for a photo without a person, or nothing worn.

    `photo` is the path to be kept, `digest` the sha256 of the file.
    """
    if look.person is None:
        return []
    worn = [article for article in look.articles if article.vector is not None]
    # "unisex" is found for everybody, as somebody of unknown gender should be.
    gender = look.person.gender if look.person.gender in PRODUCT_GENDERS else "unisex"
    told = {"width": str(look.width), "height": str(look.height), "articles": str(len(worn))}
    return [
        Row(
            product=Product(
                id=row_id(scene_id, index),
                category=article.category,
                gender=gender,
                item_group_id=scene_id,
                extra=told,
            ),
            vector=article.vector,
            box=article.box,
            attributes=dict(article.attributes),
            article_score=article.score,
            found=True,
            image=photo,
            image_hash=digest,
        )
        for index, article in enumerate(worn)
    ]


def scene_of(rows: Sequence[Stored]) -> Scene:
    """The scene of all its rows, in their order."""
    first = rows[0]
    told = first.product.extra
    gender = first.product.gender
    return Scene(
        id=first.product.item_group_id,
        photo=first.image,
        width=int(told["width"]),
        height=int(told["height"]),
        gender="unknown" if gender == "unisex" else gender,
        articles=tuple(map(_article, rows)),
    )


def count_of(row: Stored) -> int:
    """How many rows the scene of this one has."""
    return int(row.product.extra["articles"])


def _article(row: Stored) -> Article:
    if row.box is None:
        raise ValueError(f"the row {row.product.id!r} of a scene has no box")
    attributes = {name: label(value) for name, value in row.attributes.items()}
    return Article(row.product.category, row.box, row.article_score, attributes, row.vector)
