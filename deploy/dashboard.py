"""Draws the Grafana dashboard: is it well, and if not, where.

make docs

Read from the top: one line says whether all is well, the next where it is not, and the rest
why. Each panel asks a question in its title.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

FILE = Path(__file__).resolve().parent / "grafana" / "dashboards" / "tocsin.json"
SOURCE = {"type": "prometheus", "uid": "prometheus"}
WIDTH = 24
GREEN, YELLOW, RED = "green", "orange", "red"

Json = dict[str, Any]


class Query(NamedTuple):
    """A question to Prometheus, and what its answers are called."""

    expression: str
    legend: str = ""


class Panel(NamedTuple):
    """One panel: ``kind`` is Grafana's type, ``limits`` where it turns orange and red.

    ``words`` replace values by words with a colour.
    """

    title: str
    queries: tuple[Query, ...]
    unit: str = "short"
    kind: str = "timeseries"
    width: int = 8
    height: int = 8
    limits: tuple[float | None, float | None] = (None, None)
    words: tuple[tuple[float, str, str], ...] = ()
    meaning: str = ""


class Row(NamedTuple):
    """Panels under one heading."""

    title: str
    panels: tuple[Panel, ...]


def _number(title: str, expression: str, meaning: str, **options: Any) -> Panel:
    return Panel(
        title, (Query(expression),), kind="stat", width=4, height=4, meaning=meaning, **options
    )


ROWS = (
    Row(
        "Is it well?",
        (
            _number(
                "Alarms now",
                'count(ALERTS{alertstate="firing"}) or vector(0)',
                "Alert rules that fire; the list is at the foot of this page.",
                limits=(None, 1),
            ),
            _number(
                "Stages that are silent",
                "count(max by (stage) (tocsin_stage_processes) == 0) or vector(0)",
                "Stages of which no process has reported for ten seconds.",
                limits=(None, 1),
            ),
            _number(
                "Oldest post that waits",
                "max(tocsin_oldest_unhandled_seconds)",
                "Since its collection, for whichever stage it still waits.",
                unit="s",
                limits=(10, 60),
            ),
            _number(
                "Sources that are blind",
                'sum(max by (source) (tocsin_source_state{state="blind"})) or vector(0)',
                "Sources from which nothing can be seen now.",
                limits=(None, 1),
            ),
            _number(
                "Alerts not delivered",
                "max(tocsin_deliveries_waiting)",
                "Messages to controllers, due for over a minute, that no channel has accepted.",
                limits=(None, 1),
            ),
            _number(
                "Dead letters in an hour",
                "sum(increase(tocsin_dead_letters_total[1h])) or vector(0)",
                "Records that no try could save. See them with: tocsin dead list.",
                limits=(1, 100),
            ),
        ),
    ),
    Row(
        "If not, where?",
        (
            Panel(
                "Which stage is behind?",
                (Query("max by (group) (tocsin_oldest_unhandled_seconds)", "{{group}}"),),
                unit="s",
                limits=(10, 60),
                meaning="How long the oldest post has waited for each stage since collection.",
            ),
            Panel(
                "How many records are to go?",
                (Query("max by (group) (tocsin_lag_records)", "{{group}}"),),
                limits=(1_000, None),
                meaning="Lag of each stage. A rising line falls behind; a flat one keeps up.",
            ),
            Panel(
                "What does each source see?",
                (
                    Query(
                        'max by (source) (tocsin_source_state{state="live"}) + '
                        '2 * max by (source) (tocsin_source_state{state="blind"})',
                        "{{source}}",
                    ),
                ),
                kind="state-timeline",
                words=((0, "not live", YELLOW), (1, "live", GREEN), (2, "blind", RED)),
                meaning="Not live: degraded, not authorised, or read to its end.",
            ),
            Panel(
                "How soon is a post handled (99 of 100)?",
                (
                    Query(
                        "histogram_quantile(0.99, sum by (stage, le) "
                        "(rate(tocsin_post_seconds_bucket[1m])))",
                        "{{stage}}",
                    ),
                ),
                unit="s",
                limits=(10, 60),
                meaning="From a post's collection until the stage has committed it, by sample.",
            ),
            Panel(
                "How soon is a post handled (half of them)?",
                (
                    Query(
                        "histogram_quantile(0.5, sum by (stage, le) "
                        "(rate(tocsin_post_seconds_bucket[1m])))",
                        "{{stage}}",
                    ),
                ),
                unit="s",
                meaning="The same for the median post.",
            ),
            Panel(
                "What fails and is tried again?",
                (Query("sum by (stage) (rate(tocsin_retries_total[1m])) * 60", "{{stage}}"),),
                meaning="Passing failures a minute. Nothing is lost while they last.",
            ),
        ),
    ),
    Row(
        "How hard does it work?",
        (
            Panel(
                "Records a second",
                (Query("sum by (stage) (rate(tocsin_records_total[1m]))", "{{stage}}"),),
                unit="reqps",
            ),
            Panel(
                "Bytes a second",
                (Query("sum by (stage) (rate(tocsin_record_bytes_total[1m]))", "{{stage}}"),),
                unit="Bps",
            ),
            Panel(
                "Matches and other records that stages publish",
                (Query("sum by (stage) (rate(tocsin_outputs_total[1m]))", "{{stage}}"),),
                unit="reqps",
            ),
            Panel(
                "Share of time at work, per process",
                (Query("rate(tocsin_busy_seconds_total[1m])", "{{stage}} {{instance}}"),),
                unit="percentunit",
                limits=(0.8, 0.95),
                meaning="Near 100 % a process has nothing to spare: scale the stage.",
            ),
            Panel(
                "Cores in use",
                (Query("sum by (stage) (rate(tocsin_cpu_seconds_total[1m]))", "{{stage}}"),),
            ),
            Panel(
                "Memory, per process",
                (Query("tocsin_memory_bytes", "{{stage}} {{instance}}"),),
                unit="bytes",
            ),
            Panel(
                "How long does a batch take (99 of 100)?",
                (
                    Query(
                        "histogram_quantile(0.99, sum by (stage, le) "
                        "(rate(tocsin_batch_seconds_bucket[1m])))",
                        "{{stage}}",
                    ),
                ),
                unit="s",
            ),
            Panel(
                "Processes per stage",
                (Query("max by (stage) (tocsin_stage_processes)", "{{stage}}"),),
            ),
            Panel(
                "Room on the disk",
                (Query("min(tocsin_disk_free_bytes)", "free"),),
                unit="bytes",
                meaning="Of the machine's disk, where the volumes lie.",
            ),
        ),
    ),
)


def dashboard() -> Json:
    """The whole dashboard, as Grafana reads it."""
    panels: list[Json] = []
    top = 0
    for row in ROWS:
        panels.append(_heading(row.title, top))
        top += 1
        placed, height = _placed(row.panels, top)
        panels += placed
        top += height
    panels += [_heading("Alarms", top), _alarms(top + 1)]
    return {
        "uid": "tocsin",
        "title": "Tocsin: is it well, and if not, where",
        "editable": False,
        "refresh": "10s",
        "schemaVersion": 39,
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "browser",
        "panels": [{"id": number, **panel} for number, panel in enumerate(panels, 1)],
    }


def text() -> str:
    """The dashboard as it stands in its file."""
    return json.dumps(dashboard(), indent=2) + "\n"


def _placed(panels: tuple[Panel, ...], top: int) -> tuple[list[Json], int]:
    """Panels side by side, a new line where they no longer fit; and their height together."""
    placed: list[Json] = []
    left = height = line = 0
    for panel in panels:
        if left + panel.width > WIDTH:
            left, height, line = 0, height + line, 0
        where = {"x": left, "y": top + height, "w": panel.width, "h": panel.height}
        placed.append(_panel(panel, where))
        left += panel.width
        line = max(line, panel.height)
    return placed, height + line


def _panel(panel: Panel, where: dict[str, int]) -> Json:
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.meaning,
        "datasource": SOURCE,
        "gridPos": where,
        "targets": [
            {
                "refId": chr(ord("A") + number),
                "datasource": SOURCE,
                "expr": query.expression,
                "legendFormat": query.legend or "__auto",
                "instant": panel.kind == "stat",
            }
            for number, query in enumerate(panel.queries)
        ],
        "fieldConfig": {"defaults": _field(panel), "overrides": []},
        "options": _options(panel.kind),
    }


def _field(panel: Panel) -> Json:
    warn, wrong = panel.limits
    steps: list[Json] = [{"color": GREEN, "value": None}]
    steps += [{"color": YELLOW, "value": warn}] if warn is not None else []
    steps += [{"color": RED, "value": wrong}] if wrong is not None else []
    field: Json = {
        "unit": panel.unit,
        "min": 0,
        "noValue": "no answer",
        "thresholds": {"mode": "absolute", "steps": steps},
    }
    if panel.words:
        options = {
            str(value): {"text": words, "color": color} for value, words, color in panel.words
        }
        field["mappings"] = [{"type": "value", "options": options}]
    return field


def _options(kind: str) -> Json:
    if kind == "stat":
        return {"colorMode": "background", "reduceOptions": {"calcs": ["lastNotNull"]}}
    if kind == "timeseries":
        return {"legend": {"displayMode": "list"}, "tooltip": {"mode": "multi", "sort": "desc"}}
    return {}


def _heading(title: str, top: int) -> Json:
    where = {"x": 0, "y": top, "w": WIDTH, "h": 1}
    return {"type": "row", "title": title, "collapsed": False, "panels": [], "gridPos": where}


def _alarms(top: int) -> Json:
    query = 'ALERTS{alertstate="firing"}'
    panel = Panel("What fires now", (Query(query),), kind="table", width=WIDTH, height=7)
    drawn = _panel(panel, {"x": 0, "y": top, "w": WIDTH, "h": panel.height})
    drawn["targets"][0] |= {"format": "table", "instant": True}
    return drawn


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
