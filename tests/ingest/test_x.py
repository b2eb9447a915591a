"""X's stream and search by the real client against a server that misbehaves as told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ingest.port import ConnectionFailed, CredentialRefused, Source, State
from ingest.x import RULE_CHARS, XPolicy, XSource, rule_change
from ingest.x_client import STEADY_SECONDS, XClient, XRule
from model.clock import MINUTE
from model.errors import ConfigurationError
from tests.ingest.reading import Reader
from tests.platforms.x import TOKEN, Fault, X

POLICY = XPolicy(settle=0, page_pause=0)
RULE = "(fire OR police) place_country:GB"


@pytest.fixture
def server() -> Iterator[X]:
    with X() as running:
        yield running


def source(server: X, *rules: str, token: str = TOKEN) -> XSource:
    client = XClient(token, url=server.url)
    return XSource("town", rules or (RULE,), client, authority="A-1", policy=POLICY)


def started(server: X, stream: XSource, state: State | None = None) -> Reader:
    """A reader that is connected, so that what is posted from now on reaches it."""
    reader = Reader(server, stream, state)
    streams = server.streams
    reader.until(lambda: server.streams > streams)
    return reader


def drained(stream: Source, server: X) -> None:
    """Fetch until the stream ends, which raises."""
    while True:
        stream.fetch(server.now_us, 100)


def test_posts_come_with_the_bytes_of_their_line_and_their_author(server: X) -> None:
    reader = started(server, source(server))
    uid = server.post("fire at the mill")
    reader.until(lambda: reader.has(uid))
    reader.close()
    (post,) = reader.posts
    assert post.author is not None
    assert (post.author.handle, post.text) == ("somebody", "fire at the mill")
    assert post.raw is not None
    assert b"matching_rules" in post.raw.data
    assert post.delivery is not None
    assert post.delivery.authority == "A-1"


def test_the_rules_are_brought_into_line_and_others_are_left_alone(server: X) -> None:
    server.rules = {
        "1": {"id": "1", "value": "old", "tag": "tocsin:town"},
        "2": {"id": "2", "value": "theirs", "tag": "research"},
    }
    reader = started(server, source(server))
    reader.close()
    assert {(rule["value"], rule["tag"]) for rule in server.rules.values()} == {
        ("theirs", "research"),
        (RULE, "tocsin:town"),
    }


def test_posts_of_other_rules_are_not_taken(server: X) -> None:
    reader = started(server, source(server))
    mine = server.post("for us")
    reader.until(lambda: reader.has(mine))
    server.rules = {"2": {"id": "2", "value": "theirs", "tag": "research"}}
    server.post("for them")
    server.rules["3"] = {"id": "3", "value": RULE, "tag": "tocsin:town"}
    last = server.post("for both")
    reader.until(lambda: reader.has(last))
    reader.close()
    assert all(post.text != "for them" for post in reader.posts)


def test_a_bad_line_is_a_bad_item_and_stops_nothing(server: X) -> None:
    reader = started(server, source(server))
    server.line(b'{"data": {"id": "17", "text": "half a po')
    server.post("next")
    server.line(b'{"data": {"id": "18", "text": "\xff\xfe"}}')
    last = server.post("still here")
    reader.until(lambda: reader.has(last))
    reader.close()
    assert len(reader.bad) == 2
    assert reader.errors == []


@pytest.mark.parametrize("end", ["close", "cut", "disconnect"])
def test_nothing_is_lost_when_the_stream_ends(server: X, end: str) -> None:
    server.faults = [Fault(posts=2, end=end), Fault(posts=1, end=end)]
    reader = started(server, source(server))
    posted = [server.post(f"post {n}") for n in range(6)]
    reader.until(lambda: reader.has(*posted[:2]) and len(reader.errors) >= 1)
    posted += [server.post(f"missed {n}") for n in range(35)]
    reader.until(lambda: reader.has(*posted) and reader.gaps != [])
    reader.close()
    assert set(posted) <= server.handed_out
    assert {gap.state for gap in reader.gaps} == {"backfilled"}


def test_every_end_asks_to_be_left_alone_so_that_no_storm_of_connections_breaks_out(
    server: X,
) -> None:
    """X closes each connection at once; the library's own loop would come straight back."""
    server.faults = [Fault(posts=0)] * 3
    stream = source(server)
    for number in range(3):
        stream.open({})
        with pytest.raises(ConnectionFailed) as caught:
            drained(stream, server)
        stream.close()
        assert caught.value.retry_after == STEADY_SECONDS
        assert server.streams == number + 1


