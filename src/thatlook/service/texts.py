"""The page's texts: one catalogue per language in `texts/`, and which of them a caller reads.

A text is a string with places such as `{n}`, or one per plural form ("one", "other"). English is
what the others are translated from: each catalogue has its keys.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, Final

from thatlook.core.shopper_words import LANGUAGES
from thatlook.core.taxonomy import shown_names

FOLDER: Final = Path(__file__).parent / "texts"
_PLACE: Final = re.compile(r"\{\{(\w+)\}\}")


@cache
def catalogue(language: str) -> Mapping[str, Any]:
    """The texts by key; `categories` are by category, English where a category has no text."""
    found: dict[str, Any] = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return found | {"categories": shown_names() | found["categories"]}


@cache
def filled(template: str, language: str) -> str:
    """HTML with every `{{key}}` replaced by its text, `{{language}}` by the language."""
    texts = {**catalogue(language), "language": language}
    return _PLACE.sub(lambda place: escape(texts[place[1]]), template)


def chosen(accept: str, fixed: str = "") -> str:
    """The language for an Accept-Language header; `fixed`, the shop's own choice, comes first."""
    if fixed:
        return fixed
    wanted = sorted(map(_weighed, accept.split(",")), key=lambda one: -one[1])
    known = (name for name, weight in wanted if name in LANGUAGES and weight > 0)
    return next(known, LANGUAGES[0])


def _weighed(part: str) -> tuple[str, float]:
    """`de-AT;q=0.8` as ("de", 0.8); what is no weight counts as none."""
    name, _, weight = part.partition(";")
    told = re.fullmatch(r"\s*q=([01](?:\.\d{0,3})?)\s*", weight)
    return name.strip().lower().partition("-")[0], float(told[1]) if told else float(not weight)
