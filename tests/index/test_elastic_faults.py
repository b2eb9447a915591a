"""What a real Elasticsearch can do to the writer: it dies, freezes, refuses, fills up.

Whatever happens, the ids that were handed out are those that can be searched and those
that were rejected with a cause, and none is there twice.
"""

from __future__ import annotations

import contextlib
import itertools
import random
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest

from index.elastic import ElasticConnection, ElasticIndex, ElasticWriter
from index.elastic.client import Server
from index.port import Entry, IndexWriter, Rejected, SearchRequest
from model.clock import MovableClock
from model.errors import IndexUnavailable
from tests.contracts.index_posts import entry, made
from tests.contracts.index_support import pages
from tests.servers.elasticsearch import ElasticServer
from tests.servers.ports import LOOPBACK, free_ports

BATCH = 300
PATIENCE_SECONDS = 180.0


class CountingClock(MovableClock):
    """Waits are counted, and take no time."""

    def __init__(self) -> None:
        super().__init__()
        self.waits = 0

    def sleep(self, seconds: float) -> None:
        self.waits += 1
        super().sleep(seconds)


@pytest.fixture
def restored(elastic_server: ElasticServer, elastic: ElasticConnection) -> Iterator[ElasticServer]:
    """The server, which runs again after the test."""
    yield elastic_server
    elastic_server.restore()


def posts(count: int, text: str = "fire") -> list[Entry]:
    return [entry(made(f"x:main:{n}", text, at=n)) for n in range(count)]


def stubborn(writer: IndexWriter, batch: Sequence[Entry]) -> list[Rejected]:
    """Write as the worker does: again and again, until it is done."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            rejected = writer.write(batch)
            writer.commit()
        except IndexUnavailable:
            assert time.monotonic() < deadline, "it never came back"
            time.sleep(0.2)
        else:
            return rejected


def write_on(
    writer: IndexWriter, batches: Sequence[Sequence[Entry]], under_way: threading.Event
) -> None:
    """Write the batches over and over, and tell when some of them are through."""
    for number, batch in enumerate(itertools.cycle(batches)):
        if number == 5:
            under_way.set()
        writer.write(batch)


def searchable(connection: ElasticConnection) -> list[str]:
    """The ids of all posts, as often as they are there."""
    with contextlib.closing(ElasticIndex(connection)) as index:
        request = SearchRequest(limit=1_000, sort="oldest")
        found = [hit.post.uid for page in pages(index, request) for hit in page.hits]
        assert index.count(SearchRequest()) == len(found)
    return sorted(found)


def test_killed_amid_bulk_requests_and_away_at_the_start(
    restored: ElasticServer, elastic: ElasticConnection
) -> None:
    handed_out = posts(6_000)
    bad = set(range(0, len(handed_out), 500))
    for n in bad:
        handed_out[n] = Entry(handed_out[n].post, b"broken")
    batches = [handed_out[n : n + BATCH] for n in range(0, len(handed_out), BATCH)]
    under_way = threading.Event()

    def kill_soon() -> None:
        under_way.wait(PATIENCE_SECONDS)
        time.sleep(random.uniform(0.0, 0.15))
        restored.process.kill()

    killer = threading.Thread(target=kill_soon)
    killer.start()
    rejected: set[int] = set()
    with contextlib.closing(ElasticWriter(elastic)) as writer:
        with pytest.raises(IndexUnavailable):
            write_on(writer, batches, under_way)
        killer.join()
        with contextlib.closing(ElasticWriter(elastic)) as early, pytest.raises(IndexUnavailable):
            early.write(batches[0])
        starter = threading.Thread(target=restored.start)
        starter.start()
        for number, batch in enumerate(batches):
            rejected |= {r.position + number * BATCH for r in stubborn(writer, batch)}
        starter.join()
    assert rejected == bad
    expected = sorted(f"x:main:{n}" for n in range(len(handed_out)) if n not in bad)
    assert searchable(elastic) == expected


def test_a_busy_server_is_asked_again_with_less(elastic: ElasticConnection) -> None:
    clock = CountingClock()
    with contextlib.closing(ElasticWriter(elastic, clock=clock)) as writer:
        batch = posts(400, "fire " * 4_000)
        rejected = writer.write(batch)
    assert rejected == []
    assert clock.waits > 0, "the server was never busy"
    assert len(searchable(elastic)) == 400


def test_an_index_that_a_full_disk_has_blocked(elastic: ElasticConnection) -> None:
    clock = CountingClock()
    server = Server(elastic)
    block = "index.blocks.read_only_allow_delete"  # what the flood-stage watermark sets
    with contextlib.closing(ElasticWriter(elastic, clock=clock)) as writer:
        writer.write(posts(10))
        writer.commit()
        server.ask("PUT", f"/{elastic.prefix}-*/_settings", {block: True})
        with pytest.raises(IndexUnavailable, match="flood-stage"):
            writer.write(posts(20))
        assert len(searchable(elastic)) == 10
        server.ask("PUT", f"/{elastic.prefix}-*/_settings", {block: None})
        assert writer.write(posts(20)) == []
    server.close()
    assert searchable(elastic) == sorted(f"x:main:{n}" for n in range(20))


def test_frozen_for_longer_than_a_request_may_take(
    restored: ElasticServer, elastic: ElasticConnection
) -> None:
    with contextlib.closing(ElasticWriter(elastic)) as patient:
        patient.write(posts(100))
        patient.commit()
    with contextlib.closing(ElasticWriter(replace(elastic, request_seconds=3.0))) as hasty:
        restored.process.freeze()
        for _ in range(2):
            with pytest.raises(IndexUnavailable, match="timed out"):
                hasty.write(posts(300))
        restored.process.thaw()
        stubborn(hasty, posts(300))
        stubborn(hasty, [entry(made("x:main:7", op="delete", rev=1))])
    assert searchable(elastic) == sorted(f"x:main:{n}" for n in range(300) if n != 7)


def test_one_node_of_two_is_away(elastic: ElasticConnection) -> None:
    (nobody,) = free_ports(1)
    both = replace(elastic, urls=(f"http://{LOOPBACK}:{nobody}", *elastic.urls))
    with contextlib.closing(ElasticWriter(both)) as writer:
        for n in range(4):
            assert writer.write([entry(made(f"x:main:{n}"))]) == []
    assert len(searchable(both)) == 4
