"""`POST /v1/looks` and `POST /v1/recommendations`."""

from __future__ import annotations

import base64
import io
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Depends, Request, Response
from PIL import Image

from thatlook.core.errors import UnknownProductError
from thatlook.core.records import Article, Mask, Result
from thatlook.engine import Engine
from thatlook.search.request import SearchRequest
from thatlook.service import bodies, metrics
from thatlook.service.answers import LookAnswer, RecommendationsAnswer
from thatlook.service.bodies import shown_name
from thatlook.service.describe import photo_body, problems
from thatlook.service.keys import caller_of, guarded
from thatlook.service.problems import Problem
from thatlook.service.queue import deadline, while_asked
from thatlook.service.schemas import (
    LookByUrl,
    LookRequest,
    RecommendationByUrl,
    RecommendationRequest,
)
from thatlook.service.state import Service, service_of

router = APIRouter(prefix="/v1", tags=["photos"])
Asked = TypeVar("Asked", bound=LookRequest)
Here = Annotated[Service, Depends(service_of)]

_ERRORS: Final = problems(400, 401, 403, 413, 415, 422, 429, 503)
_GUARD: Final = [Depends(guarded("photo"))]


@router.post(
    "/looks",
    summary="What a person wears in a photo",
    response_model=LookAnswer,
    responses=_ERRORS,
    openapi_extra=photo_body(
        "LookForm", "LookByUrl", {"photo_url": "https://shop.example/look.jpg"}
    ),
    dependencies=_GUARD,
)
async def looks(request: Request, service: Here) -> Response:
    """The look of a photo: its main person and the articles worn. Nothing of it is kept."""

    def job(photo: bytes, name: str, search_request: LookRequest) -> bytes:
        look = service.engine.parse(photo)
        metrics.observe_stages(look.timing_ms)
        shown = look.to_dict() | {"photo": name}
        return _json(_with_masks(shown, look.articles, search_request))

    return await _answered(request, service, (LookRequest, LookByUrl), job)


@router.post(
    "/recommendations",
    summary="Products for each article of a photo",
    response_model=RecommendationsAnswer,
    responses=_ERRORS,
    openapi_extra=photo_body(
        "RecommendationForm",
        "RecommendationByUrl",
        {"photo_url": "https://shop.example/look.jpg", "k": 5, "max_price": 80},
    ),
    dependencies=_GUARD,
)
async def recommendations(request: Request, service: Here) -> Response:
    """The look of a photo with the most similar products of the catalog, article by article."""

    def job(photo: bytes, name: str, search_request: RecommendationRequest) -> bytes:
        asked = search_request.search_request()
        result = _recommended(service.engine, photo, asked)
        metrics.observe_stages(result.timing_ms)
        rival = service.rival if result.accepted else None
        shown = rival.recommended(photo, asked, result) if rival else result.to_dict()
        look = shown["look"] | {"photo": name}
        shown["look"] = _with_masks(look, result.look.articles, search_request)
        return _json(shown)

    return await _answered(request, service, (RecommendationRequest, RecommendationByUrl), job)


def _recommended(engine: Engine, photo: bytes, asked: SearchRequest) -> Result:
    try:
        return engine.recommend(photo, request=asked)
    except UnknownProductError as error:
        # The address exists; it is a liked or disliked product that does not.
        raise Problem(422, "unknown_product", str(error)) from error


async def _answered(
    request: Request,
    service: Service,
    models: tuple[type[Asked], type[Asked]],
    job: Callable[[bytes, str, Asked], bytes],
) -> Response:
    """Reads the photo and the request, runs the job in a thread, all within the deadline."""
    service.photos.check()
    async with service.uploads.slot(caller_of(request)), deadline(service.settings.deadline_s):
        with await bodies.read(request, "photo") as body:
            search_request = models[0 if body.form else 1].of(body)
            content, name = body.content, body.file_name
            url = getattr(search_request, "photo_url", "")
            if url:
                photo = await service.fetched(url, service.settings.photo_url, "photo_url")
                content, name = lambda: photo, shown_name(url.partition("?")[0])
            elif body.file is None:
                raise Problem(422, "invalid", "a photo is needed: a file part named 'photo'")
            # Read where it is worked on: photos that wait for that are not in memory.
            async with while_asked(request.receive):
                found = await service.photos.run(lambda: job(content(), name, search_request))
    return Response(found, media_type="application/json", headers={"Cache-Control": "no-store"})


def _json(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _with_masks(
    look: dict[str, Any], articles: Sequence[Article], search_request: LookRequest
) -> dict[str, Any]:
    """The look's JSON, with the masks where they were asked for and are there."""
    if "masks" in search_request.include:
        for shown, article in zip(look["articles"], articles, strict=True):
            if article.mask is not None:
                shown["mask"] = _mask(article.mask)
    return look


def _mask(mask: Mask) -> dict[str, Any]:
    buffer = io.BytesIO()
    Image.fromarray(mask.values).save(buffer, "PNG")
    box = [round(float(value), 1) for value in mask.box.to_list()]
    return {"box": box, "png": base64.b64encode(buffer.getvalue()).decode("ascii")}
