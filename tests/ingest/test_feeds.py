"""A feed over time: what is asked, what comes, and what is made of it."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest

from ingest.download import Downloader, DownloadLimits
from ingest.feed_memory import REMEMBERED
from ingest.feeds import FeedSource
from ingest.hygiene import Limits
from ingest.pace import Pace
from ingest.port import Batch, ConnectionFailed, CredentialRefused, SourceGone, State
from model.clock import HOUR, SECOND, from_datetime
from model.errors import ConfigurationError
from model.post import Post
from tests.contracts.source import drained, uids
from tests.ingest.feeds_text import Story, rss
from tests.platforms.web import Exchange, Reply, WebServer, endless, half, stalled

NOW = from_datetime(datetime(2026, 11, 20, 18, 0, tzinfo=UTC))
PACE = Pace(floor=300, interval=600, ceiling=3_600)
SMALL = DownloadLimits(stall_seconds=0.3, total_seconds=0.6, body_bytes=1_000_000)

ONE = Story("g1", "Fire in town", "Two engines", "/1")
TWO = Story("g2", "Road closed", "Until nine", "/2")


class Feed:
    """A feed on a scripted server, read at moments that the test chooses."""

    def __init__(self, server: WebServer, downloader: Downloader) -> None:
        self.server = server
        self.now = NOW
        self.state: State = {}
        self.source = FeedSource("news", server.url("/feed"), downloader, pace=PACE)
        self.source.open({})

    def answer(self, *replies: Reply) -> None:
        """What the server says from now on."""
        self.server.script("/feed", *replies)

    def list(self, *stories: Story, **headers: str) -> None:
        """The feed lists these, the newest first."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answer(Reply(headers=named, body=rss(stories)))

    def poll(self) -> Batch:
        """Read once; the next poll is just late enough."""
        batch = self.source.fetch(self.now, 500)
        self.state = batch.state
        self.now += round(batch.wait * SECOND)
        return batch

    def restart(self) -> None:
        """As after a crash: what is remembered is the state."""
        self.source.close()
        self.source.open(self.state)

    @property
    def asked(self) -> int:
        return len(self.server.requests)


@pytest.fixture(scope="module")
def downloader() -> Iterator[Downloader]:
    with closing(Downloader(SMALL)) as downloader:
        yield downloader


@pytest.fixture
def feed(downloader: Downloader) -> Iterator[Feed]:
    with WebServer({}) as server:
        yield Feed(server, downloader)


