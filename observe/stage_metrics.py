"""What Prometheus is told of one process, from its last report.

The tables are the whole list: docs/observing.md and the dashboard are tested against them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Literal, NamedTuple

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from bus.distribution import BOUNDS, Distribution
from bus.metrics import StageReport
from model.clock import SECOND

Kind = Literal["counter", "gauge"]


class StageMetric(NamedTuple):
    """One number of a process: its name, its meaning, and where the report has it."""

    name: str
    kind: Kind
    meaning: str
    read: Callable[[StageReport], float]


class StageHistogram(NamedTuple):
    """One distribution of a process, in seconds."""

    name: str
    meaning: str
    read: Callable[[StageReport], Distribution]


NUMBERS = (
    StageMetric("tocsin_records_total", "counter", "Records read.", lambda r: r.records),
    StageMetric(
        "tocsin_record_bytes_total", "counter", "Bytes of the records read.", lambda r: r.bytes
    ),
    StageMetric("tocsin_batches_total", "counter", "Batches done.", lambda r: r.batches),
    StageMetric("tocsin_outputs_total", "counter", "Records published.", lambda r: r.outputs),
    StageMetric(
        "tocsin_retries_total",
        "counter",
        "Passing failures, each tried again.",
        lambda r: r.retries,
    ),
    StageMetric(
        "tocsin_dead_letters_total",
        "counter",
        "Records that became dead letters.",
        lambda r: r.dead,
    ),
    StageMetric(
        "tocsin_busy_seconds_total",
        "counter",
        "Time not spent waiting for records.",
        lambda r: r.busy_seconds,
    ),
    StageMetric(
        "tocsin_cpu_seconds_total", "counter", "Processor time used.", lambda r: r.cpu_seconds
    ),
    StageMetric("tocsin_memory_bytes", "gauge", "Resident memory.", lambda r: r.rss_bytes),
    StageMetric(
        "tocsin_unsettled_records",
        "gauge",
        "Records processed whose position is not committed yet.",
        lambda r: r.unsettled,
    ),
    StageMetric(
        "tocsin_oldest_in_hand_seconds",
        "gauge",
        "Time since the oldest post in hand was collected; 0 with empty hands.",
        lambda r: 0.0 if r.oldest_at is None else max(0, r.updated_at - r.oldest_at) / SECOND,
    ),
    StageMetric(
        "tocsin_stage_started_timestamp_seconds",
        "gauge",
        "When the process started, in seconds since 1970.",
        lambda r: r.started_at / SECOND,
    ),
    StageMetric(
        "tocsin_stage_reported_timestamp_seconds",
        "gauge",
        "When the process last took stock of itself, in seconds since 1970.",
        lambda r: r.updated_at / SECOND,
    ),
)

HISTOGRAMS = (
    StageHistogram("tocsin_batch_seconds", "How long a batch took.", lambda r: r.batch_times),
    StageHistogram(
        "tocsin_post_seconds",
        "From a post's collection until the stage had handled it for good, by sample.",
        lambda r: r.post_times,
    ),
)


def stage_families(report: StageReport) -> Iterator[Metric]:
    """Every metric of one process, labelled with its stage."""
    for number in NUMBERS:
        yield _family(number, report)
    for histogram in HISTOGRAMS:
        times = HistogramMetricFamily(histogram.name, histogram.meaning, labels=["stage"])
        distribution = histogram.read(report)
        times.add_metric([report.stage], _buckets(distribution), distribution.seconds)
        yield times


def _family(number: StageMetric, report: StageReport) -> Metric:
    kind = CounterMetricFamily if number.kind == "counter" else GaugeMetricFamily
    family = kind(number.name, number.meaning, labels=["stage"])
    family.add_metric([report.stage], number.read(report))
    return family


def _buckets(distribution: Distribution) -> list[tuple[str, float]]:
    """Running totals up to each bound, as Prometheus wants them."""
    counts = distribution.counts or (0,) * (len(BOUNDS) + 1)
    names = [str(bound) for bound in BOUNDS] + ["+Inf"]
    return list(zip(names, map(float, accumulate(counts)), strict=True))
