"""`/v1/search`: words to products."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import JSONResponse

from thatlook.service.answers import WordsAnswer
from thatlook.service.describe import problems
from thatlook.service.keys import guarded
from thatlook.service.schemas import WordParameters
from thatlook.service.state import Service, service_of

router = APIRouter(prefix="/v1", tags=["words"])
Here = Annotated[Service, Depends(service_of)]


@router.get(
    "/search",
    summary="Products for words",
    response_model=WordsAnswer,
    responses=problems(401, 422, 429, 503),
    dependencies=[Depends(guarded("lookup"))],
)
async def search(words: Annotated[WordParameters, Query()], service: Here) -> Response:
    """The products that fit a shopper's words, best first, with what was understood of them.

    Prices, departments, brands and what must not be are filters, a color, type or pattern is what
    comes first. The key of each part, sent as `off`, takes it off.
    """

    def job() -> dict[str, Any]:
        return service.engine.search(words.q, **words.word_request()).to_dict()

    return JSONResponse(await service.lookup(job))