class TestEntries:
    def test_only_what_is_new_comes(self, feed: Feed) -> None:
        feed.list(ONE)
        assert uids([feed.poll()]) == ["feed:127.0.0.1:g1"]
        assert uids([feed.poll()]) == []
        feed.list(TWO, ONE)
        assert uids([feed.poll()]) == ["feed:127.0.0.1:g2"]

    def test_an_article_with_its_provenance(self, feed: Feed) -> None:
        feed.list(ONE)
        post = feed.poll().posts[0]

        assert post.kind == "article"
        assert post.text == "Fire in town\nTwo engines"
        assert post.title == "Fire in town"
        assert post.url == feed.server.url("/1")
        assert (post.published_at, post.published_trust) == (NOW, "collector")
        assert post.delivery is not None
        assert post.delivery.source == "feeds:news"

    def test_changed_content_is_an_edit_with_a_growing_revision(self, feed: Feed) -> None:
        seen: list[Post] = []
        for body in ("Two engines", "Three engines", "Two engines"):
            feed.list(ONE._replace(body=body))
            seen += feed.poll().posts

        assert [(post.op, post.rev) for post in seen] == [("create", 0), ("edit", 1), ("edit", 2)]
        assert len({post.uid for post in seen}) == 1
        assert len({post.event_id for post in seen}) == 3

    def test_the_edit_is_the_same_event_when_the_state_was_lost_on_the_way(
        self, feed: Feed
    ) -> None:
        feed.list(ONE)
        before = feed.poll().state
        feed.list(ONE._replace(body="Three engines"))
        edit = feed.poll().posts[0]
        feed.state = before
        feed.restart()
        assert feed.poll().posts[0].event_id == edit.event_id

    def test_absence_is_no_deletion_and_return_is_no_news(self, feed: Feed) -> None:
        feed.list(ONE)
        feed.poll()
        feed.list(TWO)
        assert [post.op for post in feed.poll().posts] == ["create"]
        feed.restart()
        feed.list(TWO, ONE)
        assert feed.poll().posts == ()
        feed.list(TWO, ONE._replace(body="Three engines"))
        assert [(post.op, post.rev) for post in feed.poll().posts] == [("edit", 1)]

    def test_a_bad_entry_is_told_once_and_stops_no_other(self, feed: Feed) -> None:
        feed.list(Story(title="nameless"), TWO, ONE)
        batch = feed.poll()
        assert uids([batch]) == ["feed:127.0.0.1:g1", "feed:127.0.0.1:g2"]
        assert (batch.bad[0].origin, batch.bad[0].error) == ("feeds:news", "MalformedRecord")
        assert b"nameless" in batch.bad[0].original
        feed.list(Story(title="nameless"), TWO, ONE, ETag="changed")
        assert feed.poll().bad == ()

    def test_an_entry_over_the_limit_is_a_bad_item(self, feed: Feed) -> None:
        limits = Limits(item_bytes=5_000, text_chars=1_000)
        with closing(Downloader(SMALL)) as downloader:
            source = FeedSource("n", feed.server.url("/feed"), downloader, pace=PACE, limits=limits)
            source.open({})
            long, huge = Story("long", "t", "b" * 1_500), Story("huge", "t", "b" * 6_000)
            feed.list(huge, long, ONE)
            batch = source.fetch(NOW, 500)
        assert uids([batch]) == ["feed:127.0.0.1:g1"]
        assert [item.error for item in batch.bad] == ["RecordTooLarge", "RecordTooLarge"]

    def test_many_entries_come_in_several_batches_and_survive_a_restart(self, feed: Feed) -> None:
        stories = [Story(f"g{n}", f"title {n}") for n in range(1_200)]
        feed.list(*stories, ETag='"all"')
        first = feed.poll()
        assert (len(first.posts), first.wait) == (500, 0)
        feed.restart()
        rest = drained(feed.source, 500, NOW)

        assert len(set(uids([first, *rest]))) == len(uids([first, *rest])) == 1_200
        assert "if-none-match" not in feed.server.requests[1].headers

    def test_memory_is_bounded_by_the_feed(self, feed: Feed) -> None:
        for day in range(4):
            feed.list(*(Story(f"{day}-{n}", "t") for n in range(450)))
            feed.poll()
        entries = feed.state["entries"]
        assert isinstance(entries, str)
        assert len(entries.split()) == REMEMBERED


