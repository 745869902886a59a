"""Reads a multipart form from a stream, within limits; a long file waits on the disk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from tempfile import SpooledTemporaryFile
from typing import Final

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from thatlook.service.problems import Problem

MAX_FIELDS: Final = 2000
MAX_FIELD_BYTES: Final = 65_536
MAX_HEADER_BYTES: Final = 16_384
MAX_BOUNDARY: Final = 200
IN_MEMORY_BYTES: Final = 1_000_000
"""A longer file goes to the disk, without a name, until its request is answered."""


class Form:
    """The parts of a form: texts by name, and at most one file.

    The length of the whole is limited where its bytes come from.
    """

    def __init__(self, file_field: str) -> None:
        self.fields: dict[str, list[str]] = {}
        self.file: SpooledTemporaryFile[bytes] | None = None
        self.file_name = ""
        self.complete = False
        self._file_field = file_field
        self._count = 0
        self._begin()

    async def read(self, content_type: str, stream: AsyncIterator[bytes]) -> None:
        """Reads the stream to its end. Raises Problem 400, 413 or 422; then no file is kept."""
        try:
            await self._read(content_type, stream)
        except BaseException:
            if self.file is not None:
                self.file.close()
            raise

    async def _read(self, content_type: str, stream: AsyncIterator[bytes]) -> None:
        _, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if not 0 < len(boundary) <= MAX_BOUNDARY:
            raise _broken("Content-Type needs a boundary")
        callbacks = {
            "on_part_begin": self._begin,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_header_field": self._header_name,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_end,
            "on_end": self._finish,
        }
        try:
            parser = MultipartParser(boundary, callbacks)  # type: ignore[arg-type]
            async for chunk in stream:
                parser.write(chunk)
        except FormParserError as error:
            raise _broken("its parts cannot be told apart") from error
        if not self.complete:
            raise _broken("it ends before its closing boundary")

    def _begin(self) -> None:
        self._header = [bytearray(), bytearray()]
        self._header_bytes = 0
        self._disposition = b""
        self._name = ""
        self._is_file = False
        self._content = bytearray()

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._add_header(0, data[start:end])

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._add_header(1, data[start:end])

    def _add_header(self, index: int, piece: bytes) -> None:
        self._header_bytes += len(piece)
        if self._header_bytes > MAX_HEADER_BYTES:
            raise _broken("a part's headers are too long")
        self._header[index] += piece

    def _header_end(self) -> None:
        name, value = self._header
        if bytes(name).lower() == b"content-disposition":
            self._disposition = bytes(value)
        self._header = [bytearray(), bytearray()]

    def _headers_end(self) -> None:
        _, options = parse_options_header(self._disposition)
        if b"name" not in options:
            raise _broken("a part has no name")
        self._name = _text(options[b"name"])
        self._is_file = b"filename" in options
        self._count += 1
        if self._count > MAX_FIELDS:
            raise _broken(f"it has more than {MAX_FIELDS} parts")
        if self._is_file:
            self._check_file()
            self.file = SpooledTemporaryFile(IN_MEMORY_BYTES)  # noqa: SIM115 - closed with the body
            self.file_name = _text(options[b"filename"])
        elif self._name == self._file_field:
            words = f"{self._file_field!r} must be a file: its Content-Disposition needs a filename"
            raise Problem(422, "invalid", words)

    def _check_file(self) -> None:
        if self._name != self._file_field:
            raise Problem(422, "invalid", f"the file must be named {self._file_field!r}")
        if self.file is not None:
            raise Problem(422, "invalid", "expected one file, got more")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file and self.file is not None:
            self.file.write(data[start:end])
            return
        self._content += data[start:end]
        if len(self._content) > MAX_FIELD_BYTES:
            words = f"a field of more than {MAX_FIELD_BYTES} bytes; at most that is accepted"
            raise Problem(413, "too_many_bytes", words)

    def _end(self) -> None:
        if not self._is_file:
            self.fields.setdefault(self._name, []).append(_text(bytes(self._content)))
        self._content = bytearray()

    def _finish(self) -> None:
        self.complete = True


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise _broken("a name or a field is not UTF-8") from None


def _broken(why: str) -> Problem:
    return Problem(400, "bad_multipart", f"not a multipart form: {why}")
