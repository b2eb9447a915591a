"""Spans that reach a receiver: the same trace in every stage, without anything carried."""

from __future__ import annotations

from collections.abc import Sequence

from bus.observer import BatchSeen
from bus.port import Outgoing, Record
from model.clock import SECOND
from model.incident import MATCH, Match
from model.post import POST, Post
from model.topics import ALERT_MATCHES, POSTS_ENRICHED, POSTS_RAW
from model.trace import span_id, trace_id
from observe.traces import open_tracer
from tests.observe.receiver import Receiver, SpanSeen

AT = 1_700_000_000 * SECOND
UIDS = [f"x:x:{number}" for number in range(1_000)]


def encoded(uid: str) -> bytes:
    return POST.encode(Post(event_id="e", op="create", uid=uid, collected_at=AT))


def send(
    receiver: Receiver, stage: str, records: Sequence[Record | Outgoing], share: float = 1.0
) -> None:
    tracer = open_tracer(receiver.url, stage, share)
    tracer.batch(BatchSeen(stage, records, 0, AT, AT + SECOND))
    tracer.close()


def through_every_stage(receiver: Receiver, uids: Sequence[str], share: float) -> None:
    matches = [MATCH.encode(Match(uid=uid, event_at=AT, collected_at=AT)) for uid in uids]
    raw = [Record(POSTS_RAW.name, 0, 0, uid, encoded(uid)) for uid in uids]
    enriched = [Record(POSTS_ENRICHED.name, 0, 0, uid, b"", encoded(uid)) for uid in uids]
    found = [Record(ALERT_MATCHES.name, 0, 0, "rule|derby", match) for match in matches]
    send(receiver, "ingest", [Outgoing(POSTS_RAW.name, r.key, r.value) for r in raw], share)
    send(receiver, "enrich", raw, share)
    send(receiver, "index", enriched, share)
    send(receiver, "match", enriched, share)
    send(receiver, "window", found, share)


def of_posts(spans: Sequence[SpanSeen]) -> list[SpanSeen]:
    return [span for span in spans if not span.name.endswith("batch")]


def test_a_post_has_one_trace_through_all_stages() -> None:
    with Receiver() as receiver:
        through_every_stage(receiver, ["x:x:1"], 1.0)
        spans = {span.name: span for span in of_posts(receiver.spans)}
    trace = trace_id("x:x:1", 0)
    assert {span.trace for span in spans.values()} == {trace}
    parents = {name: span.parent for name, span in spans.items()}
    assert parents == {
        "ingest": "",
        "enrich": spans["ingest"].span,
        "index": spans["enrich"].span,
        "match": spans["enrich"].span,
        "window": spans["match"].span,
    }
    assert spans["window"].span == span_id(trace, "window")
    assert spans["index"].service == "tocsin-index"
    assert (spans["index"].began, spans["index"].ended) == (AT * 1_000, (AT + SECOND) * 1_000)


def test_every_stage_chooses_the_same_share_of_the_posts() -> None:
    with Receiver() as receiver:
        through_every_stage(receiver, UIDS, 0.1)
        spans = of_posts(receiver.spans)
    chosen = {name: {s.trace for s in spans if s.name == name} for name in {s.name for s in spans}}
    assert len(chosen) == 5
    assert len(set(map(frozenset, chosen.values()))) == 1
    assert 50 < len(chosen["enrich"]) < 200


def test_a_batch_is_one_span_that_names_its_posts() -> None:
    with Receiver() as receiver:
        send(receiver, "enrich", [Record(POSTS_RAW.name, 0, 0, u, encoded(u)) for u in UIDS[:3]])
        spans = receiver.spans
    (batch,) = [span for span in spans if span.name == "enrich batch"]
    assert batch.links == {(span.trace, span.span) for span in of_posts(spans)}
    assert len(batch.links) == 3


def test_a_share_of_nothing_sends_nothing() -> None:
    with Receiver() as receiver:
        through_every_stage(receiver, UIDS[:50], 0.0)
        assert receiver.spans == []


def test_a_receiver_that_is_away_stops_nobody() -> None:
    with Receiver() as receiver:
        away = receiver.url
    tracer = open_tracer(away, "enrich", 1.0)
    tracer.batch(BatchSeen("enrich", [Record(POSTS_RAW.name, 0, 0, "k", encoded("k"))], 0, AT, AT))
    tracer.close()


def test_a_record_that_nobody_can_read_has_no_span() -> None:
    with Receiver() as receiver:
        send(receiver, "enrich", [Record(POSTS_RAW.name, 0, 0, "k", b"\xc1")])
        assert receiver.spans == []
