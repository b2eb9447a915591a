"""X's stream and search by tweepy, of which nothing is used that could lose a post.

The library knows the endpoints and the authentication. Its loop is not used: it comes
back at once after a clean close, sleeps where nobody can wake it, and parses in a way that
one bad line ends. So each connection is one attempt, its lines are taken as bytes, and
whoever asks decides when to try again. The only module with tweepy.

Endpoints as documented under "X API v2": filtered stream, recent search.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
import requests
import tweepy
from requests.adapters import HTTPAdapter

from ingest.inlet import Closed, Inlet
from ingest.port import ConnectionFailed, CredentialRefused, SourceError

API = "https://api.twitter.com"
STEADY_SECONDS = 20.0
"""X allows fifty connections in a quarter of an hour."""

_ROOM = 5_000
_CHUNK = 65_536
_PAGE = 100
_TIMEOUT = 30.0
_RATE_LIMITED = frozenset({420, 429})
_NO_ENTRY = frozenset({401, 403})

FIELDS: Mapping[str, Sequence[str]] = {
    "expansions": (
        "attachments.media_keys",
        "author_id",
        "edit_history_tweet_ids",
        "geo.place_id",
        "referenced_tweets.id",
        "referenced_tweets.id.author_id",
    ),
    "tweet_fields": (
        "attachments",
        "author_id",
        "conversation_id",
        "created_at",
        "edit_history_tweet_ids",
        "entities",
        "geo",
        "lang",
        "note_tweet",
        "possibly_sensitive",
        "public_metrics",
        "referenced_tweets",
        "text",
    ),
    "user_fields": ("name", "public_metrics", "username"),
    "media_fields": ("alt_text", "media_key", "preview_image_url", "type", "url"),
    "place_fields": ("full_name", "geo", "place_type"),
}
"""What a post is asked for with: all that a record of ours can hold."""


class XRule(NamedTuple):
    """A rule of the stream: what it matches, and whose it is."""

    value: str
    tag: str
    id: str = ""


class SearchPage(NamedTuple):
    """Posts of one page, each with what belongs to it, and the token of the next."""

    items: list[bytes]
    next_token: str | None


class XClient:
    """One account. ``url`` is another server that speaks the same, for trying things out."""

    def __init__(self, token: str, *, url: str = API) -> None:
        self._token = token
        self._url = url.rstrip("/")
        self._client = tweepy.Client(token, return_type=requests.Response)
        _redirect(self._client.session, self._url)
        self._rules = _Rules(token, self._url)

    def close(self) -> None:
        """Release the connections; the next call opens new ones."""
        self._client.session.close()
        self._rules.session.close()

    def stream(self) -> XStream:
        """Connect; posts come through what is returned."""
        return XStream(self._token, self._url)

    def rules(self) -> list[XRule]:
        """The rules of the account's stream. Raises SourceError."""
        answer = _understood(self._rules.get_rules)
        return msgspec.json.decode(answer, type=_RuleList).rules()

    def change_rules(self, add: Sequence[XRule], remove: Sequence[XRule]) -> None:
        """Add and remove rules. Raises SourceError, naming a rule that X refuses."""
        if remove:
            _understood(lambda: self._rules.delete_rules([rule.id for rule in remove]))
        if add:
            new = [tweepy.StreamRule(value=rule.value, tag=rule.tag) for rule in add]
            answer = msgspec.json.decode(
                _understood(lambda: self._rules.add_rules(new)), type=_RuleList
            )
            if answer.errors:
                raise CredentialRefused("X refuses a rule", cause=_shortly(answer.errors))

    def search(self, query: str, since: datetime, until: datetime, token: str | None) -> SearchPage:
        """A page of the posts of the last seven days, newest first. Raises SourceError."""
        answer = _understood(
            lambda: self._client.search_recent_tweets(
                query,
                start_time=since,
                end_time=until,
                max_results=_PAGE,
                next_token=token,
                **FIELDS,
            )
        )
        page = msgspec.json.decode(answer, type=_Page)
        return SearchPage(page.items(), page.meta.next_token)


class XStream:
    """One connection to the filtered stream."""

    def __init__(self, token: str, url: str) -> None:
        self._inlet: Inlet[bytes] = Inlet(_ROOM)
        self._wire = _Wire(token, url, self._inlet)
        threading.Thread(target=self._run, name="x-stream", daemon=True).start()

    @property
    def is_connected(self) -> bool:
        """Whether X has accepted the connection."""
        return self._wire.is_connected

    def take(self, most: int, wait: float) -> list[bytes]:
        """The lines that have come. Raises SourceError after the last one."""
        return self._inlet.take(most, wait)

    def close(self) -> None:
        """Hang up."""
        self._inlet.close()
        self._wire.disconnect()
        self._wire.hang_up()

    def _run(self) -> None:
        self._wire.filter(**FIELDS)
        self._inlet.end(_ended("X closed the stream"))


