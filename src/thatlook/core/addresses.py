"""Addresses of the web, told from files, and their passwords, which are never shown."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

_PASSWORD: Final = re.compile(r"^([\w+.-]+://[^:@/?#]*):(.*)@([^@]*)$", re.DOTALL)


def is_address(place: str) -> bool:
    """Whether a place is an address (http or https, in any case) and not a file."""
    return place.lower().startswith(("http://", "https://"))


def is_url(place: str) -> bool:
    """Whether a place is a URL of any kind, of the web or of an object store, and not a file."""
    return "://" in place


def without_password(url: str) -> tuple[str, str]:
    """A URL without its password, and the password ("" for none), its escapes resolved.

    Everything between the first ":" of the user's part and the last "@" is the password, so that
    not a letter of one with "/" or "@" in it stays in what is shown.
    """
    found = _PASSWORD.match(url)
    if found is None:
        return url, ""
    return f"{found[1]}@{found[3]}", unquote(found[2])
