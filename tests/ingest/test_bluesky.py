"""Bluesky's stream against a server that speaks its protocol and misbehaves as told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ingest.bluesky import BlueskySource, JetstreamPolicy
from ingest.port import ConnectionFailed, SourceGone
from ingest.terms import Wanted
from model.clock import HOUR, SECOND
from model.coverage import CoverageGap
from model.errors import ConfigurationError
from tests.ingest.reading import Reader
from tests.platforms.jetstream import Fault, Jetstream


@pytest.fixture
def server() -> Iterator[Jetstream]:
    with Jetstream() as running:
        yield running


def source(server: Jetstream, wanted: Wanted | None = None, **policy: float) -> BlueskySource:
    return BlueskySource(
        "town",
        wanted or Wanted(),
        url=server.url,
        authority="A-1",
        policy=JetstreamPolicy(**policy),  # type: ignore[arg-type]
    )


def started(server: Jetstream, stream: BlueskySource) -> Reader:
    """A reader that is connected, so that what is posted from now on reaches it."""
    reader = Reader(server, stream)
    reader.until(lambda: bool(server.cursors))
    return reader


def test_posts_that_are_wanted_come_with_bytes_time_and_author(server: Jetstream) -> None:
    reader = started(server, source(server, Wanted(terms=("fire",), languages=("en",))))
    wanted = server.post("did:plc:a", "Fire in the High Street!")
    server.post("did:plc:b", "a firefly")
    server.post("did:plc:c", "fire", langs=("de",))
    last = server.post("did:plc:d", "another #Fire, no language", langs=())
    reader.until(lambda: reader.has(last))
    assert [post.uid for post in reader.posts] == [wanted, last]
    first = reader.posts[0]
    assert first.author is not None
    assert first.author.id == "did:plc:a"
    assert first.observed_at == server.events[0].time_us
    assert first.raw is not None
    assert first.raw.data == str(server.events[0].data).encode()
    assert first.delivery is not None
    assert first.delivery.authority == "A-1"


def test_deletions_and_deleted_accounts_come_whatever_is_wanted(server: Jetstream) -> None:
    reader = started(server, source(server, Wanted(terms=("fire",))))
    uid = server.post("did:plc:a", "fire")
    server.delete(uid)
    server.account("did:plc:b", "deactivated")
    server.account("did:plc:c", "deleted")
    reader.until(lambda: len(reader.posts) >= 3)
    assert [(post.op, post.uid) for post in reader.posts] == [
        ("create", uid),
        ("delete", uid),
        ("account_delete", "bluesky:bsky.app:did:plc:c"),
    ]
    assert reader.bad == []


def test_what_is_no_event_is_a_bad_item_and_stops_nothing(server: Jetstream) -> None:
    reader = started(server, source(server))
    server.raw('{"did": "did:plc:a", "time_us": 17')
    server.raw(b"\xff\xfe\x00")
    after = server.post("did:plc:a", "still here \ud83d\udd25")
    reader.until(lambda: reader.has(after))
    assert len(reader.bad) == 2
    assert reader.posts[0].text == "still here \N{FIRE}"


@pytest.mark.parametrize("end", ["close", "cut", "silence"])
def test_nothing_is_lost_when_the_connection_ends(server: Jetstream, end: str) -> None:
    reader = started(server, source(server, silence=4.0))
    server.faults = [Fault(events=3, end=end), Fault(events=0, end=end), Fault(events=4, end=end)]
    posted = [server.post("did:plc:a", f"post {n}") for n in range(20)]
    reader.close()
    reader.state = {"cursor": server.events[0].time_us}

    def caught_up() -> bool:
        if end == "silence":
            server.now_us += 2 * SECOND  # only time shows that a line is dead
        return reader.has(*posted)

    reader.until(caught_up)
    assert reader.errors
    assert set(posted) <= set(server.handed_out)


def test_a_new_connection_begins_a_little_before_the_last_event(server: Jetstream) -> None:
    first = started(server, source(server))
    one = server.post("did:plc:a", "one")
    first.until(lambda: first.has(one))
    first.close()
    missed = [server.post("did:plc:a", f"missed {n}") for n in range(30)]
    again = Reader(server, source(server, rewind=5.0), first.state)
    again.until(lambda: again.has(*missed))
    cursor = first.state["cursor"]
    assert isinstance(cursor, int)
    assert server.cursors[-1] == cursor - 5 * SECOND
    filled = [(gap.state, gap.since) for gap in again.gaps]
    assert filled == [("backfilled", cursor)]
    again.close()


def test_what_the_stream_no_longer_has_is_declared_lost(server: Jetstream) -> None:
    reader = started(server, source(server))
    seen = server.post("did:plc:a", "seen")
    reader.until(lambda: reader.has(seen))
    reader.close()
    for _ in range(20):
        server.post("did:plc:a", "lost", after=60)
    kept = server.post("did:plc:a", "kept", after=60)
    server.forgotten_before = server.now_us
    again = Reader(server, source(server), reader.state)
    again.until(lambda: again.has(kept))
    lost = again.gaps[0]
    assert (lost.state, lost.since, lost.until) == ("blind", reader.state["cursor"], server.now_us)
    again.close()


def test_a_cursor_that_is_older_than_the_window_is_declared_lost(server: Jetstream) -> None:
    wanted = Wanted(authors=("did:plc:quiet",))
    old = server.now_us - 50 * HOUR
    reader = Reader(server, source(server, wanted), {"cursor": old})
    reader.until(lambda: bool(reader.gaps))
    assert reader.gaps == [
        CoverageGap(
            since=old,
            until=server.now_us - 36 * HOUR,
            state="blind",
            reason="the stream no longer had what came in this time",
        )
    ]
    server.now_us += 10 * SECOND
    reader.until(lambda: len(reader.gaps) > 1)
    assert reader.gaps[1].state == "backfilled"
    reader.close()


@pytest.mark.parametrize(
    ("fault", "patience"),
    [
        (Fault(status=429, retry_after="90"), 90.0),
        (Fault(status=429), 60.0),
        (Fault(status=503), None),
    ],
)
def test_a_refused_connection_says_when_to_come_back(
    server: Jetstream, fault: Fault, patience: float | None
) -> None:
    server.faults = [fault]
    with pytest.raises(ConnectionFailed, match=str(fault.status)) as caught:
        source(server).open({})
    assert caught.value.retry_after == patience


def test_a_stream_that_is_gone_ends_the_source(server: Jetstream) -> None:
    server.faults = [Fault(status=410)]
    with pytest.raises(SourceGone):
        source(server).open({})


def test_an_address_of_the_web_is_no_stream() -> None:
    with pytest.raises(ConfigurationError, match="wss://"):
        BlueskySource("town", Wanted(), url="https://example.org/subscribe")


def test_the_cursor_moves_on_although_nothing_passes(server: Jetstream) -> None:
    reader = started(server, source(server, Wanted(terms=("fire",))))
    for _ in range(3):
        server.post("did:plc:a", "nothing of note", after=10)
    reader.until(lambda: reader.state.get("cursor") == server.now_us)
    assert reader.posts == []
    reader.close()
