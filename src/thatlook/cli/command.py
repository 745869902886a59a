"""What a command is: its arguments and what it does; and a parser that says what was meant."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields
from difflib import get_close_matches
from typing import Any, NoReturn, TypeVar

Options = TypeVar("Options")


@dataclass(frozen=True, slots=True)
class Command:
    """`add_arguments` fills a parser; `run` does the work and returns the exit status."""

    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors name the nearest command or option."""

    def error(self, message: str) -> NoReturn:
        """Exits with status 2; says what was meant where something is near."""
        super().error(message + self._suggestion(message))

    def _suggestion(self, message: str) -> str:
        if wrong := re.search(r"unrecognized arguments: (-\S+)", message):
            return _meant(wrong[1].split("=")[0], list(self._all_options()))
        if wrong := re.search(r"invalid choice: '([^']*)' \(choose from (.*)\)", message):
            return _meant(wrong[1], re.findall(r"[\w-]+", wrong[2]))
        return ""

    def _all_options(self) -> set[str]:
        """The options of this parser and of the commands below it."""
        found = set()
        for action in self._actions:
            if action.help != argparse.SUPPRESS:
                found |= set(action.option_strings)
            if isinstance(action, argparse._SubParsersAction):
                for parser in action.choices.values():
                    found |= parser._all_options()
        return found


def _meant(word: str, known: list[str]) -> str:
    near = get_close_matches(word, known, n=1)
    return f"; did you mean {near[0]}?" if near else ""


def options_of(kind: type[Options], args: argparse.Namespace) -> Options:
    """The dataclass `kind` filled from the parsed arguments of the same names."""
    known: Any = kind
    return kind(**{entry.name: getattr(args, entry.name) for entry in fields(known)})


class Renamed(argparse.Action):
    """An option's old name: still works, is not in the help, and says the new one."""

    def __init__(self, option_strings: list[str], dest: str, *, new: str, **kwargs: Any) -> None:
        super().__init__(
            option_strings, dest, default=argparse.SUPPRESS, help=argparse.SUPPRESS, **kwargs
        )
        self._new = new

    def __call__(
        self,
        _parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Keeps the value under the new name."""
        print(f"thatlook: {option_string} is now called {self._new}", file=sys.stderr)
        setattr(namespace, self.dest, values)
