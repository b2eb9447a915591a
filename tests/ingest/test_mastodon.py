"""A Mastodon timeline against a server that speaks its protocol and misbehaves as told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from ingest.download import Downloader
from ingest.event_stream import StreamLimits
from ingest.mastodon import MastodonPolicy, MastodonSource, Timeline
from ingest.port import CredentialRefused, SourceGone
from ingest.terms import Wanted
from model.clock import MINUTE, SECOND
from model.errors import ConfigurationError
from tests.ingest.reading import Reader
from tests.platforms.mastodon import Fault, Mastodon

POLICY = MastodonPolicy(page_pause=0, refused_pause=MINUTE)


@pytest.fixture
def server() -> Iterator[Mastodon]:
    with Mastodon() as running:
        yield running


@pytest.fixture
def downloader() -> Iterator[Downloader]:
    with closing(Downloader()) as downloader:
        yield downloader


def source(
    server: Mastodon, downloader: Downloader, *terms: str, token: str = "", silence: float = 60.0
) -> MastodonSource:
    return MastodonSource(
        "town",
        server.url,
        Timeline.read("local"),
        downloader,
        wanted=Wanted(terms=terms),
        token=token,
        policy=POLICY,
        stream_limits=StreamLimits(silence_seconds=silence),
    )


def started(server: Mastodon, stream: MastodonSource) -> Reader:
    """A reader that is connected, so that what is posted from now on reaches it."""
    reader = Reader(server, stream)
    streams = server.streams
    reader.until(lambda: server.streams > streams)
    return reader


def test_statuses_edits_and_deletions_come_as_they_happen(
    server: Mastodon, downloader: Downloader
) -> None:
    reader = started(server, source(server, downloader))
    uid = server.post("fire at the mill")
    server.edit(uid, "fire at the old mill")
    server.event("filters_changed", "{}")
    server.delete(uid)
    reader.until(lambda: len(reader.posts) >= 3)
    reader.close()
    assert [(post.op, post.uid, post.text) for post in reader.posts] == [
        ("create", uid, "fire at the mill"),
        ("edit", uid, "fire at the old mill"),
        ("delete", uid, None),
    ]
    assert reader.bad == []


def test_only_what_is_wanted_passes_and_every_deletion(
    server: Mastodon, downloader: Downloader
) -> None:
    reader = started(server, source(server, downloader, "fire*"))
    other = server.post("a quiet evening")
    server.delete(other)
    wanted = server.post("Firefighters on the High Street")
    reader.until(lambda: reader.has(wanted))
    reader.close()
    assert [post.op for post in reader.posts] == ["delete", "create"]


def test_what_is_no_status_is_a_bad_item_and_stops_nothing(
    server: Mastodon, downloader: Downloader
) -> None:
    reader = started(server, source(server, downloader))
    server.event("update", '{"id": "17", "content": "half a sta')
    after = server.post("still here")
    reader.until(lambda: reader.has(after))
    reader.close()
    assert reader.bad == [b'{"id": "17", "content": "half a sta']


@pytest.mark.parametrize("end", ["close", "cut", "silence"])
def test_nothing_is_lost_when_the_stream_ends(
    server: Mastodon, downloader: Downloader, end: str
) -> None:
    server.faults = [Fault(events=2, end=end), Fault(events=1, end=end)]
    reader = started(server, source(server, downloader, silence=1.0))
    posted = [server.post(f"post {n}") for n in range(8)]
    reader.until(lambda: reader.has(*posted[:2]))
    reader.until(lambda: len(reader.errors) >= 1)
    posted += [server.post(f"missed {n}") for n in range(100)]
    posted.append(server.post("late from elsewhere", late_ms=60_000))
    reader.until(lambda: reader.has(*posted) and reader.gaps != [])
    reader.close()
    assert set(posted) <= server.handed_out
    assert {gap.state for gap in reader.gaps} == {"backfilled"}


def test_the_past_is_read_again_from_before_the_last_sign_of_life(
    server: Mastodon, downloader: Downloader
) -> None:
    first = started(server, source(server, downloader))
    seen = server.post("seen")
    first.until(lambda: first.has(seen))
    first.close()
    seen_at = first.state["seen_at"]
    assert isinstance(seen_at, int)
    missed = [server.post(f"missed {n}") for n in range(130)]
    missed.append(server.post("late", late_ms=300_000))
    again = Reader(server, source(server, downloader), first.state)
    again.until(lambda: again.gaps != [])
    again.close()
    assert again.has(*missed)
    (gap,) = again.gaps
    assert (gap.state, gap.since, gap.until) == ("backfilled", seen_at, server.now_us)


def test_a_crash_while_the_past_is_read_goes_on_where_it_was(
    server: Mastodon, downloader: Downloader
) -> None:
    seen_at = server.now_us
    posted = [server.post(f"missed {n}") for n in range(130)]
    first = Reader(server, source(server, downloader), {"seen_at": seen_at})
    first.until(lambda: len(first.posts) >= 40)
    first.close()
    again = Reader(server, source(server, downloader), first.state)
    again.until(lambda: again.gaps != [])
    again.close()
    assert [post.uid for post in first.posts + again.posts] == posted
    assert again.gaps[0].since == seen_at


def test_a_server_that_is_asked_too_often_is_left_alone_and_the_stream_goes_on(
    server: Mastodon, downloader: Downloader
) -> None:
    server.page_faults = [(429, {"Retry-After": "90"}), (503, {})]
    missed = server.post("missed", seconds=60)
    reader = Reader(server, source(server, downloader), {"seen_at": server.now_us - 60 * SECOND})
    reader.until(lambda: len(server.pages) == 1)
    now = server.post("now", seconds=0)
    reader.until(lambda: reader.has(now))
    assert len(server.pages) == 1
    assert not reader.has(missed)
    server.now_ms += 91_000
    reader.until(lambda: len(server.pages) == 2)
    server.now_ms += 61_000
    reader.until(lambda: reader.gaps != [])
    reader.close()
    assert reader.has(missed)
    assert reader.errors == []


def test_a_past_that_is_closed_to_us_is_declared_blind(
    server: Mastodon, downloader: Downloader
) -> None:
    server.page_faults = [(422, {})]
    seen_at = server.now_us
    server.post("missed", seconds=60)
    reader = Reader(server, source(server, downloader), {"seen_at": seen_at})
    reader.until(lambda: reader.gaps != [])
    reader.close()
    assert [(gap.state, gap.since) for gap in reader.gaps] == [("blind", seen_at)]


def test_a_server_that_wants_a_token_says_so(server: Mastodon, downloader: Downloader) -> None:
    server.token = "s3cret"
    with pytest.raises(CredentialRefused, match="token") as caught:
        source(server, downloader, token="wrong").open({})
    assert "wrong" not in str(caught.value)
    reader = started(server, source(server, downloader, token="s3cret"))
    uid = server.post("hello")
    reader.until(lambda: reader.has(uid))
    reader.close()


def test_a_stream_that_is_gone_ends_the_source(server: Mastodon, downloader: Downloader) -> None:
    server.faults = [Fault(status=410)]
    with pytest.raises(SourceGone):
        source(server, downloader).open({})


@pytest.mark.parametrize(
    ("text", "stream", "page"),
    [
        ("public", "/streaming/public", "/timelines/public?min_id=5"),
        ("local", "/streaming/public/local", "local=true"),
        ("#Fire", "/streaming/hashtag?tag=fire", "/timelines/tag/fire?min_id=5"),
    ],
)
def test_timelines(text: str, stream: str, page: str) -> None:
    timeline = Timeline.read(text)
    assert timeline.stream.endswith(stream)
    assert page in timeline.page(5)


@pytest.mark.parametrize("text", ["", "home", "#", "#a b", "local/../home"])
def test_what_is_no_timeline(text: str) -> None:
    with pytest.raises(ConfigurationError, match="public, local"):
        Timeline.read(text)
