"""`/healthz`, `/readyz`, `/metrics` and `/v1/info`."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response

from thatlook.core.color import ANCHORS
from thatlook.core.version import __version__
from thatlook.service import metrics
from thatlook.service.answers import HealthAnswer, InfoAnswer
from thatlook.service.describe import problems
from thatlook.service.keys import guarded
from thatlook.service.problems import RETRY, Problem
from thatlook.service.state import Service, service_of

router = APIRouter(tags=["operations"])
Here = Annotated[Service, Depends(service_of)]
_LOOKUP: Final = [Depends(guarded("lookup"))]


@router.get("/healthz", summary="Whether the process lives")
async def healthz() -> HealthAnswer:
    """Answers as long as the event loop turns."""
    return HealthAnswer(status="alive")


@router.get("/readyz", summary="Whether requests are welcome", responses=problems(503))
async def readyz(service: Here) -> HealthAnswer:
    """Ready when the networks are loaded and the catalog can be read."""
    if not service.ready:
        raise Problem(503, "stopping", "the service is starting or stopping", headers=RETRY)
    await service.lookup(lambda: service.engine.catalog.sequence)
    return HealthAnswer(status="ready")


@router.get(
    "/metrics",
    summary="For Prometheus",
    response_class=Response,
    responses={
        200: {"description": "Text.", "content": {"text/plain": {"schema": {"type": "string"}}}},
        **problems(401, 429, 503),
    },
    dependencies=_LOOKUP,
)
async def exposition(service: Here) -> Response:
    """The metrics of all workers, in Prometheus's text format."""
    return Response(await service.lookup(service.metrics), media_type=metrics.CONTENT_TYPE)


@router.get("/v1/info", summary="What the page needs to know", responses=problems(429, 503))
async def info(request: Request, service: Here) -> InfoAnswer:
    """How many products there are, and what this service takes. Needs no key."""
    service.guard.check_address(request, "lookup")
    counts: dict[str, Any] = await service.lookup(service.counts)
    settings = service.engine.settings
    return InfoAnswer(
        version=__version__,
        colors={name: "#{:02x}{:02x}{:02x}".format(*rgb[0]) for name, rgb in ANCHORS.items()},
        max_photo_bytes=min(settings.max_photo_bytes, service.settings.max_body_bytes),
        max_photo_pixels=settings.max_photo_pixels,
        photo_url=service.settings.photo_url,
        key_needed=service.guard.reading_needs_key,
        feedback=service.feedback is not None,
        **counts,
    )
