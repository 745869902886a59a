"""Reads a request's body: a multipart form with one file, or a JSON object."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import Any, Final, Self

from fastapi import Request
from starlette.requests import ClientDisconnect

from thatlook.service.forms import Form
from thatlook.service.problems import Problem

MAX_JSON_BYTES: Final = 262_144
MAX_NAME: Final = 120
_UNSEEN: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """What came: the fields, and the file with its name where there was one; to be closed.

    Of a form each field is a list of texts, of JSON what the object holds.
    """

    fields: Mapping[str, Any]
    file: SpooledTemporaryFile[bytes] | None = None
    file_name: str = ""
    form: bool = False

    def content(self) -> bytes:
        """The bytes of the file: in memory from now on. Only where there is a file."""
        if self.file is None:
            raise ValueError("this body has no file")
        self.file.seek(0)
        return self.file.read()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.file is not None:
            self.file.close()


async def read(request: Request, file_field: str) -> Body:
    """The body of a request; its file is the part named `file_field`.

    Raises Problem 400 for a broken body, 413 for a long one, 415 for another type, 422 for
    parts that do not belong.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == "multipart/form-data":
            return await _form(request, file_field)
        if kind == "application/json":
            return Body(await _json(request))
    except ClientDisconnect:
        raise Problem(400, "disconnected", "the body broke off") from None
    raise Problem(
        415,
        "unsupported_media_type",
        f"expected multipart/form-data with a file {file_field!r}, or application/json",
    )


async def read_json(request: Request, most: int = MAX_JSON_BYTES) -> Body:
    """The JSON object of a request, of at most so many bytes.

    Raises Problem 400 for a broken body, 413 for a long one, 415 for another type, 422 for no
    object.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Problem(415, "unsupported_media_type", "expected application/json")
    try:
        return Body(await _json(request, most))
    except ClientDisconnect:
        raise Problem(400, "disconnected", "the body broke off") from None


async def _form(request: Request, file_field: str) -> Body:
    form = Form(file_field)
    await form.read(request.headers["content-type"], request.stream())
    return Body(form.fields, form.file, shown_name(form.file_name), form=True)


async def _json(request: Request, most: int = MAX_JSON_BYTES) -> dict[str, Any]:
    data = bytearray()
    async for chunk in request.stream():
        data += chunk
        if len(data) > most:
            words = f"JSON of more than {most} bytes; at most that is accepted"
            raise Problem(413, "too_many_bytes", words)
    try:
        value = json.loads(bytes(data), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Problem(400, "bad_json", "the body is not valid JSON") from error
    if not isinstance(value, dict):
        raise Problem(422, "invalid", "expected a JSON object")
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def shown_name(name: str) -> str:
    """A file's name fit to be shown: its last part, no control or direction characters."""
    last = re.split(r"[/\\]", name)[-1]
    return _UNSEEN.sub("", last)[:MAX_NAME] or "photo"
