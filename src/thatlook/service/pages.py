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

from thatlook.core.taxonomy import drawing_colors, taken_for_another
from thatlook.service.problems import Problem
from thatlook.service.texts import catalogue, chosen, filled

router = APIRouter(include_in_schema=False)

STATIC: Final = Path(__file__).parent / "static"
NO_TEXTS: Final = "const TEXTS = {};"
"""What stands in the shops' script in place of its texts."""
OF_SCRIPT: Final = "embed_"
"""How the keys of the texts of the shops' script begin."""
VARY: Final = {"Vary": "Accept-Language"}

EXAMPLES: Final = ("look_001", "look_004", "look_007", "look_010")
"""Looks of the bundled sample that the page offers to try."""


@router.get("/")
async def page(request: Request) -> Response:
    """The page, in the caller's language."""
    template = (STATIC / "index.html").read_text(encoding="utf-8")
    return _made(request, filled(template, language_of(request)), "text/html", VARY)


@router.get("/embed.js")
async def embed(request: Request) -> Response:
    """The script that a shop puts on its product page."""
    headers = {"Cross-Origin-Resource-Policy": "cross-origin", "Cache-Control": "max-age=300"}
    text = embed_script(language_of(request))
    return _made(request, text, "text/javascript", headers | VARY)


@router.get("/static/catalogue.js")
async def page_texts(request: Request) -> Response:
    """The texts that the page's scripts say, in the caller's language."""
    language = language_of(request)
    text = (
        f"export const LANGUAGE = {json.dumps(language)};\n"
        f"export const TEXTS = {json.dumps(catalogue(language))};\n"
    )
    return _made(request, text, "text/javascript", VARY)


@router.get("/static/categories.js")
async def category_names(request: Request) -> Response:
    """What the page calls each category, in the taxonomy's order, and what it is taken for."""
    names = json.dumps(catalogue(language_of(request))["categories"])
    text = (
        f"export const NAMES = {names};\n"
        f"export const TAKEN_FOR = {json.dumps(taken_for_another())};\n"
    )
    return _made(request, text, "text/javascript", VARY)


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
def embed_script(language: str) -> str:
    """The shops' script with its texts and the categories' names in it."""
    texts = catalogue(language)
    own = {key: text for key, text in texts.items() if key.startswith(OF_SCRIPT)}
    own |= {"names": texts["categories"], "out_of_stock": texts["out_of_stock"]}
    own |= {"none": texts["none_near"], "no_close": texts["no_close"], "close": texts["close"]}
    script = (STATIC / "embed.js").read_text(encoding="utf-8")
    return script.replace(NO_TEXTS, f"const TEXTS = {json.dumps(own)};", 1)


def language_of(request: Request) -> str:
    """The shop's language, else the one that the caller's browser asks for first."""
    return chosen(request.headers.get("accept-language", ""), request.app.state.language)


def _made(
    request: Request, text: str, media_type: str, headers: Mapping[str, str] | None = None
) -> Response:
    """The text, or 304 where the caller has it already."""
    tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    told = {"ETag": tag, **(headers or {})}
    if tag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=told)
    return Response(text, media_type=media_type, headers=told)


def install(app: FastAPI, language: str = "") -> None:
    """Adds the page and its files to the app; `language` "" leaves it to the browser."""
    app.state.language = language
    app.include_router(router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
