"""`/docs`: what the service takes and answers, by Swagger UI from the files of a package."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Final

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

from thatlook.service.envelope import HEADERS
from thatlook.service.pages import STATIC

router = APIRouter(include_in_schema=False)

_POLICY: Final = HEADERS["Content-Security-Policy"].replace(
    "style-src 'self'", "style-src 'self' 'unsafe-inline'"
)
"""Swagger UI sets styles of its elements; scripts and requests stay the service's own."""


@router.get("/docs")
async def reference() -> Response:
    """The reference to read and to try, with a key where the service wants one."""
    headers = {"Content-Security-Policy": _POLICY}
    return FileResponse(STATIC / "docs.html", media_type="text/html", headers=headers)


def install(app: FastAPI) -> None:
    """Adds the reference and the files of Swagger UI to the app."""
    app.include_router(router)
    files = Path(str(resources.files("fastapi_swagger"))) / "resources"
    app.mount("/docs/files", StaticFiles(directory=files), name="docs")
