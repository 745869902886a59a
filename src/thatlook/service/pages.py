"""The page at `/`, its files, the script for shops and the example photos."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles

from thatlook.core.taxonomy import drawing_colors, shown_names, taken_for_another
from thatlook.service.problems import Problem

router = APIRouter(include_in_schema=False)

STATIC: Final = Path(__file__).parent / "static"
NO_NAMES: Final = "const NAMES = {};"
"""What stands in the shops' script in place of the categories' names."""

EXAMPLES: Final = ("look_001", "look_004", "look_007", "look_010")
"""Looks of the bundled sample that the page offers to try."""


@router.get("/")
async def page() -> Response:
    """The page."""
    return FileResponse(STATIC / "index.html")


@router.get("/embed.js")
async def embed(request: Request) -> Response:
    """The script that a shop puts on its product page."""
    headers = {"Cross-Origin-Resource-Policy": "cross-origin", "Cache-Control": "max-age=300"}
    return _made(request, embed_script(), "text/javascript", headers)


@router.get("/static/categories.js")
async def category_names(request: Request) -> Response:
    """What the page calls each category, in the taxonomy's order, and what it is taken for."""
    text = (
        f"export const NAMES = {_names()};\n"
        f"export const TAKEN_FOR = {json.dumps(taken_for_another())};\n"
    )
    return _made(request, text, "text/javascript")


@router.get("/static/categories.css")
async def category_colors(request: Request) -> Response:
    """The color of each category."""
    rules = [f".c-{name} {{ --c: {color}; }}\n" for name, color in drawing_colors().items()]
    return _made(request, "".join(rules), "text/css")


@router.get("/examples/{name}.jpg")
async def example(name: str) -> Response:
    """A photo to try the page with. Raises Problem 404."""
    if name not in EXAMPLES:
        raise Problem(404, "not_found", "there is no such example")
    file = Path(str(resources.files("thatlook.sample"))) / "images" / "looks" / f"{name}.jpg"
    return FileResponse(file, media_type="image/jpeg", headers={"Cache-Control": "max-age=86400"})


@cache
def embed_script() -> str:
    """The shops' script with the categories' names in it."""
    text = (STATIC / "embed.js").read_text(encoding="utf-8")
    return text.replace(NO_NAMES, f"const NAMES = {_names()};", 1)


def _names() -> str:
    return json.dumps(shown_names())


def _made(
    request: Request, text: str, media_type: str, headers: Mapping[str, str] | None = None
) -> Response:
    """The text, or 304 where the caller has it already."""
    tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    told = {"ETag": tag, **(headers or {})}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=told)
    return Response(text, media_type=media_type, headers=told)


def install(app: FastAPI) -> None:
    """Adds the page and its files to the app."""
    app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
