"""The writer of the Elasticsearch index against the bare client on the same documents.

Both put the same posts into a fresh index of the same server, in turn, after a pass of
each that is not counted. The bare client sends bulk requests whose bytes were made
beforehand, refreshes as often as the writer commits, and remembers nothing of a post; the
writer reads both records of each post, builds the document and keeps its standing.
"""

from __future__ import annotations

import dataclasses
import statistics
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import msgspec
from elasticsearch import Elasticsearch

from bench.calibration import loop_seconds
from bench.profile import enriched_records
from index.elastic import ElasticConnection, ElasticWriter
from index.elastic.client import Server
from index.elastic.document import put_post
from index.elastic.layout import Layout
from index.events import decode
from index.port import Entry
from tests.servers.elasticsearch import start_elasticsearch

GOAL = 0.8
HEAP = "1g"
REQUEST = 1_000
"""Documents of a bare request, and the half of what the writer is given at a time."""

COMMIT = 5_000
THREADS = (1, 2)


class Figures(msgspec.Struct, frozen=True):
    """Posts a second, the median of the passes; ``bare`` by the number of threads."""

    posts: int
    passes: int
    writer: float
    bare: dict[int, float]
    writer_cpu_us: float
    loop_seconds: float

    @property
    def share(self) -> float:
        """The writer's rate as a share of the bare client's best."""
        return self.writer / max(self.bare.values())


def measure(posts: Path, passes: int) -> Figures:
    """Start a server, write the posts in every way, stop it."""
    entries = [Entry(record.base, record.value) for record in enriched_records(posts)]
    server = start_elasticsearch(heap=HEAP)
    try:
        return _measured(entries, server.connection("bench"), passes)
    finally:
        server.close()


def _measured(entries: Sequence[Entry], connection: ElasticConnection, passes: int) -> Figures:
    written: list[float] = []
    cpu: list[float] = []
    bare: dict[int, list[float]] = {threads: [] for threads in THREADS}
    for number in range(passes + 1):
        for threads in THREADS:
            with _fresh(connection, f"bare{number}x{threads}") as place:
                bare[threads].append(_bare(entries, place, threads))
        with _fresh(connection, f"writer{number}") as place:
            started = time.process_time()
            written.append(_written(entries, place))
            cpu.append((time.process_time() - started) / len(entries) * 1e6)
    return Figures(
        posts=len(entries),
        passes=passes,
        writer=statistics.median(written[1:]),
        bare={threads: statistics.median(rates[1:]) for threads, rates in bare.items()},
        writer_cpu_us=statistics.median(cpu[1:]),
        loop_seconds=loop_seconds(),
    )


@contextmanager
def _fresh(connection: ElasticConnection, prefix: str) -> Iterator[ElasticConnection]:
    """The same server under a prefix of its own, which is cleared afterwards."""
    yield dataclasses.replace(connection, prefix=prefix)
    server = Server(connection)
    names = server.ask("GET", f"/{prefix}-*", filter_path="*.aliases").body
    server.ask("DELETE", f"/{','.join(names)}")
    server.close()


def _written(entries: Sequence[Entry], place: ElasticConnection) -> float:
    """Posts a second of our writer."""
    writer = ElasticWriter(place)
    step = REQUEST * max(THREADS)
    since_commit = 0
    started = time.perf_counter()
    for start in range(0, len(entries), step):
        batch = entries[start : start + step]
        assert writer.write(batch) == []
        since_commit += len(batch)
        if since_commit >= COMMIT:
            writer.commit()
            since_commit = 0
    writer.close()
    return len(entries) / (time.perf_counter() - started)


def _bare(entries: Sequence[Entry], place: ElasticConnection, threads: int) -> float:
    """Posts a second of the client alone."""
    layout = Layout(Server(place), place)
    layout.prepare()
    names = layout.names
    events, _ = decode(entries)
    layout.ensure(names.period(event.post.event_at) for event in events)
    items = [put_post(names.alias(names.period(e.post.event_at)), 1, e) for e in events]
    bodies = [b"".join(items[n : n + REQUEST]) for n in range(0, len(items), REQUEST)]
    client = Elasticsearch(list(place.urls), request_timeout=60)

    def send(body: bytes) -> bool:
        made = client.bulk(operations=(body,), filter_path="errors")  # type: ignore[arg-type]  # bytes pass
        return bool(made["errors"])

    each = COMMIT // REQUEST
    started = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(bodies), each):
            assert not any(pool.map(send, bodies[start : start + each]))
            client.indices.refresh(index=names.posts)
    seconds = time.perf_counter() - started
    client.close()
    return len(entries) / seconds
