"""The client of Elasticsearch: the only module that imports it, and the place where its
failures become ours.

Requests are written and answers read as JSON by msgspec. Tries again only on another
node, and only where nothing can have happened; every other repetition is decided by
those who know what they sent.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import msgspec
from elastic_transport import ApiError
from elasticsearch import (
    AuthenticationException,
    AuthorizationException,
    BadRequestError,
    ConflictError,
    Elasticsearch,
    NotFoundError,
    SSLError,
    TransportError,
    UnsupportedProductError,
)
from elasticsearch.serializer import JsonSerializer

from index.elastic.connection import ElasticConnection
from model.errors import (
    ConfigurationError,
    IndexUnavailable,
    QueryError,
    StateCorrupt,
    TocsinError,
)

BUSY = frozenset({408, 429, 502, 503, 504})
"""Answers after which the same request may succeed later."""

MISSING = 404
BLOCKED = "cluster_block_exception"
"""The type of what an index answers while it must not be written: a full disk, or a move."""

MAX_CAUSE = 500

_CONNECTIONS = 4
_JSON = {"accept": "application/json", "content-type": "application/json"}
_LINES = {"accept": "application/json", "content-type": "application/x-ndjson"}

Answer = dict[str, Any]


class Reply(NamedTuple):
    """An answer that may be a refusal: its HTTP status and body."""

    status: int
    body: Answer


class Server:
    """An Elasticsearch cluster. Safe to share between threads.

    Opens no connection before the first request. Every method raises IndexUnavailable
    where the same call may succeed later, ConfigurationError where the operator must act,
    QueryError for a search that cannot be run, and StateCorrupt for any other refusal.
    """

    def __init__(self, connection: ElasticConnection) -> None:
        self._named = ", ".join(connection.urls)
        with self._translated():
            self._client = Elasticsearch(
                list(connection.urls),
                serializer=_Json(),
                request_timeout=connection.request_seconds,
                connections_per_node=_CONNECTIONS,
                max_retries=len(connection.urls) - 1,
                retry_on_status=(),
                retry_on_timeout=False,
                **_security(connection),
            )

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        accept: frozenset[int] = frozenset(),
        **parameters: str | int,
    ) -> Reply:
        """One request. A refusal is an error unless its status is among ``accept``."""
        content = body if isinstance(body, bytes) or body is None else msgspec.json.encode(body)
        with self._translated():
            client = self._client.options(ignore_status=tuple(accept)) if accept else self._client
            reply = client.perform_request(
                method,
                path,
                params=parameters,
                headers=_LINES if isinstance(body, bytes) else _JSON,
                body=(content,) if isinstance(body, bytes) else content,
            )
        return Reply(reply.meta.status, reply.body if isinstance(reply.body, dict) else {})

    def search(self, body: Mapping[str, Any], index: str | None = None) -> Answer:
        """The answer to a search in an index, or in the view that the body names.

        An index that does not exist is empty. A shard that does not answer makes the
        whole search fail, rather than posts be missing.
        """
        parameters = {"allow_partial_search_results": "false"}
        if index is not None:
            parameters["ignore_unavailable"] = "true"
        path = "/_search" if index is None else f"/{index}/_search"
        return self.ask("POST", path, body, accept=frozenset(), **parameters).body

    def close(self) -> None:
        """Release the connections."""
        self._client.close()

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (ApiError, TransportError, ValueError) as error:
            raise translated(error, self._named) from error


def translated(error: Exception, named: str) -> TocsinError:
    """What an exception of the client is in our error tree; ``named`` are the addresses."""
    what, cause = f"Elasticsearch at {named}", cause_of(error)
    if isinstance(error, ApiError) and _may_pass(error):
        return IndexUnavailable(what, cause=cause, remedy="It is tried again")
    for kind, ours, remedy in _MEANINGS:
        if isinstance(error, kind):
            return ours(what, cause=cause, remedy=remedy)
    if isinstance(error, BadRequestError):
        return QueryError(f"{what} cannot do this", hint=cause)
    return ConfigurationError(what, cause=cause, remedy="Check elasticsearch.url")


_MEANINGS: tuple[tuple[type[Exception], type[TocsinError], str], ...] = (
    (SSLError, ConfigurationError, "Check elasticsearch.ca_file and the address"),
    (AuthenticationException, ConfigurationError, "Check its API key, or user and password"),
    (AuthorizationException, ConfigurationError, "Give this user the rights that it lacks"),
    (UnsupportedProductError, ConfigurationError, "Name the address of an Elasticsearch 9"),
    (TransportError, IndexUnavailable, "Make sure that it runs; it is tried again"),
    (NotFoundError, StateCorrupt, "Run `tocsin doctor`"),
    (ConflictError, StateCorrupt, "Run `tocsin doctor`"),
)
"""The first that fits counts: what is special stands before what is general."""


def _may_pass(error: ApiError) -> bool:
    """Whether the server is busy or ill, or an index is blocked for a while."""
    status = error.meta.status
    return status in BUSY or status >= 500 or BLOCKED in cause_of(error)


def cause_of(error: Exception) -> str:
    """The innermost reason that Elasticsearch, or the network, gives."""
    body = error.body if isinstance(error, ApiError) else None
    if isinstance(body, Mapping) and isinstance(body.get("error"), Mapping):
        return reason(body["error"])
    return str(error).partition("\n")[0][:MAX_CAUSE]


def reason(error: Mapping[str, Any]) -> str:
    """``type: reason`` of an error in an answer, with what lies beneath it."""
    inner = error
    for root in error.get("root_cause", ())[:1]:
        inner = root
    said = f"{inner.get('type', 'error')}: {inner.get('reason', '')}"
    cause = error.get("caused_by")
    if isinstance(cause, Mapping) and cause.get("reason") not in (None, inner.get("reason")):
        said = f"{said} ({cause['reason']})"
    return said[:MAX_CAUSE]


def _security(connection: ElasticConnection) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if connection.api_key is not None:
        options["api_key"] = connection.api_key
    elif connection.username is not None:
        options["basic_auth"] = (connection.username, connection.password)
    if connection.ca_file is not None:
        options["ca_certs"] = str(connection.ca_file)
    return options


class _Json(JsonSerializer):
    """JSON by msgspec, which reads it several times as fast as the standard library."""

    def json_loads(self, data: bytes) -> Any:
        return msgspec.json.decode(data)
