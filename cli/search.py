"""``tocsin search`` and ``tocsin count``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
import typer
from rich.console import RenderableType
from rich.padding import Padding
from rich.text import Text

from cli.context import wire
from cli.output import console, emit, iso, marked, moment, printable, table
from cli.times import parse_moment, parse_near
from model.clock import HOUR, Clock
from model.coverage import CoverageInterval

if TYPE_CHECKING:
    from desk.search import Answer, Finding, Question

QUERY = typer.Argument(help="What to look for, e.g. 'flood* AND has:place'.", show_default=False)
SINCE = typer.Option(help="From this time on: 2h (ago), 2026-11-20, 2026-11-20T18:30.")
UNTIL = typer.Option(help="Up to this time, exclusive.")
NEAR = typer.Option(help="Around a point: 51.236,-0.570~5km.")
AREA = typer.Option(help="Within a named area.")
JSON = typer.Option("--json", help="One JSON object a line.")
PURPOSE = typer.Option(help="What the search is for; kept beside it.")
BAR = 40


By = Literal[
    "hour", "place", "area", "tension", "platform", "lang", "community", "source", "hashtag"
]
"""What counts can be split by."""


def search(
    query: Annotated[str, QUERY],
    *,
    since: Annotated[str | None, SINCE] = None,
    until: Annotated[str | None, UNTIL] = None,
    near: Annotated[str | None, NEAR] = None,
    area: Annotated[str | None, AREA] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Most posts to show.")] = 20,
    cursor: Annotated[str | None, typer.Option(help="Go on after an earlier page.")] = None,
    purpose: Annotated[str, PURPOSE] = "",
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Search the indexed posts, newest first, with what the sources saw.

    Examples:

      tocsin search 'fire AND place:guildford' --since 2h

      tocsin search 'tension.weapons:>0.6 AND NOT is:repost' --near 51.236,-0.570~5km

      tocsin search '"meet at"~2' --json | head
    """
    with wire(purpose) as wiring:
        question = _question(
            query,
            wiring.clock,
            since=since,
            until=until,
            near=near,
            area=area,
            limit=limit,
            cursor=cursor,
        )
        answer = wiring.search_desk.search(wiring.caller, question)
    if as_json:
        for finding in answer.findings:
            emit(_as_object(finding))
    else:
        out = console()
        for line in answer_lines(answer):
            out.print(line, soft_wrap=isinstance(line, Text))


