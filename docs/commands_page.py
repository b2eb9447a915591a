"""Writes docs/commands.md from the command line's own help.

make docs
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from cli.main import app

PAGE = Path(__file__).resolve().parent / "commands.md"
HEAD = """# Commands

Every command explains itself with `--help`. Listings have `--json`: one object a line. Exit
status: 0 done, 1 failed, 2 wrong usage.

This page is written by `make docs` from the commands themselves.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(_section(name, command) for name, command in commands())])


def commands() -> Iterator[tuple[str, TyperCommand]]:
    """Every command with its full name, as ``tocsin rules check``."""
    yield from _walk("tocsin", typer.main.get_command(app))


def _walk(name: str, command: object) -> Iterator[tuple[str, TyperCommand]]:
    if isinstance(command, TyperGroup):
        for part, child in command.commands.items():
            yield from _walk(f"{name} {part}", child)
    elif isinstance(command, TyperCommand):
        yield name, command


def _section(name: str, command: TyperCommand) -> str:
    text, _, examples = (command.help or "").partition("Example")
    lines = [f"## {name}", "", *_paragraphs(text)]
    lines += ["| | |", "|---|---|"]
    lines += [f"| `{label}` | {help_} |" for label, help_ in _parameters(command)]
    calls = [line.strip() for line in examples.splitlines()[1:] if line.strip()]
    if calls:
        lines += ["", "```", *calls, "```"]
    return "\n".join([*lines, ""])


def _paragraphs(text: str) -> Iterator[str]:
    for paragraph in text.replace("\f", "").strip().split("\n\n"):
        yield " ".join(line.strip() for line in paragraph.splitlines())
        yield ""


def _parameters(command: TyperCommand) -> Iterator[tuple[str, str]]:
    for parameter in command.params:
        words = getattr(parameter, "help", None) or ""
        if isinstance(parameter, TyperOption):
            if not parameter.hidden:
                yield ", ".join(parameter.opts), words
        elif parameter.name:
            yield parameter.name.upper(), words


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
