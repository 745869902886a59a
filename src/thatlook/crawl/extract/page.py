"""Reads the fields of products from a page's HTML, by the rules of a shop file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urljoin

from thatlook.core.errors import MissingExtraError, SettingsError
from thatlook.crawl.extract.values import LISTS, Row, row_of
from thatlook.crawl.shop import Rule, Rules, Source


class Page:
    """One HTML page with its address. Raises MissingExtraError without the extra `crawl`."""

    def __init__(self, url: str, html: str) -> None:
        try:
            from lxml import html as lxml_html  # type: ignore[import-untyped]
        except ImportError as error:
            raise MissingExtraError("thatlook crawl", "crawl") from error
        self.url = url
        self._html = html
        parser = lxml_html.HTMLParser(encoding="utf-8")
        # An empty document has no root for lxml; a page without products is no error here.
        self.tree: Any = lxml_html.document_fromstring(
            (html.strip() or "<html></html>").encode(), parser
        )

    def rows(self, source: Source, currency: str) -> list[Row]:
        """The products of a listing, in its order. Raises SettingsError for a wrong selector."""
        if source.data:
            entries = self._data(source)
            return [self._row(source.fields, entry, currency) for entry in entries]
        items = selected(self.tree, source.item)
        return [self._row(source.fields, item, currency) for item in items]

    def row(self, rules: Rules, currency: str) -> Row:
        """The fields of a page that shows one product."""
        return self._row(rules, self.tree, currency)

    def _row(self, rules: Rules, item: Any, currency: str) -> Row:
        raw = {name: _found(rule, item, rule.many or name in LISTS) for name, rule in rules.items()}
        return row_of(raw, self.url, currency)

    def _data(self, source: Source) -> list[Any]:
        """The list of products in the JSON that a script of the page holds."""
        start = self._html.find(source.data_start)
        brace = re.compile(r"[\[{]").search(self._html, max(start, 0) + len(source.data_start))
        if start < 0 or brace is None:
            return []
        try:
            state, _ = json.JSONDecoder().raw_decode(self._html, brace.start())
        except ValueError:
            return []  # cut off or no JSON: no products found, which the layout watch reports
        found = list(_walk(state, source.data.split(".")))
        return found[0] if found and isinstance(found[0], list) else []

    def link(self, selector: str) -> str | None:
        """The address that the first link under `selector` leads to, or None."""
        for element in selected(self.tree, selector):
            href = element.get("href")
            if href and not href.startswith(("#", "javascript:")):
                return urljoin(self.url, str(href))
        return None


def selected(tree: Any, selector: str) -> list[Any]:
    """The elements under `tree` that the CSS selector matches; "" matches the tree itself.

    Raises SettingsError for a selector that is none, MissingExtraError without the extra.
    """
    if not selector:
        return [tree]
    try:
        from cssselect import HTMLTranslator, SelectorError
    except ImportError as error:
        raise MissingExtraError("thatlook crawl", "crawl") from error
    try:
        path = HTMLTranslator().css_to_xpath(selector)
    except SelectorError as error:
        raise SettingsError(f"{selector!r} is no CSS selector: {error}") from error
    found: list[Any] = tree.xpath(path)
    return found


def _found(rule: Rule, item: Any, many: bool) -> Sequence[str]:
    """The texts that a rule finds in an item, the first only unless `many`."""
    texts = _in_data(rule, item) if rule.data else _in_element(rule, item)
    kept = [text for text in (_matched(rule, text) for text in texts) if text.strip()]
    return kept if many else kept[:1]


def _matched(rule: Rule, text: str) -> str:
    if rule.pattern:
        found = re.search(rule.pattern, text)
        text = (found.group(1) or "") if found else ""
    return rule.prefix + text if text.strip() else ""


def _in_element(rule: Rule, item: Any) -> Iterable[str]:
    for selector in rule.css:
        for element in selected(item, selector):
            values = (element.get(name) for name in rule.attribute)
            text = (
                next((value for value in values if value), "") if rule.attribute else _text(element)
            )
            if text.strip():
                yield text


def _text(element: Any) -> str:
    return " ".join(" ".join(element.itertext()).split())


def _in_data(rule: Rule, item: Any) -> Iterable[str]:
    for value in _walk(item, rule.data.split(".")):
        if isinstance(value, bool) or value is None or isinstance(value, (dict, list)):
            continue
        yield str(value)


def _walk(value: Any, steps: Sequence[str]) -> Iterable[Any]:
    """What is at the end of a path through JSON: names, numbers of entries, `*` for all."""
    if not steps:
        yield value
        return
    step, rest = steps[0], steps[1:]
    if step == "*" and isinstance(value, list):
        for entry in value:
            yield from _walk(entry, rest)
    elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
        yield from _walk(value[int(step)], rest)
    elif isinstance(value, Mapping) and step in value:
        yield from _walk(value[step], rest)
