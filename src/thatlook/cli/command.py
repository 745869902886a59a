"""What our commands add to click's: hints, options' old names, extras that are missing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from importlib.util import find_spec
from typing import Any, Final, TypeVar

import click

from thatlook.core.errors import MissingExtraError

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
CONTEXT: Final = {"help_option_names": ["-h", "--help"]}


class Command(click.Command):
    """A command whose function returns the exit status.

    `extra` is the optional dependency that its imports belong to; without one of the packages in
    `needs` only its help is shown. `renamed` maps options' old names to the new ones: they still
    work, are not in the help, and say the new name.
    """

    def __init__(
        self,
        *given: Any,
        extra: str = "",
        needs: Sequence[str] = (),
        renamed: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(*given, **more)
        self.context_settings = CONTEXT
        self.extra = extra
        self.needs = needs
        self.renamed = renamed or {}

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The arguments, old names replaced. Raises MissingExtraError, which comes before any
        mistake in them.
        """
        if not ctx.resilient_parsing:  # this is no completion in the shell
            asks_help = not set(ctx.help_option_names).isdisjoint(args)
            if not asks_help and any(find_spec(name) is None for name in self.needs):
                raise MissingExtraError(ctx.command_path, self.extra)
            args = [self._current(word) for word in args]
        return super().parse_args(ctx, args)

    def _current(self, word: str) -> str:
        name, equals, value = word.partition("=")
        if name not in self.renamed:
            return word
        print(f"thatlook: {name} is now called {self.renamed[name]}", file=sys.stderr)
        return self.renamed[name] + equals + value

    def invoke(self, ctx: click.Context) -> Any:
        """Runs it. Raises MissingExtraError where a package of the extra is not there."""
        try:
            return super().invoke(ctx)
        except ModuleNotFoundError as error:
            if not self.extra or (error.name or "").startswith("thatlook"):
                raise
            raise MissingExtraError(f"{ctx.command_path} ({error.name})", self.extra) from error


class Group(click.Group):
    """Commands in the order in which they were added; a misspelt one is told what was meant."""

    command_class = Command
    group_class = type

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.context_settings = CONTEXT
        self.no_args_is_help = False  # without a command it is wrong usage

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """The arguments. Raises UsageError with all commands where there are none."""
        if not args and not ctx.resilient_parsing:
            ctx.fail(f"expected a command: {', '.join(self.commands)}")
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names, as the help shows them."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is named. Raises UsageError with the nearest one, or all there are."""
        if args[0] not in self.commands and not ctx.resilient_parsing:
            near = get_close_matches(args[0], self.commands, n=1)
            hint = f"did you mean {near[0]}?" if near else f"expected {', '.join(self.commands)}"
            ctx.fail(f"no command {args[0]!r}; {hint}")
        return super().resolve_command(ctx, args)


def together(*options: Callable[[Decorated], Decorated]) -> Callable[[Decorated], Decorated]:
    """Several options as one decorator, for commands that share them."""

    def add(function: Decorated) -> Decorated:
        for option in reversed(options):
            function = option(function)
        return function

    return add
