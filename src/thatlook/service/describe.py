"""The OpenAPI description: bodies that are read by hand, errors, examples."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from thatlook.service.answers import ProblemDocument
from thatlook.service.product_body import ProductBody
from thatlook.service.schemas import (
    CompletionByIdsOrUrl,
    CompletionForm,
    FeedbackBody,
    LookByUrl,
    LookForm,
    RecommendationByUrl,
    RecommendationForm,
)

MODELS: Final[tuple[type[BaseModel], ...]] = (
    ProblemDocument,
    LookForm,
    LookByUrl,
    RecommendationForm,
    RecommendationByUrl,
    CompletionForm,
    CompletionByIdsOrUrl,
    FeedbackBody,
    ProductBody,
)
ABOUT: Final = (
    "A photo of a dressed person in, the most similar products of a catalog out. "
    "Boxes are [x0, y0, x1, y1] in pixels of the photo after its EXIF rotation. Scores are 0..1."
)
WHY: Final = {
    400: "The body is broken.",
    401: "A key is needed, or this one is not known.",
    403: "This is not allowed here.",
    404: "There is no such product.",
    405: "This address is read only.",
    413: "Too many bytes or pixels.",
    415: "Not a type or format that is read.",
    422: "The request, or the photo, cannot be used; `code` says why.",
    429: "Too many requests with this key, or from this address.",
    501: "This shop's networks cannot do it.",
    503: "Busy, or not in time: try again after Retry-After seconds.",
}
_RETRY: Final = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}}
}
_BUSY: Final = {
    "type": "urn:thatlook:problem:busy",
    "title": "Service Unavailable",
    "status": 503,
    "detail": "too many photos at once; try again soon",
    "code": "busy",
    "request_id": "0b9e6d1c5b1f4f0f9f4c4f6f1d2a3b4c",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error answers of a route, for FastAPI's `responses`."""
    found: dict[int | str, dict[str, Any]] = {}
    for status in statuses:
        content: dict[str, Any] = {"schema": _ref("ProblemDocument")}
        if status == 503:
            content["example"] = _BUSY
        found[status] = {
            "description": WHY[status],
            "content": {"application/problem+json": content},
        }
        if status in {429, 503}:
            found[status]["headers"] = _RETRY
    return found


def photo_body(form: str, by_url: str, example: dict[str, Any]) -> dict[str, Any]:
    """The two ways to send a photo: a form of which the file is a part, or its address."""
    return {
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {"schema": _ref(form)},
                "application/json": {"schema": _ref(by_url), "example": example},
            },
        }
    }


def json_body(model: str, example: dict[str, Any]) -> dict[str, Any]:
    """A body that is JSON alone."""
    content = {"application/json": {"schema": _ref(model), "example": example}}
    return {"requestBody": {"required": True, "content": content}}


def product_body() -> dict[str, Any]:
    """The two ways to put a product: with its picture, or as JSON."""
    properties = {
        "product": {"type": "string", "contentMediaType": "application/json"},
        "image": {"type": "string", "format": "binary"},
    }
    form = {"type": "object", "required": ["product", "image"], "properties": properties}
    example = {
        "title": "Striped cotton shirt",
        "category": "topwear",
        "gender": "female",
        "brand": "Millrace",
        "color": "navy blue",
        "price": "49.90 EUR",
        "link": "https://shop.example/p/4711",
    }
    return {
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {"schema": form},
                "application/json": {"schema": _ref("ProductBody"), "example": example},
            },
        }
    }


def _ref(model: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model}"}


def install(app: FastAPI) -> None:
    """Makes the app describe itself with the models that FastAPI does not see."""

    def describe() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _described(app)
        return app.openapi_schema

    app.openapi = describe  # type: ignore[method-assign]


_PRODUCT: Final = "/v1/products/{product_id}"
_NAMING: Final = (
    ("put", _PRODUCT, "200", "$response.body#/product/id"),
    ("put", _PRODUCT, "201", "$response.body#/product/id"),
    ("get", _PRODUCT, "200", "$response.body#/id"),
    ("delete", _PRODUCT, "204", "$request.path.product_id"),
    ("get", "/v1/search", "200", "$response.body#/matches/0/product/id"),
    (
        *("post", "/v1/recommendations", "200"),
        "$response.body#/recommendations/0/matches/0/product/id",
    ),
)
"""The answers that name a product, and where its id is in them."""


def _link_products(paths: dict[str, Any]) -> None:
    """Says of every answer that names a product which operations take its id."""
    takers = [
        operation["operationId"]
        for path, operations in paths.items()
        for operation in operations.values()
        if path.startswith(_PRODUCT)
    ]
    for method, path, status, place in _NAMING:
        paths[path][method]["responses"][status]["links"] = {
            taker: {"operationId": taker, "parameters": {"product_id": place}} for taker in takers
        }


def _described(app: FastAPI) -> dict[str, Any]:
    schema = get_openapi(title=app.title, version=app.version, description=ABOUT, routes=app.routes)
    _, extra = models_json_schema(
        [(model, "validation") for model in MODELS], ref_template="#/components/schemas/{model}"
    )
    components = schema.setdefault("components", {}).setdefault("schemas", {})
    for name, definition in extra["$defs"].items():
        components.setdefault(name, definition)
    for operations in schema["paths"].values():
        for method, operation in operations.items():
            if "security" in operation and method not in {"put", "delete"}:
                operation["security"].append({})  # reading may be open
    _link_products(schema["paths"])
    # FastAPI adds its own 422 to every route with a parameter; ours is a problem.
    for name in ("HTTPValidationError", "ValidationError"):
        components.pop(name, None)
    return schema
