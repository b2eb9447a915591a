"""The writer of the Elasticsearch index against the bare client on the same documents.

Both put the same posts into a fresh index of the same server, in turn, after passes of
each that are not counted. The bare client sends bulk requests whose bytes were made
beforehand, refreshes as often as the writer commits, and remembers nothing of a post; the
writer reads both records of each post, builds the document and keeps its standing.
"""

from __future__ import annotations

import dataclasses
import functools
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

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
from tests.servers.elasticsearch import ElasticServer, start_elasticsearch

GOAL = 0.8
REQUEST = 1_000
"""Documents of a bare request, and the half of what the writer is given at a time."""

COMMIT = 5_000
THREADS = (1, 2)
WARMING = 2
"""Passes that are not counted: a cold server takes twice the time."""


class Figures(msgspec.Struct, frozen=True):
    """Posts a second, the median of the passes; ``bare`` by the number of threads.

    CPU is in microseconds a post: of this process while our writer writes, of the server
    meanwhile, and of the server with the bare client. On a machine that others use too it
    says more than the rates.
    """

    posts: int
    passes: int
    writer: float
    bare: dict[int, float]
    client_cpu_us: float
    server_cpu_us: float
    bare_server_cpu_us: float
    loop_seconds: float

    @property
    def share(self) -> float:
        """The writer's rate as a share of the bare client's best."""
        return self.writer / max(self.bare.values())


def measure(posts: Path, passes: int) -> Figures:
    """Start a server, write the posts in every way, stop it."""
    entries = [Entry(record.base, record.value) for record in enriched_records(posts)]
    server = start_elasticsearch(lasting=True)
    try:
        return _measured(entries, server, passes)
    finally:
        server.close()


def _measured(entries: Sequence[Entry], server: ElasticServer, passes: int) -> Figures:
    connection = server.connection("bench")
    writer: list[_Run] = []
    bare: dict[int, list[_Run]] = {threads: [] for threads in THREADS}
    for number in range(passes + WARMING):
        for threads in THREADS:
            with _fresh(connection, f"bare{number}x{threads}") as place:
                bodies = _bodies(entries, place)
                send = functools.partial(_bare, bodies, place, threads)
                bare[threads].append(_run(send, server, len(entries)))
        with _fresh(connection, f"writer{number}") as place:
            writer.append(_run(_prepared(entries, place), server, len(entries)))
    del writer[:WARMING]
    for runs in bare.values():
        del runs[:WARMING]
    return Figures(
        posts=len(entries),
        passes=passes,
        writer=statistics.median(run.rate for run in writer),
        bare={threads: statistics.median(run.rate for run in bare[threads]) for threads in bare},
        client_cpu_us=statistics.median(run.client_us for run in writer),
        server_cpu_us=statistics.median(run.server_us for run in writer),
        bare_server_cpu_us=statistics.median(
            run.server_us for runs in bare.values() for run in runs
        ),
        loop_seconds=loop_seconds(),
    )


class _Run(NamedTuple):
    rate: float
    client_us: float
    server_us: float


def _run(send: Callable[[], None], server: ElasticServer, count: int) -> _Run:
    """One way of writing so many posts."""
    busy, own, started = _cpu_seconds(server), time.process_time(), time.perf_counter()
    send()
    seconds = time.perf_counter() - started
    own, busy = time.process_time() - own, _cpu_seconds(server) - busy
    return _Run(count / seconds, own / count * 1e6, busy / count * 1e6)


def _cpu_seconds(server: ElasticServer) -> float:
    """Of all processes of the server's group, by /proc/PID/stat (proc(5), fields 5, 14, 15)."""
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has ended meanwhile
        if int(fields[2]) == server.process.pid:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


@contextmanager
def _fresh(connection: ElasticConnection, prefix: str) -> Iterator[ElasticConnection]:
    """The same server under a prefix of its own, which is cleared afterwards."""
    yield dataclasses.replace(connection, prefix=prefix)
    server = Server(connection)
    names = server.ask("GET", f"/{prefix}-*", filter_path="*.aliases").body
    server.ask("DELETE", f"/{','.join(names)}")
    server.close()


def _prepared(entries: Sequence[Entry], place: ElasticConnection) -> Callable[[], None]:
    """Our writer, whose indices are there, as they are for the bare client."""
    writer = ElasticWriter(place)
    assert writer.write(entries[:1]) == []
    return functools.partial(_written, writer, entries)


def _written(writer: ElasticWriter, entries: Sequence[Entry]) -> None:
    """Our writer, given as much at a time as it sends in two requests."""
    step = REQUEST * max(THREADS)
    since_commit = 0
    for start in range(0, len(entries), step):
        batch = entries[start : start + step]
        assert writer.write(batch) == []
        since_commit += len(batch)
        if since_commit >= COMMIT:
            writer.commit()
            since_commit = 0
    writer.close()


def _bodies(entries: Sequence[Entry], place: ElasticConnection) -> list[bytes]:
    """The same documents as bulk requests, and the indices that they go to."""
    server = Server(place)
    layout = Layout(server, place)
    layout.prepare()
    names = layout.names
    events, _ = decode(entries)
    layout.ensure(names.period(event.post.event_at) for event in events)
    server.close()
    items = [put_post(names.alias(names.period(e.post.event_at)), 1, e) for e in events]
    return [b"".join(items[n : n + REQUEST]) for n in range(0, len(items), REQUEST)]


def _bare(bodies: Sequence[bytes], place: ElasticConnection, threads: int) -> None:
    """The client alone."""
    client = Elasticsearch(list(place.urls), request_timeout=60)

    def send(body: bytes) -> bool:
        made = client.bulk(operations=(body,), filter_path="errors")  # type: ignore[arg-type]  # bytes pass
        return bool(made["errors"])

    each = COMMIT // REQUEST
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(bodies), each):
            assert not any(pool.map(send, bodies[start : start + each]))
            client.indices.refresh(index=f"{place.prefix}-posts")
    client.close()
