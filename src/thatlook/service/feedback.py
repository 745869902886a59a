"""`POST /v1/feedback`: what shoppers chose, where the shop switched that on and they agreed."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request

from thatlook.service import bodies
from thatlook.service.answers import FeedbackAnswer
from thatlook.service.describe import json_body, problems
from thatlook.service.keys import guarded
from thatlook.service.problems import Problem
from thatlook.service.schemas import FeedbackBody
from thatlook.service.state import Service, service_of
from thatlook.store.feedback.book import Feedback

router = APIRouter(prefix="/v1", tags=["feedback"])
Here = Annotated[Service, Depends(service_of)]
MAX_BYTES: Final = 32_768


@router.post(
    "/feedback",
    summary="What became of the products of a list",
    responses=problems(400, 401, 403, 413, 415, 422, 429, 503),
    openapi_extra=json_body(
        "FeedbackBody",
        {
            "consent": True,
            "list": "3f9c0a7be1d25846",
            "source": "photo",
            "category": "topwear",
            "events": [{"product": "15970", "position": 2, "kind": "clicked"}],
        },
    ),
    dependencies=[Depends(guarded("feedback"))],
)
async def feedback(request: Request, service: Here) -> FeedbackAnswer:
    """Keeps what was shown, clicked, accepted and dismissed. Nothing of who did it is taken.

    Products that the catalog does not have are left out. The same sent again changes nothing.
    """
    book = service.feedback
    if book is None:
        raise Problem(403, "feedback_is_off", "this service keeps no feedback")
    given = FeedbackBody.of(await bodies.read_json(request, MAX_BYTES))
    return FeedbackAnswer(kept=await service.lookup(lambda: _kept(service, book, given)))


def _kept(service: Service, book: Feedback, given: FeedbackBody) -> int:
    """How many were kept: free text that is no product's id never reaches the file."""
    shown, told = given.shown(), given.told()
    asked = [one.product for one in told] + ([shown.query] if shown.query else [])
    known = service.engine.catalog.states(asked)
    if shown.query and shown.query not in known:
        raise Problem(422, "unknown_product", "query: the catalog has no such product")
    kept = [one for one in told if one.product in known]
    return book.add(shown, kept) if kept else 0
