"""The watermark says up to when everything has been counted, and never too much."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from alerts.watermark import LogWatermark
from bus.embedded import EmbeddedLog
from bus.port import Outgoing, Record, Retention, TopicPartition
from model.clock import MINUTE, MovableClock
from model.topics import (
    ALERT_MATCHES,
    GROUP_MATCH,
    GROUP_WINDOW,
    POSTS_ENRICHED,
    POSTS_RAW,
    TOPICS,
)
from tests.alerts.builders import EVENING


class Chain:
    """A log, and stages that move on when they are told."""

    def __init__(self, log: EmbeddedLog, clock: MovableClock) -> None:
        self.log = log
        self.clock = clock
        for topic in TOPICS:
            log.create(topic, partitions=2, retention=Retention())
        self.watermark = LogWatermark(log, clock)

    def collect(self, count: int = 1) -> None:
        self.log.publish([Outgoing(POSTS_RAW.name, f"u{n}", b"post") for n in range(count)])

    def enrich(self) -> None:
        """Everything that was collected."""
        with closing(self.log.consumer("enrich", [POSTS_RAW.name])) as consumer:
            raw = consumer.poll(1_000, 0)
            enriched = [Outgoing(POSTS_ENRICHED.name, r.key, b"more", source=r) for r in raw]
            self.log.publish(enriched)
            consumer.commit(_after(raw))

    def match(self) -> None:
        """Everything that was enriched, each post a match."""
        with closing(self.log.consumer(GROUP_MATCH, [POSTS_ENRICHED.name])) as consumer:
            enriched = consumer.poll(1_000, 0)
            self.log.publish([Outgoing(ALERT_MATCHES.name, r.key, b"match") for r in enriched])
            consumer.commit(_after(enriched))

    def count(self) -> None:
        """Every match."""
        with closing(self.log.consumer(GROUP_WINDOW, [ALERT_MATCHES.name])) as consumer:
            consumer.commit(_after(consumer.poll(1_000, 0)))


def _after(records: list[Record]) -> dict[TopicPartition, int]:
    return {TopicPartition(r.topic, r.partition): r.offset + 1 for r in records}


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    clock = MovableClock(EVENING)
    with closing(EmbeddedLog(tmp_path / "log", clock=clock)) as log:
        yield Chain(log, clock)


def test_an_empty_log_is_counted_up_to_now(chain: Chain) -> None:
    assert chain.watermark() == EVENING
    chain.clock.advance(MINUTE)
    assert chain.watermark() == EVENING + MINUTE


def test_it_waits_for_every_stage(chain: Chain) -> None:
    chain.collect(5)
    assert chain.watermark() == 0
    chain.clock.advance(MINUTE)
    for stage in (chain.enrich, chain.match):
        stage()
        assert chain.watermark() == 0
    chain.count()
    assert chain.watermark() == EVENING


def test_it_stands_still_while_a_stage_does(chain: Chain) -> None:
    assert chain.watermark() == EVENING
    chain.clock.advance(MINUTE)
    chain.collect()
    assert chain.watermark() == EVENING
    for _ in range(5):
        chain.clock.advance(MINUTE)
        assert chain.watermark() == EVENING


def test_what_comes_after_the_mark_does_not_hold_it_back(chain: Chain) -> None:
    chain.collect()
    assert chain.watermark() == 0
    chain.enrich()
    chain.match()
    assert chain.watermark() == 0
    chain.collect()
    chain.count()
    assert chain.watermark() == EVENING


def test_matches_that_come_while_the_posts_are_awaited_are_awaited_too(chain: Chain) -> None:
    chain.collect()
    chain.enrich()
    assert chain.watermark() == 0
    chain.match()
    chain.collect()
    chain.enrich()
    chain.match()
    assert chain.watermark() == 0
    chain.count()
    assert chain.watermark() == EVENING
