"""``tocsin status``, ``tocsin doctor`` and ``tocsin index``."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer
from rich.text import Text

from cli.board import coverage_grid, stage_grid
from cli.context import wire
from cli.doctor import examine
from cli.findings import Finding
from cli.output import console, emit, printable
from cli.rebuild import rebuild_index, renew_indices
from desk.health import Health
from desk.verdict import troubles

JSON = typer.Option("--json", help="One JSON object a line.")
STYLES = {"well": "green", "warning": "bold yellow", "wrong": "bold red"}

DOCTOR_SECONDS = 5.0
"""How long a server may take to answer before it counts as away."""

index_app = typer.Typer(help="The search index.", no_args_is_help=True)


def status(*, as_json: Annotated[bool, JSON] = False) -> None:
    """Is it well, and if not, where: rates, lag and times per stage, and every source.

    `p50` and `p99` are the times within which half and 99 of 100 posts were handled,
    counted from their collection, over the last half minute.

    Examples:

      tocsin status

      watch tocsin status
    """
    with wire() as wiring:
        health = wiring.health_desk.look(wiring.caller)
        is_running = wiring.is_running()
    if as_json:
        for stage in health.stages:
            emit({"kind": "stage", **msgspec.structs.asdict(stage)})
        for interval in health.coverage:
            emit({"kind": "source", **msgspec.structs.asdict(interval)})
        for backlog in health.backlogs:
            emit({"kind": "backlog", **msgspec.structs.asdict(backlog)})
        emit({"kind": "pipeline", "running": is_running, **_whole(health)})
    else:
        _show(health, is_running=is_running)


def doctor(*, as_json: Annotated[bool, JSON] = False) -> None:
    """Examine every part, and say what to do about what is wrong.

    Ends with status 1 if something is wrong; warnings alone do not.

    Example:

      tocsin doctor
    """
    findings: list[Finding] = []
    out = console()
    with wire(patience_seconds=DOCTOR_SECONDS) as wiring:
        for finding in examine(wiring):
            findings.append(finding)
            if as_json:
                emit(finding)
            else:
                out.print(_line(finding))
    if any(finding.verdict == "wrong" for finding in findings):
        raise typer.Exit(1)


@index_app.command()
def rebuild() -> None:
    """Move the search index aside and fill a new one from the log.

    For a damaged index. Tocsin must not be running; alerts are not affected. On the stack,
    posts under an older mapping are moved to new indices instead, while Tocsin runs.

    Example:

      tocsin index rebuild
    """
    with wire() as wiring:
        if wiring.settings.profile == "stack":
            moved = renew_indices(wiring)
            for period, posts in moved.items():
                console().print(f"{period}: {posts:,} posts moved")
            console().print("Every index has the mapping of this version.")
            return
        aside = rebuild_index(wiring)
    console().print(f"The old index is in {aside}.", soft_wrap=True)
    console().print("The next `tocsin up` fills a new one from the log.")


def _show(health: Health, *, is_running: bool) -> None:
    out = console()
    if not is_running:
        out.print("No pipeline runs on this state: start one with `tocsin up`.", style="yellow")
    found = [trouble for trouble in troubles(health) if is_running or not trouble.is_silence]
    for trouble in found:
        out.print(Text(f"NOT WELL  {printable(trouble.words)}", style="bold red"))
    if is_running and not found:
        out.print("All is well.", style="green")
    out.print(stage_grid(health))
    out.print(coverage_grid(health))


def _whole(health: Health) -> dict[str, object]:
    return {
        "dead_letters": health.dead_letters,
        "deliveries_waiting": health.deliveries_waiting,
        "disk_free": health.disk_free,
        "troubles": [trouble.words for trouble in troubles(health)],
    }


def _line(finding: Finding) -> Text:
    line = Text(f"{finding.verdict:8}", style=STYLES[finding.verdict])
    line.append(f"{finding.what}: ", style="bold not dim")
    line.append(finding.detail, style="default")
    return line.append(f"\n         {finding.remedy}" if finding.remedy else "", style="cyan")
