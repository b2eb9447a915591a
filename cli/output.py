"""How the command line speaks: JSON lines for scripts, tables for people, plain errors."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from model.clock import HOUR, to_datetime

SEVERITY_STYLES = {
    "high": "bold white on red",
    "elevated": "bold black on yellow",
    "low": "bold cyan",
    "info": "dim",
}
HIGHLIGHT = "bold black on bright_yellow"


def console() -> Console:
    """Where people read."""
    return Console(highlight=False)


def complaints() -> Console:
    """Where errors and progress go, so that piped output stays clean."""
    return Console(stderr=True, highlight=False)


def emit(value: object) -> None:
    """One JSON object on one line."""
    sys.stdout.buffer.write(msgspec.json.encode(value) + b"\n")


def complain(message: str) -> None:
    """An error, in words a person can act on."""
    complaints().print(f"[bold red]tocsin:[/] {escape(message)}", soft_wrap=True)


def table(columns: Sequence[str], rows: Iterable[Iterable[str | Text]]) -> Table:
    """A plain table. A column whose name ends in ``#`` is right-aligned; one that ends in
    ``…`` is cut where the terminal is too narrow; the last one wraps; others stay whole."""
    result = Table(box=None, pad_edge=False)
    for column in columns:
        yields = column.endswith("…") or column == columns[-1]
        side: Literal["right", "left"] = "right" if column.endswith("#") else "left"
        result.add_column(column.rstrip("#…"), justify=side, no_wrap=not yields)
    for row in rows:
        result.add_row(*map(_cell, columns, row))
    return result


def _cell(column: str, content: str | Text) -> Text:
    cell = content if isinstance(content, Text) else Text(content)
    if column.endswith("…"):
        # Said of the text and not of the column, so that this column is the first to give way.
        cell.no_wrap, cell.overflow = True, "ellipsis"
    return cell


def moment(microseconds: int | None, *, seconds: bool = False) -> str:
    """A time in this machine's zone, for people; "-" where there is none."""
    if microseconds is None:
        return "-"
    local = _local(microseconds)
    return local.strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def clock_time(microseconds: int) -> str:
    """Hours and minutes in this machine's zone."""
    return _local(microseconds).strftime("%H:%M")


def day_or_time(microseconds: int, now: int) -> str:
    """The time of day for the last twelve hours, else the day: short, for listings."""
    local = _local(microseconds)
    recent = 0 <= now - microseconds < 12 * HOUR
    return local.strftime("%H:%M" if recent else "%d %b %Y")


def iso(microseconds: int | None) -> str | None:
    """A time in UTC for scripts."""
    return None if microseconds is None else to_datetime(microseconds).isoformat()


def marked(text: str, spans: Iterable[tuple[int, int]]) -> Text:
    """Post text with the asked-for spans highlighted. Control characters are made visible
    and never reach the terminal: the text is hostile."""
    result = Text()
    at = 0
    for start, end in spans:
        result.append(printable(text[at:start]))
        result.append(printable(text[start:end]), style=HIGHLIGHT)
        at = end
    return result.append(printable(text[at:]))


def printable(text: str) -> str:
    """The text with line breaks folded, and what could steer a terminal replaced."""
    return "".join(c if c.isprintable() else " " if c in "\n\r\t" else "\ufffd" for c in text)


def severity(name: str) -> Text:
    """A severity in its colour, and in words."""
    return Text(f" {name} ", style=SEVERITY_STYLES.get(name, ""))


def seconds(count: float | None) -> str:
    """A length of time in three digits or so: 12 ms, 3.4 s, 7 min."""
    if count is None:
        return "-"
    if count < 1:
        return f"{count * 1_000:.0f} ms"
    if count < 60:
        return f"{count:.1f} s"
    return f"{count / 60:.0f} min" if count < 7_200 else f"{count / 3_600:.0f} h"


def _local(microseconds: int) -> datetime:
    return to_datetime(microseconds).astimezone()