def test_the_past_is_searched_once_the_index_has_caught_up(server: X) -> None:
    seen_at = server.now_us
    missed = [server.post(f"missed {n}") for n in range(25)]
    client = XClient(TOKEN, url=server.url)
    stream = XSource("town", (RULE,), client, policy=XPolicy(settle=MINUTE, page_pause=0))
    reader = started(server, stream, {"seen_at": seen_at})
    for _ in range(3):
        reader.once()
    assert server.searches == []
    server.now_ms += 61_000
    reader.until(lambda: reader.gaps != [])
    reader.close()
    assert reader.has(*missed)
    assert len(server.searches) == 3
    assert server.searches[0]["query"] == [RULE]
    assert (reader.gaps[0].state, reader.gaps[0].since) == ("backfilled", seen_at)


def test_a_crash_while_the_past_is_searched_searches_it_again(server: X) -> None:
    seen_at = server.now_us
    missed = [server.post(f"missed {n}") for n in range(25)]
    first = started(server, source(server), {"seen_at": seen_at})
    first.until(lambda: first.posts != [])
    first.close()
    assert first.state == {"seen_at": seen_at}
    again = Reader(server, source(server), first.state)
    again.until(lambda: again.gaps != [])
    again.close()
    assert again.has(*missed)


def test_a_rule_too_long_for_search_leaves_its_past_declared_lost(server: X) -> None:
    reader = started(server, source(server, "fire " * 120), {"seen_at": server.now_us - MINUTE})
    reader.until(lambda: reader.gaps != [])
    reader.close()
    assert reader.gaps[0].state == "blind"
    assert "512" in reader.gaps[0].reason
    assert server.searches == []


@pytest.mark.parametrize(
    ("fault", "least"),
    [
        (Fault(status=503), STEADY_SECONDS),
        (Fault(status=429), 60.0),
        (Fault(status=429, headers=(("x-rate-limit-reset", "1"),)), 60.0),
        (Fault(status=429, headers=(("x-rate-limit-reset", "99999999999"),)), 1e9),
    ],
)
def test_a_refused_stream_says_when_to_come_back(server: X, fault: Fault, least: float) -> None:
    server.faults = [fault]
    reader = Reader(server, source(server))
    stream = reader.source
    stream.open({})
    with pytest.raises(ConnectionFailed, match=str(fault.status)) as caught:
        drained(stream, server)
    stream.close()
    assert caught.value.retry_after is not None
    assert caught.value.retry_after >= least


def test_a_token_that_x_does_not_know_ends_the_source_and_is_not_shown(server: X) -> None:
    with pytest.raises(CredentialRefused) as caught:
        source(server, token="wrong-s3cret").open({})
    assert "wrong-s3cret" not in str(caught.value)


def test_a_rule_that_x_refuses_ends_the_source(server: X) -> None:
    with pytest.raises(CredentialRefused, match="nonsense"):
        source(server, "nonsense:rule").open({})


def test_a_rule_that_is_too_long_is_refused_before_x_is_asked(server: X) -> None:
    with pytest.raises(ConfigurationError, match="1,024"):
        source(server, "f" * (RULE_CHARS + 1))


def test_what_has_to_change_in_the_rules() -> None:
    present = [XRule("a", "t", "1"), XRule("b", "t", "2"), XRule("c", "other", "3")]
    change = rule_change(present, ["b", "c", "c"], "t")
    assert change.add == [XRule("c", "t")]
    assert change.remove == [XRule("a", "t", "1")]
