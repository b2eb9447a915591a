"""Reddit's listings by praw, of which nothing is used that could lose a post.

The library knows the authentication and the limits. Its streams are not used: after a quiet
poll they forget where they were, and a burst of more than a hundred posts is lost. The only
module with praw.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import praw
import prawcore
from prawcore.exceptions import (
    Forbidden,
    InvalidToken,
    NotFound,
    OAuthException,
    PrawcoreException,
    ResponseException,
    TooManyRequests,
)

from ingest.download import USER_AGENT
from ingest.port import ConnectionFailed, CredentialRefused, SourceGone
from model.clock import SECOND
from model.errors import ConfigurationError

SITE = "https://www.reddit.com"
API = "https://oauth.reddit.com"
PAGE = 100
_TIMEOUT = 20


class Thing(NamedTuple):
    """A submission or comment: its full name, when it was made and edited (UTC
    microseconds, 0 for never), its community, and itself as JSON."""

    name: str
    created_at: int
    edited_at: int
    community: str
    data: bytes


class Page(NamedTuple):
    """A part of a listing, newest first, and where the next part begins (None at its end)."""

    things: list[Thing]
    after: str | None


class RedditClient:
    """One application's access, read-only. ``secret`` is ``id:secret`` of the application.

    ``url`` is another server that speaks the same, for trying things out. Raises
    ConfigurationError for a secret of another form.
    """

    def __init__(self, secret: str, *, url: str = "") -> None:
        client_id, _, client_secret = secret.partition(":")
        if not client_id or not client_secret:
            raise ConfigurationError(
                "Reddit's credential is not complete",
                remedy="Give the id and the secret of the application, as id:secret",
            )
        self._reddit = praw.Reddit(
            client_id=client_id,
            client_secret=client_secret,
            user_agent=USER_AGENT,
            reddit_url=url or SITE,
            oauth_url=url or API,
            check_for_updates=False,
            timeout=_TIMEOUT,
        )

    def page(self, listing: str, after: str | None) -> Page:
        """A part of a listing. Raises SourceError."""
        asked: dict[str, str | int] = {"limit": PAGE, "raw_json": 1}
        if after is not None:
            asked["after"] = after
        answer = self._ask(listing, asked)
        return Page(_things(answer), answer["data"].get("after"))

    def things(self, names: Sequence[str]) -> list[Thing]:
        """Those of up to a hundred things that there are. Raises SourceError."""
        return _things(self._ask("api/info", {"id": ",".join(names), "raw_json": 1}))

    def _ask(self, path: str, asked: dict[str, str | int]) -> Any:
        try:
            answer = self._reddit.request(method="GET", path=path, params=asked)
        except TooManyRequests as error:
            wait = str(error.response.headers.get("retry-after", ""))
            patience = float(wait) if wait.isdigit() else 60.0
            raise ConnectionFailed(
                "Reddit wants to be left alone", cause="it answered 429", retry_after=patience
            ) from error
        except (OAuthException, InvalidToken) as error:
            raise _no_entry(error) from error
        except (Forbidden, NotFound) as error:
            raise SourceGone(f"{path} is closed to us or not there", cause=str(error)) from error
        except ResponseException as error:
            if error.response.status_code == 401:
                raise _no_entry(error) from error
            raise ConnectionFailed("Reddit does not answer", cause=str(error)) from error
        except PrawcoreException as error:
            raise ConnectionFailed("Reddit does not answer", cause=str(error)) from error
        if not isinstance(answer, dict) or not isinstance(answer.get("data"), dict):
            raise ConnectionFailed("Reddit gave no listing", cause="its JSON has another form")
        return answer


def _no_entry(error: prawcore.PrawcoreException) -> CredentialRefused:
    return CredentialRefused(
        "Reddit does not accept the application",
        cause=str(error),
        remedy="Check the id and the secret under the account's applications",
    )


def _things(answer: Any) -> list[Thing]:
    return [_thing(child) for child in answer["data"].get("children", ())]


def _thing(child: Any) -> Thing:
    data = child.get("data", {}) if isinstance(child, dict) else {}
    return Thing(
        name=str(data.get("name", "")),
        created_at=_moment(data.get("created_utc")),
        edited_at=_moment(data.get("edited")),
        community=str(data.get("subreddit", "")),
        data=msgspec.json.encode(child),
    )


def _moment(value: object) -> int:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return round(float(str(value)) * SECOND) if is_number else 0
