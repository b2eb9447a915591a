"""What a meter sees of a stage at work."""

from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from bus.meter import NAMED_FAILURES, Meter
from bus.passage import SAMPLE, Passage, passage, sample
from bus.port import Outgoing, Record
from model.clock import SECOND, MovableClock
from model.errors import MalformedRecord
from model.incident import MATCH, Match
from model.post import POST, Post
from model.topics import ALERT_MATCHES, POSTS_ENRICHED, POSTS_RAW
from model.trace import trace_id


def post(uid: str, collected_at: int | None, rev: int = 0) -> bytes:
    return POST.encode(Post(event_id="e", op="create", uid=uid, rev=rev, collected_at=collected_at))


def raw(uid: str, collected_at: int | None) -> Record:
    return Record(POSTS_RAW.name, 0, 0, uid, post(uid, collected_at))


class TestPassage:
    def test_one_post_is_the_same_in_every_topic(self) -> None:
        value = post("x:x:1", 5, rev=3)
        match = Match(uid="x:x:1", rev=3, event_at=4, collected_at=5)
        seen = {
            passage(Record(POSTS_RAW.name, 0, 0, "k", value)),
            passage(Record(POSTS_ENRICHED.name, 0, 0, "k", b"enrichment", value)),
            passage(Record(ALERT_MATCHES.name, 0, 0, "k", MATCH.encode(match))),
            passage(Outgoing(POSTS_RAW.name, "k", value)),
        }
        assert seen == {Passage("x:x:1", 3, 5)}
        assert {s.trace for s in seen if s} == {trace_id("x:x:1", 3)}

    @pytest.mark.parametrize("topic", [POSTS_RAW.name, "posts.dead"])
    def test_what_cannot_be_read_is_about_nothing(self, topic: str) -> None:
        assert passage(Record(topic, 0, 0, "k", b"\xc1")) is None

    @pytest.mark.parametrize("size", [0, 1, SAMPLE, SAMPLE + 1, 100, 501])
    def test_a_sample_is_small_spread_and_begins_with_the_first(self, size: int) -> None:
        batch = list(range(size))
        some = sample(batch)
        assert len(some) == min(len(some), SAMPLE)
        assert list(some[:1]) == batch[:1]
        assert len(some) >= min(size, SAMPLE // 2)


class TestTimes:
    def test_a_post_is_handled_when_its_position_is_committed(self, clock: MovableClock) -> None:
        meter = Meter("index", clock)
        meter.polled([raw("x:x:1", clock.now() - 2 * SECOND)])
        meter.batch([raw("x:x:1", 0)], 0, 0.1)
        assert meter.report(1).post_times.total == 0
        assert meter.report(1).oldest_at == clock.now() - 2 * SECOND
        clock.advance(SECOND)
        meter.committed()
        report = meter.report(0)
        assert (report.post_times.total, report.post_times.seconds) == (1, 3.0)
        assert report.oldest_at is None

    def test_recent_times_forget_what_is_long_ago(self, clock: MovableClock) -> None:
        meter = Meter("index", clock)
        meter.polled([raw("x:x:1", clock.now())])
        meter.committed()
        assert meter.report(0).recent_post_times.total == 1
        for _ in range(40):
            clock.sleep(1.0)
            report = meter.report(0)
        assert report.recent_post_times.total == 0
        assert report.post_times.total == 1

    def test_the_rate_is_that_of_the_last_half_minute(self, clock: MovableClock) -> None:
        meter = Meter("index", clock)
        for _ in range(100):
            clock.sleep(1.0)
            meter.batch([raw("x:x:1", 0)] * 20, 0, 0.1)
            report = meter.report(0)
        assert report.rate == pytest.approx(20.0)
        for _ in range(40):
            clock.sleep(1.0)
            report = meter.report(0)
        assert report.rate == 0.0

    def test_a_stage_that_cannot_commit_holds_only_so_much(self, clock: MovableClock) -> None:
        meter = Meter("index", clock)
        for _ in range(1_000):
            meter.polled([raw("x:x:1", clock.now())] * 8)
        meter.committed()
        assert 2_000 <= meter.report(0).post_times.total < 3_000


class TestWords:
    def test_a_dead_letter_is_found_by_the_trace_of_its_post(self, clock: MovableClock) -> None:
        meter = Meter("index", clock)
        with capture_logs() as lines:
            meter.dead(MalformedRecord("a post", cause="too strange"), raw("x:x:1", 0))
        (line,) = lines
        assert line["event"] == "dead letter"
        assert line["trace_id"] == trace_id("x:x:1", 0)
        assert "too strange" in line["error"]

    def test_a_flood_is_counted_and_not_written_out(self, clock: MovableClock) -> None:
        meter = Meter("index", clock)
        with capture_logs() as lines:
            for _ in range(NAMED_FAILURES + 5):
                meter.dead("MalformedRecord: a post", raw("x:x:1", 0))
            assert meter.report(0).dead == NAMED_FAILURES + 5
            meter.report(0)
        assert [line["event"] for line in lines].count("dead letter") == NAMED_FAILURES
        assert [line["count"] for line in lines if line["event"] == "more dead letters"] == [5]
