"""`/v1/products`: all of them, in pages; of one: read, similar, look, picture, put, delete."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from pydantic import AfterValidator

from thatlook.core.addresses import is_address
from thatlook.core.records import normal_id
from thatlook.search.request import SearchRequest
from thatlook.service import bodies
from thatlook.service.answers import (
    ProductAnswer,
    ProductsAnswer,
    RecommendationsAnswer,
    SimilarAnswer,
    StoredAnswer,
    StyledAnswer,
)
from thatlook.service.bodies import Body
from thatlook.service.describe import problems, product_body
from thatlook.service.keys import caller_of, guarded
from thatlook.service.pictures import JPEG_ANSWERS, Thumbnail, picture_answer
from thatlook.service.problems import Problem
from thatlook.service.product_body import ProductBody
from thatlook.service.queue import deadline, while_asked
from thatlook.service.scenes import shown
from thatlook.service.schemas import ListParameters, SearchParameters
from thatlook.service.state import Service, service_of
from thatlook.service.stock import Put, put, remove

router = APIRouter(prefix="/v1/products", tags=["products"])
Here = Annotated[Service, Depends(service_of)]
Id = Annotated[
    str,
    Path(min_length=1, max_length=255, description="The product's id."),
    AfterValidator(normal_id),
]

_MIN_SCORE: Final = "Scenes below it are left out; without it those that are not similar."
_LOOKUP: Final = [Depends(guarded("lookup"))]
_WRITE: Final = [Depends(guarded("write"))]


@router.get(
    "",
    summary="Products, in pages",
    response_model=ProductsAnswer,
    responses=problems(401, 422, 429, 503),
    dependencies=_LOOKUP,
)
async def products(wanted: Annotated[ListParameters, Query()], service: Here) -> Response:
    """All products that pass the filters, and with `q` those that fit the words, best first.

    Without words the order is none in particular, the same in every page of a catalog that does
    not change.
    """

    def job() -> dict[str, Any]:
        found = service.engine.search(wanted.q, **wanted.word_request())
        told = found.to_dict()
        listed = [match["product"] for match in told["matches"]]
        kept = {name: told[name] for name in ("total", "offset", "understood", "facets")}
        return kept | {"products": listed}

    return JSONResponse(await service.lookup(job))


@router.get(
    "/{product_id:path}/similar",
    summary="More like this",
    response_model=SimilarAnswer,
    responses=problems(401, 404, 422, 429, 503),
    dependencies=_LOOKUP,
)
async def similar(
    product_id: Id, search: Annotated[SearchParameters, Query()], service: Here
) -> Response:
    """Products like one of the catalog, of its category, for its gender and age, best first."""

    def job() -> dict[str, Any]:
        product = service.engine.catalog.product(product_id)
        search_request = SearchRequest(
            k=search.k, age=search.age, filters=search.filters(), **search.dials()
        )
        found = service.engine.similar(product_id, request=search_request)
        matches = [match.to_dict() for match in found]
        if service.rival is not None:
            theirs = service.rival.similar(product_id, search_request)
            matches = service.rival.interleaved(matches, theirs, search_request.k)
        return {"product": product.to_dict(), "matches": matches}

    return JSONResponse(await service.lookup(job))


@router.get(
    "/{product_id:path}/look",
    summary="Shop this look",
    response_model=RecommendationsAnswer,
    responses=problems(401, 404, 422, 429, 503),
    dependencies=[Depends(guarded("photo"))],
)
async def look(
    product_id: Id,
    request: Request,
    search: Annotated[SearchParameters, Query()],
    service: Here,
) -> Response:
    """Products for all that is worn in the front-facing full shot among the product's pictures.

    `accepted` is false, with the reason, where no picture is one.
    """

    def job() -> dict[str, Any]:
        search_request = SearchRequest(
            k=search.k, age=search.age, filters=search.filters(), **search.dials()
        )
        return service.engine.shop_the_look(product_id, request=search_request).to_dict()

    service.photos.check()
    async with (
        service.uploads.slot(caller_of(request)),
        deadline(service.settings.deadline_s),
        while_asked(request.receive),
    ):
        return JSONResponse(await service.photos.run(job))


@router.get(
    "/{product_id:path}/scenes",
    summary="Ways to style it",
    response_model=StyledAnswer,
    responses=problems(401, 404, 422, 429, 503),
    dependencies=_LOOKUP,
)
async def scenes(
    product_id: Id,
    service: Here,
    k: Annotated[int, Query(ge=1, le=50, description="Scenes.")] = 6,
    others: Annotated[int, Query(ge=0, le=20, description="Products per other article.")] = 3,
    min_score: Annotated[float | None, Query(ge=0, le=1, description=_MIN_SCORE)] = None,
) -> Response:
    """Photos in which something like the product is worn, the most alike first, each with products
    for what else is worn there; none, with the reason in `message`, where the shop has no such.
    """

    def job() -> dict[str, Any]:
        found = service.engine.styled_with(product_id, k, min_score=min_score, others=others)
        return shown(found)

    return JSONResponse(await service.lookup(job))


@router.get(
    "/{product_id:path}/image",
    summary="A product's picture",
    response_class=Response,
    responses={**JPEG_ANSWERS, **problems(401, 404, 422, 429, 503)},
    dependencies=_LOOKUP,
)
async def image(
    product_id: Id,
    request: Request,
    service: Here,
    size: Literal["small", "medium", "large"] = "medium",
) -> Response:
    """The picture that the product is found by, its longer side 240, 480 or 1200 pixels."""

    def job() -> Thumbnail:
        catalog = service.engine.catalog
        stored = catalog.stored(product_id)
        path = catalog.home / stored.image  # an absolute path stays as it is
        if not stored.image or not path.is_file():
            raise Problem(404, "no_picture", "this product's picture is not in the catalog")
        return service.thumbnails.get(path, size, service.engine.settings)

    found: Thumbnail = await service.lookup(job)
    return picture_answer(found, request, shared=bool(service.settings.origins))


@router.get(
    "/{product_id:path}",
    summary="A product",
    response_model=ProductAnswer,
    responses=problems(401, 404, 422, 429, 503),
    dependencies=_LOOKUP,
)
async def product(product_id: Id, service: Here) -> Response:
    """The product as the catalog has it."""
    found = await service.lookup(lambda: service.engine.catalog.product(product_id).to_dict())
    return JSONResponse(found)


@router.put(
    "/{product_id:path}",
    summary="Adds or replaces a product",
    response_model=StoredAnswer,
    responses={
        201: {"description": "It is new.", "model": StoredAnswer},
        **problems(400, 401, 403, 404, 405, 413, 415, 422, 429, 503),
    },
    openapi_extra=product_body(),
    dependencies=_WRITE,
)
async def put_product(product_id: Id, request: Request, service: Here) -> Response:
    """Stores the product; every worker finds it from now on, and a crash does not lose it.

    A new product needs its picture. One that is there keeps its own where none comes.
    """
    _check_address(product_id)
    service.photos.check()
    async with service.uploads.slot(caller_of(request)), deadline(service.settings.deadline_s):
        with await bodies.read(request, "image") as body:
            given = ProductBody.of(_product_fields(body))
            new = given.product(product_id)
            linked = None
            if body.file is None and is_address(given.image_link):
                linked = await _linked(service, product_id, given.image_link)

            def job() -> Put:
                return put(service.engine, new, linked if body.file is None else body.content())

            stored = await service.photos.run(job)
    return JSONResponse(stored.to_dict(), 201 if stored.created else 200)


@router.delete(
    "/{product_id:path}",
    summary="Removes a product",
    status_code=204,
    response_class=Response,
    responses=problems(401, 403, 404, 405, 422, 429, 503),
    dependencies=_WRITE,
)
async def delete_product(product_id: Id, service: Here) -> Response:
    """Removes the product; no worker finds it any more."""
    _check_address(product_id)
    await service.lookup(lambda: remove(service.engine, product_id))
    return Response(status_code=204)


def _check_address(product_id: str) -> None:
    """Refuses an id whose address already means something else. Raises Problem 405."""
    if product_id.endswith(("/similar", "/image", "/look", "/scenes")):
        words = "this address is read only; no id may end in /similar, /image, /look or /scenes"
        raise Problem(405, "method_not_allowed", words)


def _product_fields(body: Body) -> Body:
    """The JSON of the product: the body itself, or a form's part named `product`."""
    if not body.form:
        return body
    texts = body.fields.get("product", [])
    if len(texts) != 1 or len(body.fields) != 1:
        raise Problem(422, "invalid", "expected the parts 'product' (JSON) and 'image' (a file)")
    try:
        fields = json.loads(texts[0])
    except (ValueError, RecursionError) as error:
        raise Problem(422, "invalid", "the part 'product' is not valid JSON") from error
    if not isinstance(fields, dict):
        raise Problem(422, "invalid", "the part 'product' must be a JSON object")
    return Body(fields)


async def _linked(service: Service, product_id: str, image_link: str) -> bytes | None:
    """The picture behind a link, or None where the catalog has it of this product already."""
    if await service.lookup(lambda: _has(service, product_id, image_link)):
        return None
    return await service.fetched(image_link, service.settings.image_link, "image_link")


def _has(service: Service, product_id: str, image_link: str) -> bool:
    catalog = service.engine.catalog
    if product_id not in catalog.states([product_id]):
        return False
    stored = catalog.stored(product_id)
    return stored.vector is not None and stored.product.image_link == image_link
