"""Addresses of the web, told from files."""

from __future__ import annotations


def is_address(place: str) -> bool:
    """Whether a place is an address (http or https, in any case) and not a file."""
    return place.lower().startswith(("http://", "https://"))
