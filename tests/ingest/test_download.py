"""One GET, against servers that misbehave."""

from __future__ import annotations

import gzip
import inspect
from collections.abc import Callable, Iterator
from contextlib import closing

import httpx
import pytest

from ingest.download import MAX_REDIRECTS, Downloader, DownloadLimits, shown_url
from ingest.port import ConnectionFailed
from tests.platforms.web import Exchange, Reply, WebServer, dripping, endless, half, stalled

SMALL = DownloadLimits(stall_seconds=0.3, total_seconds=0.6, body_bytes=100_000)


@pytest.fixture
def server() -> Iterator[WebServer]:
    with WebServer({}) as server:
        yield server


@pytest.fixture(scope="module")
def downloader() -> Iterator[Downloader]:
    with closing(Downloader(SMALL)) as downloader:
        yield downloader


def moved(server: WebServer, status: int, path: str) -> Reply:
    return Reply(status=status, headers={"Location": server.url(path)})


def test_headers_go_out_and_come_back(server: WebServer, downloader: Downloader) -> None:
    server.script("/feed", Reply(headers={"ETag": '"1"', "X-Thing": "y"}, body=b"text"))
    answer = downloader.get(server.url("/feed"), {"If-None-Match": '"0"'})

    assert (answer.status, answer.body, answer.headers["etag"]) == (200, b"text", '"1"')
    assert server.requests[0].headers["if-none-match"] == '"0"'
    assert "tocsin" in server.requests[0].headers["user-agent"].lower()


def test_gzip_is_asked_for_and_undone(server: WebServer, downloader: Downloader) -> None:
    packed = gzip.compress(b"text" * 1_000)
    server.script("/feed", Reply(headers={"Content-Encoding": "gzip"}, body=packed))

    assert downloader.get(server.url("/feed"), {}).body == b"text" * 1_000
    assert "gzip" in server.requests[0].headers["accept-encoding"]


@pytest.mark.parametrize("deliver", [half, stalled, dripping, endless])
def test_a_body_that_never_ends_well_is_a_failed_connection(
    server: WebServer, downloader: Downloader, deliver: Callable[[Exchange, bytes], None]
) -> None:
    server.script("/feed", Reply(body=b"<rss>" * 100, deliver=deliver))
    with pytest.raises(ConnectionFailed, match=r"127\.0\.0\.1/feed"):
        downloader.get(server.url("/feed"), {})


def test_a_small_answer_that_unpacks_to_a_huge_one_is_refused(
    server: WebServer, downloader: Downloader
) -> None:
    bomb = gzip.compress(b"\0" * 10_000_000)
    server.script("/feed", Reply(headers={"Content-Encoding": "gzip"}, body=bomb))
    with pytest.raises(ConnectionFailed, match="too large"):
        downloader.get(server.url("/feed"), {})


def test_broken_compression_is_a_failed_connection(
    server: WebServer, downloader: Downloader
) -> None:
    server.script("/feed", Reply(headers={"Content-Encoding": "gzip"}, body=b"no gzip"))
    with pytest.raises(ConnectionFailed):
        downloader.get(server.url("/feed"), {})


@pytest.mark.parametrize(
    ("statuses", "remembered"),
    [((301,), "/1"), ((308, 301), "/2"), ((302,), None), ((307, 301), None), ((301, 302), "/1")],
)
def test_a_move_is_remembered_as_far_as_it_is_for_good(
    server: WebServer, downloader: Downloader, statuses: tuple[int, ...], remembered: str | None
) -> None:
    for step, status in enumerate(statuses):
        server.script(f"/{step}", moved(server, status, f"/{step + 1}"))
    server.script(f"/{len(statuses)}", Reply(body=b"here"))
    answer = downloader.get(server.url("/0"), {})

    assert answer.body == b"here"
    assert answer.url == server.url(f"/{len(statuses)}")
    assert answer.moved_to == (server.url(remembered) if remembered else None)


def test_a_redirect_in_a_circle_ends(server: WebServer, downloader: Downloader) -> None:
    server.script("/feed", moved(server, 302, "/feed"))
    with pytest.raises(ConnectionFailed, match="redirects"):
        downloader.get(server.url("/feed"), {})
    assert len(server.requests) == MAX_REDIRECTS + 1


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://a.example/", "http://[", "http:"]
)
def test_a_redirect_out_of_the_web_is_not_followed(
    server: WebServer, downloader: Downloader, location: str
) -> None:
    server.script("/feed", Reply(status=302, headers={"Location": location}))
    with pytest.raises(ConnectionFailed):
        downloader.get(server.url("/feed"), {})


def test_cookies_are_not_kept(server: WebServer, downloader: Downloader) -> None:
    server.script("/feed", Reply(headers={"Set-Cookie": "seen=1"}))
    downloader.get(server.url("/feed"), {})
    downloader.get(server.url("/feed"), {})
    assert "cookie" not in server.requests[1].headers


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "http://no-such-host.invalid/", "http://a..b/", "nonsense"]
)
def test_where_nobody_answers_the_connection_failed(downloader: Downloader, url: str) -> None:
    with pytest.raises(ConnectionFailed):
        downloader.get(url, {})


def test_an_address_is_shown_without_its_secrets() -> None:
    assert shown_url("https://user:pw@a.example:8443/feed?token=x#y") == "https://a.example/feed"
    assert "pw" not in shown_url("https://user:pw@[bad/feed")


def test_every_error_of_the_library_is_translated() -> None:
    """A new kind of error in httpx must not leave the adapter."""
    translated = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, httpx.CookieConflict)
    errors = [
        value
        for value in vars(httpx).values()
        if inspect.isclass(value) and issubclass(value, Exception)
    ]
    assert errors
    assert all(issubclass(error, translated) for error in errors)
