"""The live board in the terminal: what to do, where, how sure, and what is blind.

Made for 80 columns and a tired reader: the worst incidents first, each with what the
rule tells the controller to do, then the sources, then the machinery in one table.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from rich.console import Group, RenderableType
from rich.rule import Rule as Line
from rich.table import Table
from rich.text import Text

from cli.output import clock_time, printable, seconds, severity
from desk.health import Health, StageHealth
from desk.verdict import OLDEST_SECONDS
from model.clock import MINUTE
from model.coverage import CoverageInterval
from model.incident import Incident
from model.rule import SEVERITIES

COLUMNS = 80
ADVISED = 3
WORRYING_LAG = 1_000
COVERAGE_STYLES = {
    "live": "green",
    "degraded": "bold yellow",
    "blind": "bold white on red",
    "backfilled": "cyan",
    "not_authorised": "bold yellow",
}


class Snapshot(msgspec.Struct, frozen=True):
    """What the board shows at one moment: the open incidents and the pipeline's health.

    ``settled`` says that every stage has caught up and nothing is being replayed.
    ``notices`` are lines about the pipeline itself.
    """

    at: int
    incidents: tuple[Incident, ...]
    health: Health
    settled: bool = False
    notices: tuple[str, ...] = ()


def draw(snapshot: Snapshot, *, rows: int = 12) -> RenderableType:
    """The board, with at most ``rows`` incidents."""
    incidents = sorted(snapshot.incidents, key=_urgency)
    parts: list[RenderableType] = [_header(snapshot), _incidents(incidents[:rows], snapshot.at)]
    if hidden := len(incidents[rows:]):
        parts.append(Text(f"and {hidden} more: tocsin alerts list", style="dim"))
    parts += [Line("What to do", style="dim"), _advice(incidents)] if incidents else []
    parts += [Line("Sources", style="dim"), coverage_grid(snapshot.health)]
    parts += [Line("Stages", style="dim"), stage_grid(snapshot.health)]
    parts += [Text(damage, style="bold red") for damage in snapshot.health.damage]
    parts += [Text(notice, style="bold yellow") for notice in snapshot.notices]
    return Group(*parts)


def _urgency(incident: Incident) -> tuple[int, int]:
    return -SEVERITIES.index(incident.severity), -incident.last_at


def _header(snapshot: Snapshot) -> Text:
    worst = [i for i in snapshot.incidents if i.severity == "high"]
    text = Text("TOCSIN  ", style="bold")
    text.append(clock_time(snapshot.at), style="bold")
    text.append(f"   {len(snapshot.incidents)} open")
    if worst:
        text.append(f", {len(worst)} high", style="bold red")
    blind = [c.source for c in snapshot.health.coverage if c.state == "blind"]
    if blind:
        text.append(f"   BLIND: {', '.join(blind)}", style=COVERAGE_STYLES["blind"])
    return text


def _incidents(incidents: Sequence[Incident], now: int) -> RenderableType:
    if not incidents:
        return Text("No open incidents.", style="dim")
    grid = Table(box=None, pad_edge=False, expand=False, width=COLUMNS)
    grid.add_column("severity", width=10)
    grid.add_column("what", ratio=1, no_wrap=True, overflow="ellipsis")
    grid.add_column("where", width=16, no_wrap=True, overflow="ellipsis")
    grid.add_column("posts", width=5, justify="right")
    grid.add_column("last", width=8, justify="right")
    for incident in incidents:
        grid.add_row(
            severity(incident.severity),
            Text(printable(incident.title)),
            Text(printable(incident.place or "place unknown")),
            str(incident.posts),
            _ago(now - incident.last_at),
        )
    return grid


def _advice(incidents: Sequence[Incident]) -> RenderableType:
    """What the rules tell the controller to do, once per rule, the most urgent first."""
    first = {incident.rule_id: incident for incident in reversed(incidents)}
    advice = Text()
    for incident in sorted(first.values(), key=_urgency)[:ADVISED]:
        where = incident.place or "place unknown"
        advice.append(f"{printable(incident.title)}, {printable(where)}: ", style="bold")
        advice.append(printable(incident.response) + "\n")
    advice.rstrip()
    return advice


def coverage_grid(health: Health) -> RenderableType:
    """What each source sees, a line each."""
    if not health.coverage:
        return Text("No source is configured: see config/sources.yaml.", style="dim")
    grid = Table(box=None, pad_edge=False, show_header=False, width=COLUMNS)
    grid.add_column(width=34, no_wrap=True, overflow="ellipsis")
    grid.add_column(width=15)
    grid.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    for interval in health.coverage:
        grid.add_row(interval.source, _state(interval), _since(interval))
    return grid


def _state(interval: CoverageInterval) -> Text:
    return Text(f" {interval.state} ", style=COVERAGE_STYLES.get(interval.state, ""))


def _since(interval: CoverageInterval) -> Text:
    parts = [f"since {clock_time(interval.since)}"]
    if interval.posts:
        parts.append(f"{interval.posts:,} posts")
    if interval.reason:
        parts.append(printable(interval.reason))
    return Text(", ".join(parts), style="dim")


def stage_grid(health: Health) -> RenderableType:
    """What each stage does, a line each; rates and times are of the last half minute."""
    grid = Table(box=None, pad_edge=False, width=COLUMNS)
    grid.add_column("stage", ratio=1)
    for column in ("proc", "records", "per s", "lag", "p50", "p99", "retries", "dead", "MB"):
        grid.add_column(column, justify="right")
    for stage in health.stages:
        grid.add_row(*_stage_row(stage))
    return grid


def _stage_row(stage: StageHealth) -> list[Text]:
    down = stage.processes == 0
    return [
        Text(stage.stage + (" (down)" if down else ""), style="bold red" if down else ""),
        Text(str(stage.processes)),
        Text(f"{stage.records:,}"),
        Text(f"{stage.rate:,.0f}"),
        _lag(stage.lag),
        Text(seconds(stage.p50_seconds)),
        Text(seconds(stage.p99_seconds), style="yellow" if _slow(stage) else ""),
        Text(f"{stage.retries:,}", style="yellow" if stage.retries else ""),
        Text(f"{stage.dead:,}", style="bold red" if stage.dead else ""),
        Text(f"{stage.memory_bytes / 1e6:,.0f}"),
    ]


def _slow(stage: StageHealth) -> bool:
    return stage.p99_seconds is not None and stage.p99_seconds > OLDEST_SECONDS


def _lag(lag: int | None) -> Text:
    if lag is None:
        return Text("damaged", style="bold red")
    return Text(f"{lag:,}", style="yellow" if lag > WORRYING_LAG else "")


def _ago(microseconds: int) -> str:
    minutes = max(0, microseconds) // MINUTE
    return "now" if minutes < 1 else f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
