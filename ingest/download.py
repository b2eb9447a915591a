"""One polite HTTP GET: bounded in time, size and redirects.

Cookies are not kept and the environment's proxies are not used: a request says what its
caller says and no more. A redirect to another site is not told who we are.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from urllib.parse import urljoin, urlsplit

import httpx
import msgspec

from ingest.port import ConnectionFailed

USER_AGENT = "Tocsin/1 (feed reader)"
MAX_REDIRECTS = 5

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PERMANENT = frozenset({301, 308})
_SCHEMES = frozenset({"http", "https"})
_FAILURES = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.StreamError,
    httpx.CookieConflict,
    UnicodeError,  # a host name that cannot be looked up, as http://a..b/
)


class DownloadLimits(msgspec.Struct, frozen=True):
    """Seconds without a byte, seconds in all, and bytes after decompression."""

    stall_seconds: float = 20.0
    total_seconds: float = 60.0
    body_bytes: int = 4 * 1_048_576


PATIENT = DownloadLimits()


class Download(msgspec.Struct, frozen=True, kw_only=True):
    """An answer: its status, its headers by lower-case name, and its body.

    ``moved_to`` is the new address if the old one has moved for good.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    url: str
    moved_to: str | None = None


class Downloader:
    """Fetches documents. Shared by the sources of one thread; close it after them."""

    def __init__(
        self,
        limits: DownloadLimits = PATIENT,
        *,
        proxy: str | None = None,
        user_agent: str = USER_AGENT,
    ) -> None:
        self._limits = limits
        self._client = httpx.Client(
            headers={"User-Agent": user_agent, "Accept-Encoding": "gzip, deflate"},
            timeout=limits.stall_seconds,
            follow_redirects=False,
            trust_env=False,
            proxy=proxy,
        )

    def get(self, url: str, headers: Mapping[str, str]) -> Download:
        """The document at ``url``, whatever its status. Raises ConnectionFailed."""
        deadline = time.monotonic() + self._limits.total_seconds
        moved_to: str | None = None
        for_good = True
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._request(url, headers, deadline)
            target = answer.headers.get("location")
            if answer.status not in _REDIRECTS or not target:
                return msgspec.structs.replace(answer, moved_to=moved_to)
            came_from, url = url, _target(url, target)
            headers = headers if _same_site(came_from, url) else _anonymous(headers)
            for_good = for_good and answer.status in _PERMANENT
            moved_to = url if for_good else moved_to
        raise ConnectionFailed(
            f"{shown_url(url)} cannot be reached", cause=f"more than {MAX_REDIRECTS} redirects"
        )

    def close(self) -> None:
        """Release the connections."""
        self._client.close()

    def _request(self, url: str, headers: Mapping[str, str], deadline: float) -> Download:
        try:
            with self._client.stream("GET", url, headers=dict(headers)) as response:
                body = self._body(response, deadline)
        except _FAILURES as error:
            raise ConnectionFailed(
                f"{shown_url(url)} cannot be read", cause=str(error) or type(error).__name__
            ) from error
        finally:
            self._client.cookies.clear()
        return Download(
            status=response.status_code, headers=dict(response.headers), body=body, url=url
        )

    def _body(self, response: httpx.Response, deadline: float) -> bytes:
        body = bytearray()
        for part in response.iter_bytes():
            body += part
            if len(body) > self._limits.body_bytes:
                raise ConnectionFailed(
                    f"{shown_url(str(response.url))} is too large",
                    cause=f"it has more than {self._limits.body_bytes:,} bytes",
                )
            if time.monotonic() > deadline:
                raise ConnectionFailed(
                    f"{shown_url(str(response.url))} is too slow",
                    cause=f"it took more than {self._limits.total_seconds:g} seconds",
                )
        return bytes(body)


def shown_url(url: str) -> str:
    """The address without anything that may be secret: no user, password or query."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return "an address that cannot be read"
    return f"{parts.scheme}://{host}{parts.path}"


def _same_site(one: str, other: str) -> bool:
    return urlsplit(one)[:2] == urlsplit(other)[:2]


def _anonymous(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() != "authorization"}


def _target(url: str, location: str) -> str:
    try:
        target = urljoin(url, location)
        scheme = urlsplit(target).scheme
    except ValueError as error:
        raise ConnectionFailed(
            f"{shown_url(url)} redirects to nowhere", cause=str(error)
        ) from error
    if scheme not in _SCHEMES:
        raise ConnectionFailed(
            f"{shown_url(url)} redirects to {scheme!a}", cause="only http and https are followed"
        )
    return target
