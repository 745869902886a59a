"""What our commands add to click's: stages, examples, options under headings, hints, old names,
extras that are missing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from thatlook.core.errors import MissingExtraError
from thatlook.core.nearest import choice_meant, did_you_mean

Decorated = TypeVar("Decorated", bound=Callable[..., Any])
CONTEXT: Final = {"help_option_names": ["-h", "--help"]}
HEADING: Final = "heading"
"""Under which an option stands in the help: an attribute that `together` gives it."""


class _Told(click.Command):
    """What the help of commands and of groups shows besides click's."""

    examples: Sequence[str] = ()
    stage: str = ""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """The examples, each on a line of its own however long."""
        if self.examples:
            with formatter.section("Example" if len(self.examples) == 1 else "Examples"):
                indent = " " * formatter.current_indent
                formatter.write("".join(f"{indent}{line}\n" for line in self.examples))


class Choice(click.Choice[str]):
    """One of some words; for a misspelt one, or a shop's word for one, first what was meant."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The word. Raises BadParameter."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter as error:
            near = choice_meant(str(value), self.choices)
            if not near:
                raise
            told = f"{near} {error.message}"
            raise click.BadParameter(told, ctx, param) from error


class Command(_Told):
    """A command whose function returns the exit status.

    `extra` is the optional dependency that its imports belong to; without one of the packages in
    `needs` only its help is shown. `renamed` maps options' old names to the new ones: they still
    work, are not in the help, and say the new name. `examples` are whole command lines for the
    help, `stage` the heading under which the group above lists the command.
    """

    def __init__(
        self,
        *given: Any,
        extra: str = "",
        needs: Sequence[str] = (),
        renamed: Mapping[str, str] | None = None,
        examples: Sequence[str] = (),
        stage: str = "",
        **more: Any,
    ) -> None:
        super().__init__(*given, **more)
        self.context_settings = CONTEXT
        self.extra = extra
        self.needs = needs
        self.renamed = renamed or {}
        self.examples = examples
        self.stage = stage
        for option in self.params:
            if type(option.type) is click.Choice:
                option.type = Choice(option.type.choices)
            if isinstance(option, click.Option):
                option.show_default = _has_default_to_show(option)

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

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options, under their headings, those without one first."""
        sections: dict[str, list[tuple[str, str]]] = {"Options": []}
        for option in self.get_params(ctx):
            record = option.get_help_record(ctx) if isinstance(option, click.Option) else None
            if record:
                sections.setdefault(vars(option).get(HEADING, "Options"), []).append(record)
        _write_sections(formatter, sections)

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


def _has_default_to_show(option: click.Option) -> bool:
    """Not where the help says it in words, nor where nothing is what stands for no option."""
    told = "default" in (option.help or "")
    return not told and isinstance(option.default, (str, int, float, Path)) and option.default != ""


def _write_sections(
    formatter: click.HelpFormatter, sections: Mapping[str, Sequence[tuple[str, str]]]
) -> None:
    for title, rows in sections.items():
        if rows:
            with formatter.section(title):
                formatter.write_dl(rows)


class Group(_Told, click.Group):
    """Commands in the order in which they were added, under the headings of their stages; a
    misspelt one is told what was meant.
    """

    command_class = Command
    group_class = type

    def __init__(self, *given: Any, examples: Sequence[str] = (), **more: Any) -> None:
        super().__init__(*given, **more)
        self.context_settings = CONTEXT
        self.examples = examples

    def add_stage(self, stage: str, commands: Iterable[Command | Group]) -> None:
        """Adds commands under a heading."""
        for command in commands:
            command.stage = stage
            self.add_command(command)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What each command does, by stage."""
        stages: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            command = self.commands[name]
            row = name, command.get_short_help_str(limit=1000)  # whole: it is wrapped
            stages.setdefault(getattr(command, "stage", "") or "Commands", []).append(row)
        _write_sections(formatter, stages)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names, as the help shows them."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is named. Raises UsageError with the nearest one, or all there are."""
        if args[0] not in self.commands and not ctx.resilient_parsing:
            near = did_you_mean(args[0], self.commands, count=1)
            hint = near or f"expected {', '.join(self.commands)}"
            ctx.fail(f"no command {args[0]!r}; {hint}")
        return super().resolve_command(ctx, args)


def together(
    *options: Callable[[Decorated], Decorated], heading: str = ""
) -> Callable[[Decorated], Decorated]:
    """Several options as one decorator, for commands that share them or under one `heading`."""

    def add(function: Decorated) -> Decorated:
        before = len(_options_of(function))
        for option in reversed(options):
            function = option(function)
        for added in _options_of(function)[before:] if heading else ():
            vars(added).setdefault(HEADING, heading)
        return function

    return add


def _options_of(function: Callable[..., Any]) -> list[click.Parameter]:
    """Those that click's decorators have noted at a function so far."""
    return getattr(function, "__click_params__", [])
