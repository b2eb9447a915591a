"""What Prometheus is told of the whole, also of stages that are dead and cannot speak."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, get_args

from prometheus_client.core import GaugeMetricFamily, Metric

from desk.health import Health
from model.clock import SECOND
from model.coverage import CoverageState

Sample = tuple[tuple[str, ...], float]


class PipelineMetric(NamedTuple):
    """One fact about the whole: its name, its meaning, its labels, its values."""

    name: str
    meaning: str
    labels: tuple[str, ...]
    read: Callable[[Health], Iterable[Sample]]


def _lags(health: Health) -> Iterator[Sample]:
    for backlog in health.backlogs:
        if backlog.lag is not None:
            yield (backlog.group, backlog.topic), backlog.lag


def _oldest(health: Health) -> Iterator[Sample]:
    for backlog in health.backlogs:
        waited = 0 if backlog.oldest_at is None else max(0, health.at - backlog.oldest_at)
        yield (backlog.group, backlog.topic), waited / SECOND


def _source_states(health: Health) -> Iterator[Sample]:
    for interval in health.coverage:
        for state in get_args(CoverageState):
            yield (interval.source, state), float(state == interval.state)


METRICS = (
    PipelineMetric(
        "tocsin_lag_records",
        "Records of the topic that the group has not handled yet.",
        ("group", "topic"),
        _lags,
    ),
    PipelineMetric(
        "tocsin_oldest_unhandled_seconds",
        "Time since the oldest post was collected that the group has not handled; 0 if none.",
        ("group", "topic"),
        _oldest,
    ),
    PipelineMetric(
        "tocsin_stage_processes",
        "Processes of the stage that have reported within ten seconds.",
        ("stage",),
        lambda health: [((stage.stage,), stage.processes) for stage in health.stages],
    ),
    PipelineMetric(
        "tocsin_source_state",
        "1 for the state that the source is in, 0 for the others.",
        ("source", "state"),
        _source_states,
    ),
    PipelineMetric(
        "tocsin_source_posts",
        "Posts that the source has brought since its present state began.",
        ("source",),
        lambda health: [((i.source,), i.posts) for i in health.coverage],
    ),
    PipelineMetric(
        "tocsin_source_since_timestamp_seconds",
        "When the source's present state began, in seconds since 1970.",
        ("source",),
        lambda health: [((i.source,), i.since / SECOND) for i in health.coverage],
    ),
    PipelineMetric(
        "tocsin_dead_letters_kept",
        "Dead letters in the log, retried ones included.",
        (),
        lambda health: [((), health.dead_letters)],
    ),
    PipelineMetric(
        "tocsin_deliveries_waiting",
        "Messages to controllers, due for over a minute, that no channel has accepted yet.",
        (),
        lambda health: [((), health.deliveries_waiting)],
    ),
    PipelineMetric(
        "tocsin_damaged_topics",
        "Topics of the log that cannot be read.",
        (),
        lambda health: [((), len(health.damage))],
    ),
    PipelineMetric(
        "tocsin_disk_free_bytes",
        "Room left on the disk of the state folder.",
        (),
        lambda health: [((), health.disk_free)],
    ),
    PipelineMetric(
        "tocsin_looked_timestamp_seconds",
        "When the whole was last looked at, in seconds since 1970.",
        (),
        lambda health: [((), health.at / SECOND)],
    ),
)


def pipeline_families(health: Health) -> Iterator[Metric]:
    """Every metric of the whole."""
    for metric in METRICS:
        family = GaugeMetricFamily(metric.name, metric.meaning, labels=metric.labels)
        for labels, value in metric.read(health):
            family.add_metric(labels, value)
        yield family
