"""What belongs to the request at hand: its id and who asks."""

from __future__ import annotations

import re
import uuid
from contextvars import ContextVar
from typing import Final

_ID: ContextVar[str] = ContextVar("request_id", default="")
_ACCEPTED: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")


def begin(given: str) -> str:
    """Gives the request its id: the caller's where it is a plain word, else a new one."""
    found = given if _ACCEPTED.fullmatch(given) else uuid.uuid4().hex
    _ID.set(found)
    return found


def request_id() -> str:
    """The id of the request at hand, or "" outside one."""
    return _ID.get()
