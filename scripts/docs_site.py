"""The parts of the documentation site that are no page in docs/, as hooks of mkdocs (mkdocs.yml).

Pages of the repository's root (README.md is the first page) come in as they are, and the reference
of the commands and of HTTP is made from the code, so that neither is written twice. Links between
the root and docs/ are set right for the site, where all pages lie in one folder.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from thatlook.cli import thatlook
from thatlook.service.app import create_app
from thatlook.service.settings import ServiceSettings

ROOT: Final = Path(__file__).resolve().parents[1]
ROOT_PAGES: Final = {
    "README.md": "index.md",
    "MODELS.md": "MODELS.md",
    "ARCHITECTURE.md": "ARCHITECTURE.md",
    "CONTRIBUTING.md": "CONTRIBUTING.md",
    "CHANGELOG.md": "CHANGELOG.md",
    "SECURITY.md": "SECURITY.md",
    "labels/README.md": "labels.md",
    "examples/embed/README.md": "embed.md",
}
"""Pages outside docs/, and where they lie on the site."""
METHODS: Final = ("get", "post", "put", "delete")
WIDTH: Final = 96
"""Columns of the commands' help."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds the pages that do not lie in docs/."""
    made = {name: (ROOT / source).read_text("utf-8") for source, name in ROOT_PAGES.items()}
    made["reference/commands.md"] = "\n".join(commands_page())
    made["reference/http.md"] = "\n".join(http_page())
    for name, text in made.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG001 - mkdocs gives these by name
    """The page with links as they are on the site."""
    up = "../" * page.file.src_uri.count("/")
    return re.sub(r"\]\(([^)\s:#]+)", lambda found: f"]({_on_site(found[1], up)}", markdown)


def _on_site(link: str, up: str) -> str:
    """A link of a page that lies so far below docs/ (`up`), or of one of ROOT_PAGES."""
    to_root = f"../{up}"
    if link.startswith(to_root):
        plain = link.removeprefix(to_root)
        return up + ROOT_PAGES.get(plain, plain)
    return link if up else ROOT_PAGES.get(link, link.removeprefix("docs/"))


def commands_page() -> Iterator[str]:
    """The help of every command, as the terminal shows it."""
    yield "# Commands\n"
    yield "As `thatlook COMMAND --help` shows them; [the command line](../commands.md) says more.\n"
    for name, command in _commands(thatlook, "thatlook"):
        context = click.Context(command, info_name=name, max_content_width=WIDTH)
        context.terminal_width = WIDTH
        context.help_option_names = list(command.context_settings["help_option_names"])
        yield f"## {name}\n\n```text\n{command.get_help(context)}\n```\n"


def _commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    for word, below in getattr(command, "commands", {}).items():
        yield from _commands(below, f"{name} {word}")


def http_page() -> Iterator[str]:
    """The routes of the service and the bodies they take and give, from its OpenAPI description."""

    def nothing_opened() -> Any:
        raise AssertionError("the description needs no engine")

    api = create_app(ServiceSettings(catalog="catalog"), nothing_opened).openapi()
    yield f"# HTTP\n\n{api['info'].get('description', '')}\n"
    yield "Made from `/openapi.json`; [the service](../service.md) says how it is used.\n"
    yield "## Routes\n"
    for path, methods in api["paths"].items():
        for method in METHODS:
            if method in methods:
                yield from _route(method, path, methods[method])
    yield "## Bodies\n"
    for name, schema in api["components"]["schemas"].items():
        yield f"### {name}\n\n{schema.get('description', '')}\n"
        rows = [_field(*one, schema.get("required", ())) for one in _properties(schema)]
        yield from _table(("field", "type", "means"), rows)


def _route(method: str, path: str, route: Mapping[str, Any]) -> Iterator[str]:
    yield f"### {method.upper()} {path}\n\n{route['summary']}. {route.get('description', '')}\n"
    asked = [
        (f"`{one['name']}`", one["in"], _kind(one["schema"]), one.get("description", ""))
        for one in route.get("parameters", ())
    ]
    yield from _table(("parameter", "in", "type", "means"), asked)
    body = [(f"`{kind}`", _of_body(one)) for kind, one in _content(route.get("requestBody", {}))]
    yield from _table(("body", "is"), body)
    answers = [
        (status, " ".join([answer["description"], *(_of_body(one) for _, one in _content(answer))]))
        for status, answer in sorted(route["responses"].items())
    ]
    yield from _table(("status", "answer"), answers)


def _content(of: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return list(of.get("content", {}).items())


def _of_body(one: Mapping[str, Any]) -> str:
    return _kind(one.get("schema", {}))


def _properties(schema: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    return list(schema.get("properties", {}).items())


def _field(name: str, schema: Mapping[str, Any], required: Any) -> tuple[str, str, str]:
    means = schema.get("description", "")
    default = schema.get("default")
    if name in required:
        means = f"{means} Required.".strip()
    elif default not in (None, "", []):
        means = f"{means} Default `{json.dumps(default)}`.".strip()
    return f"`{name}`", _kind(schema), means


def _kind(schema: Mapping[str, Any]) -> str:
    """A schema in a few words; a link where it is a body of its own."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if either := schema.get("anyOf"):
        return " or ".join(dict.fromkeys(_kind(one) for one in either))
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}))}"
    return str(schema.get("type", "any")) + _range(schema)


def _range(schema: Mapping[str, Any]) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is None and high is None:
        return ""
    return f" {'' if low is None else f'{low:g}'}..{'' if high is None else f'{high:g}'}"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> Iterator[str]:
    if rows:
        lines = [head, ("---",) * len(head), *rows]
        yield "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines) + "\n"


def _cell(text: str) -> str:
    return text.strip().replace("|", "\\|").replace("\n", " ")
