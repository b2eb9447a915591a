"""``tocsin up``, ``run`` and ``replay``: posts on their way."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from cli.context import wire
from cli.demo import demo_spec, start_demo
from cli.observing import observing
from cli.output import complain, complaints, emit
from cli.stages import build_worker
from cli.supervise import stop_signal
from cli.up import running, watch

JSON = typer.Option("--json", help="One JSON object at the end.")
PARENT = typer.Option(hidden=True, help="The supervisor, with which this process ends.")
FASTEST = "max"


def up(
    *,
    demo: Annotated[bool, typer.Option("--demo", help="Replay the demo evening.")] = False,
) -> None:
    """Run every stage and the sources of config/sources.yaml, supervised, with the live board,
    until interrupted. With --demo nothing is collected.

    Examples:

      tocsin up --demo

      TOCSIN_STATE=/srv/tocsin tocsin up
    """
    with wire() as wiring:
        wiring.state.prepare()
        stopped = stop_signal()
        if demo:
            start_demo(wiring)
        # Invented posts among real ones would be dangerous: the demo collects nothing.
        extra = [demo_spec()] if demo else []
        with running(wiring, extra, collecting=not demo) as supervisor:
            watch(wiring, supervisor, stopped)
            complaints().print("Stopping: every stage finishes its batch.", style="dim")


def run(
    stage: Annotated[
        str, typer.Argument(help="ingest, enrich, index, match, window, deliver or watch.")
    ],
    *,
    parent: Annotated[int | None, PARENT] = None,
) -> None:
    """Run one stage as a process of its own, until interrupted.

    `watch` is no stage: it looks at all of them and at the sources, for Prometheus.

    Examples:

      tocsin run enrich
    """
    with wire() as wiring, observing(wiring, stage) as observation:
        stopped = stop_signal(parent)
        wiring.create_topics()
        if stage == "ingest":
            from cli.collecting import collect

            collect(wiring, observation, stopped)
        elif stage == "watch":
            from cli.watching import watch_pipeline

            watch_pipeline(wiring, observation, stopped)
        else:
            build_worker(wiring, stage, observation).run(stopped)


def replay(
    files: Annotated[list[Path], typer.Argument(help="JSON lines or CSV, .gz too.")],
    *,
    speed: Annotated[
        str, typer.Option(help="1 is as it happened, 60 an hour a minute, max as fast as it goes.")
    ] = FASTEST,
    shift_to_now: Annotated[
        bool, typer.Option("--shift-to-now", help="Move all times so that the end falls on now.")
    ] = False,
    mapping: Annotated[
        list[str] | None, typer.Option("--map", help="FIELD=PATH, such as text=status.body.")
    ] = None,
    instance: Annotated[
        str | None, typer.Option(help="Instance in the posts' names; the file's name by default.")
    ] = None,
    assume_utc: Annotated[
        bool, typer.Option("--assume-utc", help="Take times without a zone as UTC.")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Return when the last post is searchable and matched.")
    ] = False,
    as_json: Annotated[bool, JSON] = False,
    parent: Annotated[int | None, PARENT] = None,
) -> None:
    """Send posts from files through the running pipeline; prints read, published, dead.

    Where no pipeline runs, --wait runs one for as long as it takes; without it the posts
    wait in the log for the next `tocsin up`.

    Examples:

      tocsin replay posts.jsonl.gz --wait

      tocsin replay export.csv --map text=body --map id=post_id --assume-utc

      tocsin replay evening.jsonl --speed 60 --shift-to-now
    """
    from cli.replaying import ReplayRequest, replay_files

    request = ReplayRequest(
        files=tuple(files),
        speed=_speed(speed),
        shift_to_now=shift_to_now,
        fields=dict(_field(entry) for entry in mapping or ()),
        instance=instance,
        assume_utc=assume_utc,
        wait=wait,
    )
    with wire() as wiring:
        outcome = replay_files(wiring, request, stop_signal(parent))
    for stopped in outcome.stopped:
        complain(f"{stopped.source}: {stopped.error}")
    if as_json:
        emit(outcome.summary())
    else:
        counts = outcome.counts
        sys.stdout.write(
            f"{counts.read:,} read, {counts.published:,} published, {counts.dead:,} dead\n"
        )
    if outcome.stopped or outcome.interrupted:
        raise typer.Exit(1)


def _speed(text: str) -> float | None:
    if text == FASTEST:
        return None
    try:
        speed = float(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is neither a number nor max") from error
    if not 0 < speed < float("inf"):
        raise typer.BadParameter("give a number above 0, or max")
    return speed


def _field(entry: str) -> tuple[str, str]:
    field, separator, path = entry.partition("=")
    if not separator or not field or not path:
        raise typer.BadParameter(f"{entry!r} is not FIELD=PATH, such as text=status.body")
    return field, path
