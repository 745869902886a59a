"""The page at `/`, its files, the script for shops and the example photos."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Final

from fastapi import APIRouter, FastAPI
from fastapi.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

from thatlook.service.problems import Problem

router = APIRouter(include_in_schema=False)

STATIC: Final = Path(__file__).parent / "static"
EXAMPLES: Final = ("look_001", "look_004", "look_007", "look_010")
"""Looks of the bundled sample that the page offers to try."""


@router.get("/")
async def page() -> Response:
    """The page."""
    return FileResponse(STATIC / "index.html")


@router.get("/embed.js")
async def embed() -> Response:
    """The script that a shop puts on its product page."""
    headers = {"Cross-Origin-Resource-Policy": "cross-origin", "Cache-Control": "max-age=300"}
    return FileResponse(STATIC / "embed.js", media_type="text/javascript", headers=headers)


@router.get("/examples/{name}.jpg")
async def example(name: str) -> Response:
    """A photo to try the page with. Raises Problem 404."""
    if name not in EXAMPLES:
        raise Problem(404, "not_found", "there is no such example")
    file = Path(str(resources.files("thatlook.sample"))) / "images" / "looks" / f"{name}.jpg"
    return FileResponse(file, media_type="image/jpeg", headers={"Cache-Control": "max-age=86400"})


def install(app: FastAPI) -> None:
    """Adds the page and its files to the app."""
    app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
