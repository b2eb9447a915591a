"""Spans for OpenTelemetry: one trace per post through all stages, one span per batch.

Trace and span ids are derived from the post (``model/trace.py``), so a stage knows its
parent span without anything being carried in the log. Only a share of the posts is traced,
chosen by a hash of the record's key, so that every stage chooses the same ones; each batch
is one span with links to the traced posts in it. Sending happens in a thread of the SDK's
own; while the receiver is away spans are dropped and the stage goes on.
"""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Iterator, Mapping, Sequence

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from bus.observer import BatchSeen
from bus.passage import passage
from bus.port import Outgoing, Record
from model.topics import ALERT_MATCHES
from model.trace import span_id

BEFORE: Mapping[str, str] = {
    "enrich": "ingest",
    "index": "enrich",
    "match": "enrich",
    "window": "match",
}
"""The stage whose span is the parent of this stage's."""

MOST_LINKS = 64
SEND_SECONDS = 5.0
_QUEUE = 4_096
_WHOLE = 2**32
_NANOSECONDS = 1_000
_SCOPE = InstrumentationScope("tocsin")


class SpanTracer:
    """Makes spans of what a worker has done. Belongs to one thread.

    ``share`` (0 to 1) of the posts are traced. Times are those of the batch, since a
    stage works on a batch as one.
    """

    def __init__(self, processor: SpanProcessor, stage: str, share: float) -> None:
        self._processor = processor
        self._limit = round(share * _WHOLE)
        self._resource = Resource(
            {"service.namespace": "tocsin", "service.name": f"tocsin-{stage}"}
        )

    def batch(self, seen: BatchSeen) -> None:
        """Hand over a span for each traced post of the batch, and one for the batch."""
        posts = [self._post(seen, trace) for trace in dict.fromkeys(self._traces(seen.records))]
        if not posts:
            return
        for span in posts:
            self._processor.on_end(span)
        links = [Link(span.context) for span in posts[:MOST_LINKS] if span.context]
        self._processor.on_end(self._batch(seen, links))

    def close(self) -> None:
        """Send what is left, for a few seconds at most."""
        self._processor.force_flush(round(SEND_SECONDS * 1_000))
        self._processor.shutdown()

    def _traces(self, records: Sequence[Record | Outgoing]) -> Iterator[str]:
        for record in records:
            if self._chosen(record) and (about := passage(record)) is not None:
                yield about.trace

    def _chosen(self, record: Record | Outgoing) -> bool:
        """By the post's uid, which is the key in all topics of posts but not of matches."""
        key = record.key
        if record.topic == ALERT_MATCHES.name and (about := passage(record)) is not None:
            key = about.uid
        return zlib.crc32(key.encode("utf-8", "surrogatepass")) < self._limit

    def _post(self, seen: BatchSeen, trace: str) -> ReadableSpan:
        before = BEFORE.get(seen.stage)
        return ReadableSpan(
            seen.stage,
            context=_context(trace, span_id(trace, seen.stage)),
            parent=_context(trace, span_id(trace, before)) if before else None,
            resource=self._resource,
            attributes={"tocsin.stage": seen.stage},
            kind=SpanKind.CONSUMER if before else SpanKind.PRODUCER,
            start_time=seen.began_at * _NANOSECONDS,
            end_time=seen.ended_at * _NANOSECONDS,
            instrumentation_scope=_SCOPE,
        )

    def _batch(self, seen: BatchSeen, links: Sequence[Link]) -> ReadableSpan:
        return ReadableSpan(
            f"{seen.stage} batch",
            context=_context(secrets.token_hex(16), secrets.token_hex(8)),
            resource=self._resource,
            attributes={
                "tocsin.stage": seen.stage,
                "messaging.batch.message_count": len(seen.records),
                "tocsin.dead_letters": seen.failed,
            },
            links=links,
            status=Status(StatusCode.ERROR if seen.failed else StatusCode.UNSET),
            start_time=seen.began_at * _NANOSECONDS,
            end_time=seen.ended_at * _NANOSECONDS,
            instrumentation_scope=_SCOPE,
        )


def open_tracer(endpoint: str, stage: str, share: float) -> SpanTracer:
    """A tracer that sends by OTLP over HTTP to ``endpoint``, the whole address of the
    receiver, as ``http://127.0.0.1:4318/v1/traces``."""
    exporter = OTLPSpanExporter(endpoint=endpoint, timeout=SEND_SECONDS)
    processor = BatchSpanProcessor(exporter, max_queue_size=_QUEUE, schedule_delay_millis=1_000)
    return SpanTracer(processor, stage, share)


def _context(trace: str, span: str) -> SpanContext:
    sampled = TraceFlags(TraceFlags.SAMPLED)
    return SpanContext(int(trace, 16), int(span, 16), is_remote=False, trace_flags=sampled)
