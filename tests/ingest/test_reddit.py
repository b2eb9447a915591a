"""Reddit's listings by the real client against a server that misbehaves as told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ingest.port import ConnectionFailed, CredentialRefused, State
from ingest.reddit import RedditPolicy, RedditSource
from ingest.reddit_client import RedditClient
from ingest.reddit_listing import MOST_PROBES, between
from ingest.terms import Wanted
from model.clock import MINUTE
from model.errors import ConfigurationError
from tests.ingest.reading import Reader
from tests.platforms.reddit import Reddit

POLICY = RedditPolicy(pause=1.0, look_again=10 * MINUTE)


@pytest.fixture
def server() -> Iterator[Reddit]:
    with Reddit() as running:
        yield running


def reader(server: Reddit, *terms: str, state: State | None = None) -> Reader:
    client = RedditClient(server.secret, url=server.url)
    wanted = Wanted(terms=terms)
    source = RedditSource("town", ("guildford",), client, wanted=wanted, policy=POLICY)
    return Reader(server, source, state)


def rested(reading: Reader) -> None:
    """Fetch until the source has nothing more to ask and wants to be left alone."""
    while (batch := reading.once()) is None or not batch.wait:
        pass


def started(server: Reddit, *terms: str) -> Reader:
    """A reader that has met what was there before it."""
    server.submit("before us")
    reading = reader(server, *terms)
    rested(reading)
    reading.posts.clear()
    return reading


def test_submissions_and_comments_come_oldest_first(server: Reddit) -> None:
    reading = started(server)
    first = server.submit("fire at the mill")
    second = server.submit("is it out yet?")
    third = server.comment("still burning")
    rested(reading)
    assert [post.uid for post in reading.posts] == [first, second, third]
    post = reading.posts[0]
    assert (post.title, post.community) == ("fire at the mill", "guildford")
    assert post.author is not None
    assert post.author.handle == "somebody"
    assert reading.posts[2].kind == "reply"


def test_only_what_is_wanted_passes(server: Reddit) -> None:
    reading = started(server, "fire")
    server.submit("a quiet evening")
    wanted = server.submit("Fire on the High Street")
    rested(reading)
    assert [post.uid for post in reading.posts] == [wanted]


def test_a_burst_after_a_quiet_poll_is_read_whole(server: Reddit) -> None:
    """The library's own stream gives 97 of these 350."""
    reading = started(server)
    rested(reading)
    burst = [server.submit(f"post {n}") for n in range(350)]
    rested(reading)
    assert {post.uid for post in reading.posts} == set(burst)
    assert len(reading.posts) == 350


def test_what_came_while_it_was_down_is_found_by_number(server: Reddit) -> None:
    """The listing shows a thousand; the library's own stream gives 100 of these 1,200."""
    first = started(server)
    known = server.submit("known")
    rested(first)
    assert first.has(known)
    missed = [server.submit(f"missed {n}") for n in range(1_200)]
    again = reader(server, state=first.state)
    rested(again)
    assert {post.uid for post in again.posts} == set(missed)
    assert [gap.state for gap in again.gaps] == ["backfilled"]


def test_a_gap_too_wide_for_numbers_is_declared_lost(server: Reddit) -> None:
    first = started(server)
    known = server.submit("known")
    rested(first)
    missed = [server.submit(f"missed {n}", skipped=200) for n in range(1_100)]
    again = reader(server, state=first.state)
    rested(again)
    found = {post.uid for post in again.posts}
    assert found == set(missed[100:])
    (gap,) = again.gaps
    assert gap.state == "blind"
    assert gap.since == server.things[known.rpartition(":")[2]]["created_utc"] * 1_000_000
    assert gap.until == server.things[missed[100].rpartition(":")[2]]["created_utc"] * 1_000_000


def test_a_crash_in_the_middle_of_a_walk_walks_again(server: Reddit) -> None:
    first = started(server)
    state = first.state
    posted = [server.submit(f"post {n}") for n in range(250)]
    first.once()
    again = reader(server, state=first.state)
    rested(again)
    assert {post.uid for post in again.posts} == set(posted)
    assert first.state == state


def test_edits_and_deletions_are_found_by_looking_again(server: Reddit) -> None:
    reading = started(server)
    kept, edited, emptied, vanished = (server.submit(f"post {n}") for n in range(4))
    comment = server.comment("so it says")
    rested(reading)
    reading.posts.clear()
    server.edit(edited, "changed")
    server.empty(emptied)
    server.empty(comment)
    server.vanish(vanished)
    server.now_s += 601
    rested(reading)
    assert {(post.op, post.uid) for post in reading.posts} == {
        ("edit", edited),
        ("delete", emptied),
        ("delete", comment),
        ("delete", vanished),
    }
    assert kept not in {post.uid for post in reading.posts}
    reading.posts.clear()
    server.now_s += 601
    rested(reading)
    assert reading.posts == [], "the same news comes once"


def test_the_pace_that_reddit_asks_for_is_passed_on(server: Reddit) -> None:
    server.faults = [(429, {"retry-after": "90"})]
    reading = reader(server)
    reading.source.open({})
    with pytest.raises(ConnectionFailed, match="429") as caught:
        reading.source.fetch(server.now_us, 500)
    assert caught.value.retry_after == 90


def test_a_wrong_secret_ends_the_source_and_is_not_shown(server: Reddit) -> None:
    server.secret = "app:another"
    client = RedditClient("app:wr0ng", url=server.url)
    source = RedditSource("town", ("guildford",), client)
    source.open({})
    with pytest.raises(CredentialRefused) as caught:
        source.fetch(server.now_us, 500)
    assert "wr0ng" not in str(caught.value)


def test_half_a_secret_is_refused_at_once() -> None:
    with pytest.raises(ConfigurationError, match="id:secret"):
        RedditClient("only-an-id")


def test_names_between_two_are_counted_in_base_36() -> None:
    assert list(between("t3_z", "t3_13")) == ["t3_10", "t3_11", "t3_12"]
    assert list(between("t3_1", "t3_2")) == []
    far = "t3_zzzz"
    assert int("zzzz", 36) > MOST_PROBES
    assert list(between("t3_1", far)) == []
