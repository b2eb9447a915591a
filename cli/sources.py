"""``tocsin sources`` and ``tocsin coverage``: who is listened to, and what was missed."""

from __future__ import annotations

import contextlib
from typing import Annotated

import msgspec
import typer
from rich.text import Text

from cli.board import COVERAGE_STYLES
from cli.context import wire
from cli.output import complain, console, day_or_time, emit, iso, printable, table
from cli.times import parse_moment
from desk.access import admit
from ingest.port import Source, SourceError
from model.clock import DAY
from model.coverage import CoverageInterval
from model.errors import ConfigurationError

JSON = typer.Option("--json", help="One JSON object a line.")

app = typer.Typer(help="The sources of config/sources.yaml.", no_args_is_help=True)


@app.command("list")
def list_sources(*, as_json: Annotated[bool, JSON] = False) -> None:
    """The sources that may run, and why others may not.

    Example:

      tocsin sources list
    """
    with wire() as wiring:
        found = wiring.sources()
    if as_json:
        for entry in found.entries:
            emit(entry)
        for problem in found.problems:
            emit(problem)
        return
    rows = [
        (entry.source, entry.authority, entry.owner, str(entry.expires), printable(entry.url))
        for entry in found.entries
    ]
    if rows:
        console().print(table(("source", "authority", "owner", "expires", "address"), rows))
    else:
        console().print("No source may run: see config/sources.yaml.")
    for problem in found.problems:
        complain(str(problem))


@app.command()
def check(*, as_json: Annotated[bool, JSON] = False) -> None:
    """Ask every authorised source once, without keeping what it answers.

    Ends with status 1 if one of them does not answer as it should.

    Example:

      tocsin sources check
    """
    from cli.collecting import means
    from ingest.download import Downloader
    from ingest.sources import build_source

    failed = False
    with wire() as wiring, contextlib.closing(Downloader()) as downloader:
        found = wiring.sources()
        for problem in found.problems:
            failed = True
            emit(problem) if as_json else complain(str(problem))
        for entry in found.entries:
            try:
                source = build_source(entry, means(wiring, downloader))
                words = _asked(source, wiring.clock.now())
            except (SourceError, ConfigurationError) as error:
                failed, words = True, str(error)
            if as_json:
                emit({"source": entry.source, "answer": words})
            else:
                console().print(f"{entry.source}  {printable(words)}", markup=False)
    if failed:
        raise typer.Exit(1)


def _asked(source: Source, now: int) -> str:
    """Raises SourceError and ConfigurationError."""
    with contextlib.closing(source):
        source.open({})
        batch = source.fetch(now, max_items=100)
    return f"answers: {len(batch.posts)} posts, {len(batch.bad)} bad items"


def coverage(
    *,
    since: Annotated[str, typer.Option(help="From this time on: 2h (ago), 2026-11-20.")] = "1d",
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """What each source saw, and when it was blind.

    Examples:

      tocsin coverage

      tocsin coverage --since 7d --json
    """
    with wire() as wiring:
        admit(wiring.caller, "look at coverage")
        now = wiring.clock.now()
        start = parse_moment(since, now)
        intervals = wiring.store.coverage.intervals(start, now)
    if as_json:
        for interval in intervals:
            times = {"since": iso(interval.since), "until": iso(interval.until)}
            emit({**msgspec.structs.asdict(interval), **times})
    elif intervals:
        console().print(_strips(intervals, start, now))
        columns = ("source…", "state", "from", "to", "posts#", "reason")
        console().print(table(columns, (_row(interval, now) for interval in intervals)))
    else:
        console().print("No source has run in this time.")


def _row(interval: CoverageInterval, now: int) -> tuple[str | Text, ...]:
    return (
        interval.source,
        Text(f" {interval.state} ", style=COVERAGE_STYLES[interval.state]),
        day_or_time(interval.since, now),
        day_or_time(interval.until, now) if interval.until else "now",
        f"{interval.posts:,}",
        printable(interval.reason),
    )


STRIP = 48
_MARKS = {"live": "█", "backfilled": "▓", "degraded": "▒", "blind": "·", "not_authorised": "!"}


def _strips(intervals: list[CoverageInterval], since: int, until: int) -> Text:
    """One strip a source; the worst state within a step is what it shows."""
    text = Text()
    step = max(1, (until - since) // STRIP)
    for source in dict.fromkeys(interval.source for interval in intervals):
        mine = [interval for interval in intervals if interval.source == source]
        text.append(f"{source[:28]:29}")
        for number in range(STRIP):
            start = since + number * step
            states = [i.state for i in mine if _overlaps(i, start, start + step, until)]
            worst = max(states, key=list(_MARKS).index, default=None)
            style = COVERAGE_STYLES[worst] if worst else "dim"
            text.append(_MARKS[worst] if worst else " ", style=style)
        text.append("\n")
    legend = " ".join(f"{mark}{state}" for state, mark in _MARKS.items())
    days = (until - since) / DAY
    return text.append(f"{f'last {days:g} days':29}{legend}", style="dim")


def _overlaps(interval: CoverageInterval, start: int, end: int, now: int) -> bool:
    return interval.since < end and (interval.until or now) > start