def count(
    query: Annotated[str, QUERY],
    *,
    by: Annotated[By | None, typer.Option(help="Split the count.")] = None,
    since: Annotated[str | None, SINCE] = None,
    until: Annotated[str | None, UNTIL] = None,
    near: Annotated[str | None, NEAR] = None,
    area: Annotated[str | None, AREA] = None,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="Most rows to show.")] = 20,
    purpose: Annotated[str, PURPOSE] = "",
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Count posts, in all, over time or by their commonest values.

    Examples:

      tocsin count '*'

      tocsin count 'tension:disorder' --by hour --since 1d

      tocsin count 'flood*' --by place --json
    """
    with wire(purpose) as wiring:
        question = _question(
            query, wiring.clock, since=since, until=until, near=near, area=area, limit=limit
        )
        desk, caller = wiring.search_desk, wiring.caller
        if by is None:
            total = desk.count(caller, question)
            emit({"count": total}) if as_json else console().print(f"{total:,}")
            return
        if by == "hour":
            rows = [(b.key, b.count) for b in desk.over_time(caller, question, HOUR)]
        else:
            rows = [(b.key, b.count) for b in desk.top(caller, question, by, limit)]
    _show_counts(by, rows, as_json=as_json)


def _question(
    query: str,
    clock: Clock,
    *,
    since: str | None,
    until: str | None,
    near: str | None,
    area: str | None,
    limit: int,
    cursor: str | None = None,
) -> Question:
    from desk.search import Question

    now = clock.now()
    return Question(
        query=query,
        since=parse_moment(since, now) if since else None,
        until=parse_moment(until, now) if until else None,
        near=parse_near(near) if near else None,
        area=area,
        limit=limit,
        cursor=cursor,
    )


def _as_object(finding: Finding) -> dict[str, object]:
    """A finding for scripts: the post without its raw bytes, and what was found in it."""
    post, enrichment = finding.hit.post, finding.hit.enrichment
    return {
        "uid": post.uid,
        "rev": post.rev,
        "kind": post.kind,
        "published_at": iso(post.published_at),
        "collected_at": iso(post.collected_at),
        "author": post.author.id if post.author else None,
        "text": post.text,
        "url": post.url,
        "lang": enrichment.lang,
        "places": [msgspec.to_builtins(place) for place in enrichment.places],
        "areas": enrichment.areas,
        "tension": [msgspec.to_builtins(tension) for tension in enrichment.tension],
        "unjudged": enrichment.unjudged,
        "cluster": str(enrichment.cluster) if enrichment.cluster else None,
        "highlights": finding.highlights,
        "source": post.delivery.source if post.delivery else None,
        "raw_sha256": post.raw.sha256 if post.raw else None,
    }


def answer_lines(answer: Answer) -> Iterator[RenderableType]:
    """The answer as people read it: posts with highlights, then what was not seen."""
    for finding in answer.findings:
        yield _heading(finding)
        yield Padding(marked(finding.hit.post.text or "", finding.highlights), (0, 0, 0, 2))
        if notes := _notes(finding):
            yield Padding(notes, (0, 0, 0, 2))
    yield Text(f"{len(answer.findings):,} of {answer.total:,} posts", style="bold")
    if answer.cursor:
        yield Text(f"next page: --cursor {answer.cursor}", style="dim")
    yield from gaps(answer.coverage)


def _heading(finding: Finding) -> Text:
    post = finding.hit.post
    platform, instance, _ = post.uid.split(":", 2)
    line = Text(moment(post.published_at), style="bold")
    return line.append(f"  {platform} {printable(instance)}  {post.uid}", style="dim not bold")


def _notes(finding: Finding) -> Text:
    """Places and tension as the machine sees them: hints with their confidence."""
    enrichment = finding.hit.enrichment
    notes = Text(style="cyan")
    for place in enrichment.places:
        sure = f"{place.confidence:.0%}" if place.id else "not resolved"
        notes.append(f"place: {printable(place.name)} ({sure})  ")
    for hint in enrichment.tension:
        notes.append(f"hint: {hint.category} {hint.score:.2f}  ", style="magenta")
    if enrichment.unjudged:
        words = f"not read for {', '.join(enrichment.unjudged)}: {enrichment.lang}  "
        notes.append(words, style="yellow")
    return notes


def gaps(coverage: tuple[CoverageInterval, ...]) -> list[Text]:
    """What was not seen, so that an empty answer is not taken for silence."""
    blind = [c for c in coverage if c.state not in ("live", "backfilled")]
    if not blind:
        return []
    lines = [Text("Not everything was seen in this time:", style="bold yellow")]
    for interval in blind:
        until = moment(interval.until) if interval.until else "now"
        what = f"  {interval.source} {interval.state} {moment(interval.since)} to {until}"
        lines.append(Text(f"{what}  {printable(interval.reason)}", style="yellow"))
    return lines


def _show_counts(by: By, rows: list[tuple[str | int, int]], *, as_json: bool) -> None:
    if as_json:
        for key, number in rows:
            emit({"key": iso(key) if isinstance(key, int) else key, "count": number})
        return
    most = max((number for _, number in rows), default=1)
    lines = [
        (
            moment(key) if isinstance(key, int) else printable(key),
            f"{number:,}",
            Text("█" * max(1, round(BAR * number / most)) if number else "", style="cyan"),
        )
        for key, number in rows
    ]
    console().print(table((by, "posts#", ""), lines))
