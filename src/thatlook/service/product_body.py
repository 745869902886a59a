"""A product as PUT brings it: a feed's row in JSON, read as `thatlook index` reads one."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field

from thatlook.core.records import Product
from thatlook.service.problems import Problem
from thatlook.service.schemas import Category, StrictBody
from thatlook.store.feed.products import ProductMaker, checked_id
from thatlook.store.feed.rows import RawRow

Line = Annotated[str, Field(max_length=2000)]
_MAKER: Final = ProductMaker()


class ProductBody(StrictBody):
    """A product's fields, named as in feeds. `category` and `gender` are read from the
    product type and the title where they are left out.
    """

    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, Field(max_length=255, description="That of the address, or none.")] = ""
    title: Line = ""
    category: Category | Literal["other", ""] = ""
    gender: Literal["female", "male", "unisex", ""] = ""
    description: Annotated[str, Field(max_length=20_000)] = ""
    link: Line = ""
    image_link: Line = ""
    additional_image_link: Annotated[list[Line], Field(max_length=50, default_factory=list)]
    price: Annotated[str | None, Field(max_length=40, examples=["49.90 EUR"])] = None
    sale_price: Annotated[str | None, Field(max_length=40)] = None
    brand: Line = ""
    age_group: Line = ""
    color: Line = ""
    pattern: Line = ""
    material: Line = ""
    product_type: Line = ""
    google_product_category: Line = ""
    item_group_id: Line = ""
    availability: Line = ""
    extra: Annotated[dict[str, Line], Field(max_length=100, default_factory=dict)]

    def product(self, product_id: str) -> Product:
        """The product with the id of the address.

        Raises FeedError for a price or an id that cannot be, Problem 422 for another id.
        """
        product_id = checked_id(product_id)
        if self.id and checked_id(self.id) != product_id:
            raise Problem(422, "invalid", "the id in the body is not that of the address")
        values: dict[str, Any] = self.model_dump(exclude={"id", "extra"}, exclude_none=True)
        cells = {
            name: tuple(value) if isinstance(value, list) else (value,)
            for name, value in values.items()
            if value
        }
        extra = {name: (value,) for name, value in self.extra.items() if name not in cells}
        made = _MAKER.product(RawRow(1, {**extra, **cells, "id": (product_id,)}))
        return replace(made, id=product_id)  # the address's, not what a feed would mean by it
