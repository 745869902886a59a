"""Which methods an address takes, by the OpenAPI description: all of its routes count."""

from __future__ import annotations

import re
from typing import Any


def methods(description: dict[str, Any], path: str) -> list[str]:
    """The methods in capitals, sorted; none for an address that is not described.

    Of several patterns that fit, the longest counts: `/v1/products/1/similar` takes what
    `/v1/products/{id}/similar` takes. HEAD goes where GET does.
    """
    fitting = [pattern for pattern in description["paths"] if _fits(pattern, path)]
    if not fitting:
        return []
    found = {method.upper() for method in description["paths"][max(fitting, key=len)]}
    return sorted(found | {"HEAD"} if "GET" in found else found)


def _fits(pattern: str, path: str) -> bool:
    parts = re.split(r"\{[^}]+\}", pattern)
    return re.fullmatch(".+".join(map(re.escape, parts)), path) is not None
