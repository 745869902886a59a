"""Addresses of the web, told from files."""

from __future__ import annotations


def is_address(place: str) -> bool:
    """Whether a place is an address (http or https, in any case) and not a file."""
    return place.lower().startswith(("http://", "https://"))


def is_url(place: str) -> bool:
    """Whether a place is a URL of any kind, of the web or of an object store, and not a file."""
    return "://" in place