class TestPoliteness:
    def test_an_unchanged_feed_is_asked_with_what_it_said(self, feed: Feed) -> None:
        date = "Fri, 20 Nov 2026 17:00:00 GMT"
        reply = Reply(headers={"ETag": '"1"', "Last-Modified": date}, body=rss([ONE]))
        feed.answer(reply, Reply(status=304))
        feed.poll()
        feed.restart()

        assert feed.poll() == Batch(state=feed.state, wait=600)
        assert feed.server.requests[1].headers["if-none-match"] == '"1"'
        assert feed.server.requests[1].headers["if-modified-since"] == date

    @pytest.mark.parametrize("etag", ["caf\xe9", "x" * 5_000])
    def test_a_validator_that_cannot_be_sent_back_is_forgotten(self, feed: Feed, etag: str) -> None:
        feed.list(ONE, ETag=etag)
        feed.poll()
        assert feed.poll().posts == ()
        assert "if-none-match" not in feed.server.requests[1].headers

    def test_a_broken_document_is_asked_for_again_in_full(self, feed: Feed) -> None:
        body = rss([TWO, ONE])
        feed.answer(
            Reply(headers={"ETag": '"1"'}, body=body[: body.index(b"<item><title>Fire") + 40]),
            Reply(headers={"ETag": '"1"'}, body=body),
        )
        feed.poll()
        assert "feed:127.0.0.1:g1" in uids([feed.poll()])
        assert "if-none-match" not in feed.server.requests[1].headers

    def test_asking_too_early_asks_nobody(self, feed: Feed) -> None:
        feed.list(ONE)
        assert feed.poll().wait == 600
        feed.now -= 200 * SECOND
        assert feed.poll().wait == 200
        feed.restart()
        feed.now -= 100 * SECOND
        assert feed.poll().wait == 100
        assert feed.asked == 1

    def test_a_clock_that_was_put_back_does_not_silence_a_feed(self, feed: Feed) -> None:
        feed.list(ONE)
        feed.poll()
        feed.now = NOW - 100 * HOUR
        assert feed.poll().wait == PACE.ceiling

    @pytest.mark.parametrize(
        ("channel", "headers", "wait"),
        [
            ("<ttl>20</ttl>", {}, 1_200),
            ("", {"Cache-Control": "max-age=1800"}, 1_800),
            ("<ttl>99999</ttl>", {}, 3_600),
        ],
    )
    def test_the_feeds_own_wishes_count(
        self, feed: Feed, channel: str, headers: dict[str, str], wait: float
    ) -> None:
        feed.answer(Reply(headers=headers, body=rss([ONE], channel)))
        assert feed.poll().wait == wait

    def test_gzip_is_understood(self, feed: Feed) -> None:
        body = gzip.compress(rss([ONE]))
        feed.answer(Reply(headers={"Content-Encoding": "gzip"}, body=body))
        assert uids([feed.poll()]) == ["feed:127.0.0.1:g1"]


class TestMoves:
    def test_a_move_for_good_is_remembered_and_the_posts_keep_their_names(self, feed: Feed) -> None:
        feed.answer(Reply(status=301, headers={"Location": "/moved"}))
        feed.server.script("/moved", Reply(body=rss([ONE])))
        feed.poll()
        feed.restart()
        feed.server.script("/moved", Reply(body=rss([TWO, ONE])))

        assert uids([feed.poll()]) == ["feed:127.0.0.1:g2"]
        assert [request.path for request in feed.server.requests] == ["/feed", "/moved", "/moved"]

    def test_a_move_for_now_is_not(self, feed: Feed) -> None:
        feed.answer(Reply(status=302, headers={"Location": "/moved"}))
        feed.server.script("/moved", Reply(body=rss([ONE])))
        feed.poll()
        feed.poll()
        assert [request.path for request in feed.server.requests] == ["/feed", "/moved"] * 2

    def test_when_the_new_address_fails_the_configured_one_is_tried(self, feed: Feed) -> None:
        feed.answer(Reply(status=301, headers={"Location": "/moved"}))
        feed.server.script("/moved", Reply(body=rss([ONE])))
        feed.poll()
        feed.server.script("/moved", Reply(status=404))
        with pytest.raises(ConnectionFailed):
            feed.poll()
        feed.list(TWO, ONE)
        feed.restart()

        assert uids([feed.poll()]) == ["feed:127.0.0.1:g2"]

    def test_a_state_of_another_address_is_void(self, feed: Feed) -> None:
        feed.list(ONE)
        feed.poll()
        feed.server.script("/other", Reply(body=rss([ONE])))
        with closing(Downloader(SMALL)) as downloader:
            source = FeedSource("news", feed.server.url("/other"), downloader, pace=PACE)
            source.open(feed.state)
            assert uids([source.fetch(NOW, 500)]) == ["feed:127.0.0.1:g1"]


