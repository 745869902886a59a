"""`POST /v1/completions` and `POST /v1/outfits`: what goes with a photo or with products."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response

from thatlook.core.errors import ModelError, UnknownProductError
from thatlook.core.image import PhotoSource
from thatlook.engine import Engine
from thatlook.search.completing import CompletionRequest
from thatlook.service import bodies, metrics
from thatlook.service.answers import CompletionsAnswer, OutfitsAnswer
from thatlook.service.describe import photo_body, problems
from thatlook.service.keys import caller_of, guarded
from thatlook.service.problems import Problem
from thatlook.service.queue import deadline, while_asked
from thatlook.service.schemas import CompletionByIdsOrUrl, CompletionParameters
from thatlook.service.state import Service, service_of

logger = logging.getLogger("thatlook.service")
router = APIRouter(prefix="/v1", tags=["completions"])
Here = Annotated[Service, Depends(service_of)]

_ERRORS: Final = problems(400, 401, 403, 413, 415, 422, 429, 501, 503)
_GUARD: Final = [Depends(guarded("photo"))]
_BODY: Final = photo_body(
    "CompletionForm", "CompletionByIdsOrUrl", {"product_ids": ["15970"], "k": 5, "budget": 150}
)


Worn = PhotoSource | list[str] | tuple[str, ...]
Ask = Callable[[Engine, Worn, CompletionRequest], Any]


@router.post(
    "/completions",
    summary="What goes with a photo or with products",
    response_model=CompletionsAnswer,
    responses=_ERRORS,
    openapi_extra=_BODY,
    dependencies=_GUARD,
)
async def completions(request: Request, service: Here) -> Response:
    """Per missing category, products that go with what is worn, with the reasons in words."""
    return await _answered(request, service, Engine.complete)


@router.post(
    "/outfits",
    summary="Whole outfits around a photo or products",
    response_model=OutfitsAnswer,
    responses=_ERRORS,
    openapi_extra=_BODY,
    dependencies=_GUARD,
)
async def outfits(request: Request, service: Here) -> Response:
    """A top and a bottom, or a dress, and shoes, within the budget; `message` says why there are
    none.
    """
    return await _answered(request, service, Engine.outfits)


async def _answered(request: Request, service: Service, ask: Ask) -> Response:
    """Reads the photo or the ids, asks in a thread, all within the deadline."""
    service.photos.check()
    async with service.uploads.slot(caller_of(request)), deadline(service.settings.deadline_s):
        with await bodies.read(request, "photo") as body:
            given = (CompletionParameters if body.form else CompletionByIdsOrUrl).of(body)
            worn = await _worn(service, body, given)
            async with while_asked(request.receive):
                found = await service.photos.run(lambda: _found(service, ask, worn(), given))
    return Response(found, media_type="application/json", headers={"Cache-Control": "no-store"})


async def _worn(
    service: Service, body: bodies.Body, given: CompletionParameters
) -> Callable[[], Worn]:
    """The photo, read where it is worked on, or the ids of products. Raises Problem 422."""
    ids, url = getattr(given, "product_ids", []), getattr(given, "photo_url", None)
    if (body.file is not None) + bool(ids) + bool(url) != 1:
        raise Problem(422, "invalid", "expected a photo, a photo_url or product_ids, one of them")
    if url:
        fetched = await service.fetched(url, service.settings.photo_url, "photo_url")
        return lambda: fetched
    return body.content if body.file is not None else lambda: list(ids)


def _found(service: Service, ask: Ask, worn: Worn, given: CompletionParameters) -> bytes:
    try:
        answer = ask(service.engine, worn, given.completion_request())
    except UnknownProductError as error:
        raise Problem(422, "unknown_product", str(error)) from error
    except ModelError as error:  # of the compatibility network alone: the others were warmed
        logger.exception("no completions")
        words = "this shop's embedding network has no network of what goes together"
        raise Problem(501, "no_completions", words) from error
    metrics.observe_stages(answer.timing_ms)
    return json.dumps(answer.to_dict(), ensure_ascii=False, separators=(",", ":")).encode()
