"""``tocsin dead``: what could not be processed, and trying it again."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.table import Table

from bus.dead import DeadEntry, RetryRefused
from cli.context import wire
from cli.output import complain, console, day_or_time, emit, iso, printable, table
from desk.access import admit

JSON = typer.Option("--json", help="One JSON object a line.")
NAME = typer.Argument(help="Partition and offset, as `tocsin dead list` shows them: 0:17.")
EXCERPT = 60

app = typer.Typer(help="Records that no stage could process.", no_args_is_help=True)


@app.command("list")
def list_letters(
    *,
    limit: Annotated[int, typer.Option(min=1, help="Most letters to show.")] = 50,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """The last dead letters, newest first.

    Example:

      tocsin dead list --limit 10
    """
    with wire() as wiring:
        admit(wiring.caller, "list dead letters")
        entries = wiring.dead_letters.newest(limit)
        now = wiring.clock.now()
    if as_json:
        for entry in entries:
            emit(_as_object(entry))
    elif entries:
        console().print(_table(entries, now))
    else:
        console().print("No dead letters.")


@app.command()
def show(
    name: Annotated[str, NAME],
    *,
    raw: Annotated[bool, typer.Option("--raw", help="The original bytes, nothing else.")] = False,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """One dead letter with its cause.

    Examples:

      tocsin dead show 0:17

      tocsin dead show 0:17 --raw > broken.json
    """
    with wire() as wiring:
        admit(wiring.caller, "look at a dead letter")
        entry = wiring.dead_letters.get(*_parse(name))
    if raw:
        sys.stdout.buffer.write(entry.letter.original)
    elif as_json:
        emit(_as_object(entry))
    else:
        rows = [(key, printable(str(value))) for key, value in _as_object(entry).items()]
        console().print(table(("", ""), rows))


@app.command()
def retry(
    names: Annotated[list[str] | None, NAME] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="All that were not retried yet.")] = False,
    again: Annotated[bool, typer.Option("--again", help="Also those already retried.")] = False,
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Send dead letters through once more, after their cause was mended.

    Examples:

      tocsin dead retry 0:17 1:4

      tocsin dead retry --all
    """
    if not every and not names:
        raise typer.BadParameter("name at least one letter, or say --all")
    retried, refused = 0, 0
    with wire() as wiring:
        admit(wiring.caller, "retry dead letters")
        letters = wiring.dead_letters
        chosen = list(letters.all()) if every else [letters.get(*_parse(n)) for n in names or ()]
        for entry in chosen:
            if every and (entry.letter.topic is None or (entry.retried and not again)):
                continue
            try:
                letters.retry(entry, again=again)
                retried += 1
            except RetryRefused as error:
                complain(str(error))
                refused += 1
    if as_json:
        emit({"retried": retried, "refused": refused})
    else:
        console().print(f"{retried:,} retried, {refused:,} refused")
    if refused:
        raise typer.Exit(1)


def _parse(name: str) -> tuple[int, int]:
    partition, _, offset = name.partition(":")
    if not (partition.isdecimal() and offset.isdecimal()):
        raise typer.BadParameter(f"{name!r} is not PARTITION:OFFSET, such as 0:17")
    return int(partition), int(offset)


def _as_object(entry: DeadEntry) -> dict[str, object]:
    letter = entry.letter
    return {
        "name": f"{entry.partition}:{entry.offset}",
        "stage": letter.stage,
        "error": letter.error,
        "cause": letter.cause,
        "origin": letter.origin or _origin(entry),
        "key": letter.key,
        "failed_at": iso(letter.failed_at),
        "retried": entry.retried,
        "bytes": len(letter.original),
        "excerpt": letter.original[:EXCERPT].decode("utf-8", "replace"),
    }


def _origin(entry: DeadEntry) -> str:
    letter = entry.letter
    return f"{letter.topic} {letter.partition}:{letter.offset}" if letter.topic else ""


def _table(entries: list[DeadEntry], now: int) -> Table:
    rows = [
        (
            f"{entry.partition}:{entry.offset}",
            day_or_time(entry.letter.failed_at, now),
            entry.letter.stage,
            printable(entry.letter.origin or _origin(entry)),
            printable(entry.letter.cause) + (" (retried)" if entry.retried else ""),
        )
        for entry in entries
    ]
    return table(("name", "failed", "stage", "from…", "cause"), rows)