class TestFailures:
    @pytest.mark.parametrize(
        ("reply", "words"),
        [
            (Reply(status=404), "404"),
            (Reply(status=403), "403"),
            (Reply(status=500), "500"),
            (Reply(status=503, body=b"<html>busy</html>"), "503"),
            (Reply(status=204), "204"),
            (Reply(body=b"<html><body>login</body></html>"), "no feed"),
            (Reply(body=b""), "no feed"),
            (Reply(body=rss([ONE]), deliver=half), "cannot be read"),
            (Reply(body=b"<rss>", deliver=stalled), "cannot be read"),
            (Reply(body=b"<rss>", deliver=endless), "too large"),
        ],
    )
    def test_a_failure_says_what_happened_and_when_to_come_back(
        self, feed: Feed, reply: Reply, words: str
    ) -> None:
        feed.answer(reply)
        with pytest.raises(ConnectionFailed, match=words) as failure:
            feed.poll()
        assert "feeds:news" in str(failure.value)
        assert failure.value.retry_after == 600

    def test_a_failing_feed_is_asked_ever_more_rarely_until_it_recovers(self, feed: Feed) -> None:
        feed.answer(Reply(status=500))
        waits = []
        for _ in range(4):
            with pytest.raises(ConnectionFailed) as failure:
                feed.poll()
            waits.append(failure.value.retry_after)
            feed.restart()
        assert waits == [600, 1_200, 2_400, 3_600]
        feed.list(ONE)
        assert feed.poll().wait == 600

    @pytest.mark.parametrize("status", [429, 503])
    @pytest.mark.parametrize(
        ("value", "wait"),
        [
            ("7200", 7_200),
            ("5", 600),
            ("Fri, 20 Nov 2026 20:00:00 GMT", 7_200),
            ("Fri, 20 Nov 2026 17:00:00 GMT", 600),
            ("whenever", 600),
        ],
    )
    def test_retry_after_is_passed_on_but_never_below_what_is_polite(
        self, feed: Feed, status: int, value: str, wait: float
    ) -> None:
        feed.answer(Reply(status=status, headers={"Retry-After": value}))
        with pytest.raises(ConnectionFailed) as failure:
            feed.poll()
        assert failure.value.retry_after == wait

    def test_a_feed_that_is_gone_says_so(self, feed: Feed) -> None:
        feed.answer(Reply(status=410))
        with pytest.raises(SourceGone, match="410"):
            feed.poll()

    @pytest.mark.parametrize("status", [401, 407])
    def test_a_feed_that_asks_for_a_login(self, feed: Feed, status: int) -> None:
        feed.answer(Reply(status=status))
        with pytest.raises(CredentialRefused, match=str(status)):
            feed.poll()

    def test_after_a_failure_nothing_is_missing(self, feed: Feed) -> None:
        feed.list(ONE, ETag='"1"')
        feed.poll()
        feed.answer(Reply(body=rss([TWO, ONE]), deliver=half))
        with pytest.raises(ConnectionFailed):
            feed.poll()
        feed.restart()
        feed.list(TWO, ONE)
        assert uids([feed.poll()]) == ["feed:127.0.0.1:g2"]


@pytest.mark.parametrize("url", ["", "ftp://a.example/f", "/etc/passwd", "https://"])
def test_what_is_no_address_of_the_web_is_refused(url: str) -> None:
    with closing(Downloader()) as downloader, pytest.raises(ConfigurationError, match="https://"):
        FeedSource("news", url, downloader)


def test_the_scripted_ways_to_misbehave_are_what_they_claim() -> None:
    """The server ships with the tests, so it is tested as well."""
    ways: list[Callable[[Exchange, bytes], None]] = [half, stalled, endless]
    with WebServer({"/x": [Reply(deliver=way, body=b"abcd") for way in ways]}) as server:
        limits = DownloadLimits(stall_seconds=0.2, total_seconds=0.5, body_bytes=100)
        with closing(Downloader(limits)) as downloader:
            for _ in ways:
                with pytest.raises(ConnectionFailed):
                    downloader.get(server.url("/x"), {})
        assert [request.path for request in server.requests] == ["/x"] * 3
