"""Every error of the service as RFC 9457 `application/problem+json`."""

from __future__ import annotations

import errno
import logging
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from thatlook.core.errors import (
    CatalogError,
    CatalogReadOnlyError,
    FeedError,
    FetchError,
    ModelMismatchError,
    PhotoError,
    SearchUnavailableError,
    SettingsError,
    ThatlookError,
    UnknownProductError,
)
from thatlook.core.nearest import choice_meant, did_you_mean
from thatlook.service import allowed, metrics
from thatlook.service.context import request_id

MEDIA_TYPE: Final = "application/problem+json"
PHOTO_STATUS: Final = {
    "too_many_bytes": 413,
    "too_many_pixels": 413,
    "too_many_scans": 413,
    "unsupported_format": 415,
}
"""The status of a PhotoError by its code; 422 for the others."""

OWN_WORDS: Final = (
    (UnknownProductError, 404, "unknown_product"),
    (SettingsError, 422, "invalid"),
    (FeedError, 422, "invalid_product"),
)
"""Errors whose own words are for the caller, with their status and code."""
FETCHED: Final = "it must be public, http or https, and answer in time with a picture"
RETRY: Final = {"Retry-After": "2"}
SEARCH_RETRY: Final = {"Retry-After": "10"}
"""A search engine that was restarted takes some 15 s."""
WORDS: Final = {
    404: "nothing is at this address; /openapi.json lists what there is",
    405: "this address does not take this method",
}

logger = logging.getLogger("thatlook.service")


class Problem(Exception):  # noqa: N818 - RFC 9457's word
    """An answer that is an error: its status, its stable code and what to do, in words."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: Sequence[Mapping[str, str]] = (),
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})
        self.errors = list(errors)

    def body(self) -> dict[str, Any]:
        """The problem document."""
        shown: dict[str, Any] = {
            "type": f"urn:thatlook:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "request_id": request_id(),
        }
        return shown | ({"errors": self.errors} if self.errors else {})

    def response(self) -> JSONResponse:
        """The answer with its headers."""
        headers = {**self.headers, "Cache-Control": "no-store"}
        return JSONResponse(self.body(), self.status, headers, MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Makes the app answer every error as a problem."""
    for kind in (Problem, ThatlookError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _answer)


async def _answer(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error, RequestValidationError):
        return invalid(error.errors(), _parameters(request)).response()
    problem = problem_of(error)
    if problem.status == 405:
        # Starlette's own header tells of the first route of an address only.
        methods = allowed.methods(request.app.openapi(), request.url.path) or ["GET", "HEAD"]
        problem.headers["Allow"] = ", ".join(methods)
    return problem.response()


def _parameters(request: Request) -> list[str]:
    """The names that the address takes."""
    path = getattr(request.scope.get("route"), "path", "")
    described = request.app.openapi()["paths"].get(path.replace(":path", ""), {})
    told = described.get(request.method.lower(), {}).get("parameters", ())
    return [parameter["name"] for parameter in told]


def problem_of(error: Exception) -> Problem:
    """The problem that tells of an error; what nobody foresaw is logged and answered as a bug."""
    match error:
        case Problem():
            return error
        case ThatlookError():
            return _of_thatlook(error)
        case RequestValidationError():
            return invalid(error.errors())
        case HTTPException():
            status = HTTPStatus(error.status_code)
            words = WORDS.get(status, str(error.detail))
            return Problem(status, status.name.lower(), words, headers=error.headers)
        case OSError(errno=errno.ENOSPC | errno.EDQUOT):
            place = error.filename or tempfile.gettempdir()  # of bodies too large for memory
            logger.error("disk full", extra={"error": f"{place}: {error.strerror}"})
            return Problem(503, "no_room", "the service has no room now; try again", headers=RETRY)
    logger.error("bug", exc_info=error)
    return Problem(500, "internal", "this is a bug of thatlook; its log has this request id")


def _of_thatlook(error: ThatlookError) -> Problem:
    if isinstance(error, PhotoError):
        metrics.PHOTO_ERRORS.labels(error.code).inc()
        return Problem(PHOTO_STATUS.get(error.code, 422), error.code, error.message)
    if isinstance(error, FetchError):
        # What a name of an inside network leads to is for the log alone.
        logger.info("not fetched", extra={"error": str(error)})
        status = getattr(error, "status", None)
        why = f"it answered {status}" if status else FETCHED
        return Problem(422, "not_fetched", f"the address could not be used: {why}")
    for kind, status, code in OWN_WORDS:
        if isinstance(error, kind):
            return Problem(status, code, str(error))
    if isinstance(error, SearchUnavailableError):
        logger.warning("search unavailable", extra={"error": str(error)})
        words = "the search does not answer now; products are still told; try again"
        return Problem(503, "search_unavailable", words, headers=SEARCH_RETRY)
    return _of_setup(error)


def _of_setup(error: ThatlookError) -> Problem:
    """What the service's owner has to mend, or what passes; paths stay in the log."""
    logger.error("catalog or setup", extra={"error": str(error)})
    if isinstance(error, CatalogReadOnlyError):
        return Problem(403, "catalog_read_only", "the catalog of this service cannot be changed")
    if isinstance(error, CatalogError) and not isinstance(error, ModelMismatchError):
        # Another process is writing, or the disk is full: it may pass.
        words = "the catalog cannot be read or changed now; try again"
        return Problem(503, "catalog_unavailable", words, headers=RETRY)
    return Problem(500, "internal", "the service is not set up rightly; its log says why")


def invalid(errors: Sequence[Any], known: Iterable[str] = ()) -> Problem:
    """The problem for pydantic's errors: where and what, never the value that came; of a field that
    is not there the nearest of those `known`.
    """
    names = list(known)
    fields = [
        {"field": ".".join(map(str, entry["loc"])), "message": _said(entry, names)}
        for entry in errors
    ]
    first = " ".join(fields[0].values()) if fields else "the request is not valid"
    return Problem(422, "invalid", first, errors=fields)


def _said(error: Mapping[str, Any], known: Sequence[str]) -> str:
    """What is wrong, in words."""
    if error["type"] == "literal_error":
        return _not_a_choice(error)
    if error["type"] != "extra_forbidden":
        return str(error["msg"])
    near = did_you_mean(str(error["loc"][-1]), known)
    return f"there is no such field; {near}" if near else "there is no such field"


def _not_a_choice(error: Mapping[str, Any]) -> str:
    """What was meant, of the choices that pydantic tells as "'a', 'b' or 'c'", and these."""
    choices = re.findall(r"'([^']+)'", error["ctx"]["expected"])
    near = choice_meant(str(error["input"]), choices)
    return f"{near} {error['msg']}" if near else str(error["msg"])