class _Wire(tweepy.StreamingClient):  # type: ignore[misc]  # tweepy has no types
    """Exactly one attempt to connect: every end is final."""

    def __init__(self, token: str, url: str, inlet: Inlet[bytes]) -> None:
        super().__init__(token, max_retries=0, chunk_size=_CHUNK)
        _redirect(self.session, url)
        self.session.hooks["response"].append(self._answered)
        self._inlet = inlet
        self._response: requests.Response | None = None
        self.is_connected = False

    def hang_up(self) -> None:
        """Wake the thread that waits for a line."""
        if self._response is not None:
            self._response.close()

    def on_connect(self) -> None:
        self.is_connected = True

    def on_data(self, raw_data: bytes) -> None:
        try:
            self._inlet.put(raw_data)
        except Closed:
            self.disconnect()

    def on_closed(self, response: requests.Response) -> None:  # noqa: ARG002  tweepy's signature
        self.disconnect()  # or else it would come back at once, and again, and again

    def on_request_error(self, status_code: int) -> None:
        headers = self._response.headers if self._response is not None else {}
        self._inlet.end(_refused("X does not stream to us", status_code, headers))
        self.disconnect()

    def on_connection_error(self) -> None:
        self._inlet.end(_ended("the connection failed or fell silent"))
        self.disconnect()

    def on_exception(self, exception: Exception) -> None:
        self._inlet.end(_ended(f"{type(exception).__name__}: {exception}"))

    def _answered(self, response: requests.Response, **_: Any) -> None:
        self._response = response


class _Rules(tweepy.StreamingClient):  # type: ignore[misc]  # tweepy has no types
    """The stream's rules, answers left as they are."""

    def __init__(self, token: str, url: str) -> None:
        super().__init__(token, return_type=requests.Response)
        _redirect(self.session, url)


class _Elsewhere(HTTPAdapter):
    """Sends what is meant for X to another server that speaks the same."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> Any:
        request.url = self._url + (request.url or "").removeprefix(API)
        kwargs["timeout"] = kwargs.get("timeout") or _TIMEOUT
        return super().send(request, *args, **kwargs)


class _Rule(msgspec.Struct):
    id: str
    value: str
    tag: str = ""


class _RuleList(msgspec.Struct):
    data: list[_Rule] = []
    errors: list[dict[str, Any]] = []

    def rules(self) -> list[XRule]:
        return [XRule(rule.value, rule.tag, rule.id) for rule in self.data]


class _Meta(msgspec.Struct, frozen=True):
    next_token: str | None = None


class _Page(msgspec.Struct):
    data: list[msgspec.Raw] = []
    includes: msgspec.Raw = msgspec.Raw(b"{}")
    meta: _Meta = _Meta()

    def items(self) -> list[bytes]:
        return [
            msgspec.json.encode({"data": post, "includes": self.includes}) for post in self.data
        ]


def _redirect(session: requests.Session, url: str) -> None:
    session.trust_env = False
    session.mount(API, _Elsewhere(url))


def _understood(call: Any) -> bytes:
    """The body of an answer. Raises SourceError for every way in which X says no."""
    try:
        return bytes(call().content)
    except tweepy.HTTPException as error:
        cause = "; ".join(error.api_messages or (error.api_errors and [_shortly(error.api_errors)]))
        headers = error.response.headers
        raise _refused(
            "X does not answer us", error.response.status_code, headers, cause
        ) from error
    except (requests.RequestException, msgspec.MsgspecError) as error:
        raise _ended(str(error)) from error


def _refused(
    what: str, status: int, headers: Mapping[str, str], said: str = ""
) -> ConnectionFailed | CredentialRefused:
    cause = f"it answered {status}" + (f": {said}" if said else "")
    if status in _NO_ENTRY:
        return CredentialRefused(
            what,
            cause=cause,
            remedy="Check the bearer token, the account's plan and X's written approval",
        )
    patience = STEADY_SECONDS
    if status in _RATE_LIMITED:
        reset = headers.get("x-rate-limit-reset", "")
        ahead = float(reset) - time.time() if reset.isdigit() else 60.0
        patience = max(60.0, ahead)
    return ConnectionFailed(what, cause=cause, retry_after=patience)


def _ended(cause: str) -> SourceError:
    return ConnectionFailed("X: the connection ended", cause=cause, retry_after=STEADY_SECONDS)


def _shortly(errors: Iterable[Mapping[str, Any]]) -> str:
    return "; ".join(str(one.get("detail") or one.get("title") or one) for one in errors)[:500]
