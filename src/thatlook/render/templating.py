"""Jinja2 templates, autoescaped: what makes HTML of words."""

from __future__ import annotations

from functools import cache
from typing import Any

import jinja2
from markupsafe import Markup


@cache
def environment() -> jinja2.Environment:
    """The package's templates, by their path in it; an undefined name is an error."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("thatlook", ""),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, **values: Any) -> Markup:
    """A template filled with values; texts are escaped, Markup is not."""
    return Markup(environment().get_template(template).render(values))  # noqa: S704


def part(name: str, *values: Any, template: str = "render/templates/parts.html.jinja") -> Markup:
    """A macro of a template filled with values."""
    macro = getattr(environment().get_template(template).module, name)
    return Markup(macro(*values))  # noqa: S704
