"""``tocsin enrich``: lines through the enricher, with reasons, or indexed posts once more."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated, BinaryIO

import msgspec
import typer
from rich.progress import Progress

from cli.context import wire
from cli.filter import explain_lines, filter_lines
from cli.output import complain, complaints, console, emit, printable, table
from cli.replaying import tending, wait_until_processed
from cli.supervise import Supervisor, stop_signal
from cli.times import parse_moment
from cli.up import running
from cli.wiring import Wiring
from model.topics import GROUP_ENRICH, POSTS_RAW

if TYPE_CHECKING:
    from desk.again import Difference, Sent
    from desk.search import Question

AGAIN = typer.Option("--again", help="A query: enrich the indexed posts that it finds once more.")
SINCE = typer.Option(help="With --again: from this time on, 2h (ago) or 2026-11-20.")
UNTIL = typer.Option(help="With --again: up to this time, exclusive.")
DRY_RUN = typer.Option("--dry-run", help="With --again: only say what would change.")
MATCH = typer.Option("--match", help="With --again: the rules see the posts too.")
WAIT = typer.Option("--wait", help="With --again: return when all are searchable again.")
EXPLAIN = typer.Option("--explain", help="Say in words why each place and score came out.")
JSON = typer.Option("--json", help="With --explain or --again: JSON, one object a line.")
PURPOSE = typer.Option(help="With --again: what it is for; kept beside it.")
LOOK_SECONDS = 0.2
MOST_ROWS = 20


def enrich(
    *,
    explain: Annotated[bool, EXPLAIN] = False,
    again: Annotated[str | None, AGAIN] = None,
    since: Annotated[str | None, SINCE] = None,
    until: Annotated[str | None, UNTIL] = None,
    dry_run: Annotated[bool, DRY_RUN] = False,
    match: Annotated[bool, MATCH] = False,
    wait: Annotated[bool, WAIT] = False,
    purpose: Annotated[str, PURPOSE] = "",
    as_json: Annotated[bool, JSON] = False,
) -> None:
    """Enrich JSON lines {"id","text"} from standard input; JSON lines on standard output.

    With --again, posts of the index go through the enricher once more, after a change of the
    lexicon, the gazetteers or the areas. Nobody is paged: the rules do not see them, or with
    --match as posts that are collected now, so that an old one is historic.

    Examples:

      echo '{"id":1,"text":"Bins on fire in Guildford"}' | tocsin enrich

      echo '{"id":1,"text":"Bins on fire in Guildford"}' | tocsin enrich --explain

      tocsin enrich --again 'machete OR blade' --since 7d --dry-run

      tocsin enrich --again '*' --since 1d --purpose 'new ward boundaries' --wait
    """
    _check(again=again, explain=explain, only=(since, until, dry_run, match, wait, purpose))
    with wire(purpose) as wiring:
        if again is not None:
            question = _question(wiring, again, since, until)
            if dry_run:
                _show_difference(_compare(wiring, question), as_json=as_json)
            else:
                sent = _send(wiring, question, match=match, wait=wait)
                _show_sent(wiring, sent, as_json=as_json)
            return
        broken = _through(
            wiring, sys.stdin.fileno(), sys.stdout.buffer, explain=explain, as_json=as_json
        )
    if broken:
        raise typer.Exit(1)


def _check(*, again: str | None, explain: bool, only: tuple[object, ...]) -> None:
    if again is None and any(only):
        raise typer.BadParameter("--since, --until, --dry-run, --match, --wait need --again")
    if again is not None and explain:
        raise typer.BadParameter("--explain reads lines; it cannot stand with --again")


def _through(
    wiring: Wiring, descriptor: int, out: BinaryIO, *, explain: bool, as_json: bool
) -> int:
    if not explain:
        return filter_lines(wiring.enricher(), descriptor, out)
    from enrich.explain import Explainer

    explainer = Explainer(wiring.enricher(), wiring.gazetteer())
    return explain_lines(explainer, descriptor, out, as_json=as_json)


def _question(wiring: Wiring, query: str, since: str | None, until: str | None) -> Question:
    from desk.search import Question

    now = wiring.clock.now()
    return Question(
        query=query,
        since=parse_moment(since, now) if since else None,
        until=parse_moment(until, now) if until else None,
    )


def _compare(wiring: Wiring, question: Question) -> Difference:
    with _Bar("Comparing") as bar:
        return wiring.again_desk.compare(wiring.caller, question, wiring.enricher(), bar.show)


def _send(wiring: Wiring, question: Question, *, match: bool, wait: bool) -> Sent:
    """Publish, at the pace of a pipeline that runs; with ``wait``, see it through."""
    wiring.create_topics()
    with ExitStack() as stack:
        own: Supervisor | None = None
        if wait and not wiring.is_running():
            own = stack.enter_context(running(wiring))
        stopped = tending(stop_signal(), own)
        paced = wiring.is_running()
        with _Bar("Sending again") as bar:
            sent = wiring.again_desk.send(
                wiring.caller,
                question,
                match=match,
                ready=lambda: _has_room(wiring, stopped) if paced else not stopped(),
                progress=bar.show,
            )
        if wait and sent.whole:
            done = wait_until_processed(wiring.log, wiring.clock, stopped)
            sent = msgspec.structs.replace(sent, whole=done)
    return sent


def _has_room(wiring: Wiring, stopped: Callable[[], bool]) -> bool:
    """Wait until the enrichers are not too far behind, so that fresh posts are not held up."""
    while wiring.log.lag(GROUP_ENRICH, POSTS_RAW.name) > wiring.settings.ingest.backlog_records:
        if stopped():
            return False
        wiring.clock.sleep(LOOK_SECONDS)
    return not stopped()


def _show_sent(wiring: Wiring, sent: Sent, *, as_json: bool) -> None:
    if as_json:
        emit(sent)
    else:
        console().print(f"{sent.published:,} posts sent again")
    if sent.refused:
        complain(f"{sent.refused:,} posts are too large for the log now and stay as they were")
    if not sent.whole:
        complain("it was stopped before the end; do it again, which does no harm")
    elif not wiring.is_running() and not as_json and sent.published:
        complaints().print("They are searchable as they are enriched, while a pipeline runs.")
    if sent.refused or not sent.whole:
        raise typer.Exit(1)


def _show_difference(difference: Difference, *, as_json: bool) -> None:
    if as_json:
        emit(difference)
        return
    console().print(f"{difference.changed:,} of {difference.posts:,} posts would change")
    for word, counts in (("gained", difference.gained), ("lost", difference.lost)):
        if counts:
            rows = [(printable(mark), f"{n:,}") for mark, n in list(counts.items())[:MOST_ROWS]]
            console().print(table((word, "posts#"), rows))
            if len(counts) > MOST_ROWS:
                console().print(f"and {len(counts) - MOST_ROWS:,} more", style="dim")


class _Bar(Progress):
    """A bar on the terminal while something goes on; silent in pipes."""

    def __init__(self, name: str) -> None:
        super().__init__(console=complaints(), transient=True)
        self._name = self.add_task(name, total=None)

    def show(self, done: int, total: int) -> None:
        """How many of how many are done."""
        self.update(self._name, completed=done, total=total)
