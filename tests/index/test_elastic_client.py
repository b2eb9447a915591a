"""Settings, secrets and failures of the Elasticsearch client, without a server."""

from __future__ import annotations

import inspect
from dataclasses import replace
from datetime import date
from pathlib import Path
from types import ModuleType
from typing import Any

import elastic_transport
import elasticsearch
import pytest
from elastic_transport import ApiResponseMeta, HttpHeaders, NodeConfig

from index.elastic import ElasticConnection, ElasticIndex
from index.elastic.client import translated
from index.elastic.names import Names, period_end
from index.port import SearchRequest
from model.clock import DAY
from model.errors import (
    ConfigurationError,
    IndexUnavailable,
    QueryError,
    StateCorrupt,
    TocsinError,
)

STATUSES: dict[str, tuple[int, type[TocsinError]]] = {
    "ApiError": (500, IndexUnavailable),
    "UnsupportedProductError": (200, ConfigurationError),
    "NotFoundError": (404, StateCorrupt),
    "ConflictError": (409, StateCorrupt),
    "BadRequestError": (400, QueryError),
    "AuthenticationException": (401, ConfigurationError),
    "AuthorizationException": (403, ConfigurationError),
}
TRANSPORT: dict[str, type[TocsinError]] = {
    "TransportError": IndexUnavailable,
    "SniffingError": IndexUnavailable,
    "SerializationError": IndexUnavailable,
    "ConnectionError": IndexUnavailable,
    "ConnectionTimeout": IndexUnavailable,
    "TlsError": ConfigurationError,
}


def exceptions(module: ModuleType) -> dict[str, type[Exception]]:
    """Every exception that a package names, warnings aside, under its own name."""
    return {
        kind.__name__: kind
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Exception) and not issubclass(kind, Warning)
    }


EVERY = exceptions(elasticsearch) | exceptions(elasticsearch.exceptions) | exceptions(
    elastic_transport
)  # fmt: skip


def refusal(kind: type[Exception], status: int, body: Any) -> Exception:
    node = NodeConfig("http", "127.0.0.1", 9200)
    meta = ApiResponseMeta(status, "1.1", HttpHeaders(), 0.0, node)
    return kind("refused", meta, body)


def test_every_exception_of_the_client_has_a_meaning() -> None:
    assert EVERY.keys() == STATUSES.keys() | TRANSPORT.keys()


@pytest.mark.parametrize("name", STATUSES)
def test_refusals(name: str) -> None:
    status, ours = STATUSES[name]
    body = {"error": {"type": "some_exception", "reason": "the reason"}}
    meant = translated(refusal(EVERY[name], status, body), "there")
    assert type(meant) is ours
    assert "there" in str(meant)
    assert "the reason" in str(meant)


@pytest.mark.parametrize("name", TRANSPORT)
def test_failures_on_the_way(name: str) -> None:
    assert type(translated(EVERY[name]("no way"), "there")) is TRANSPORT[name]


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(status: int) -> None:
    error = refusal(elasticsearch.ApiError, status, {"error": "busy"})
    assert type(translated(error, "there")) is IndexUnavailable


def test_a_block_passes_and_a_missing_right_does_not() -> None:
    for kind, ours in (
        ("cluster_block_exception", IndexUnavailable),
        ("security_exception", ConfigurationError),
    ):
        body = {"error": {"type": kind, "reason": "no"}}
        error = refusal(elasticsearch.AuthorizationException, 403, body)
        assert type(translated(error, "there")) is ours


@pytest.mark.parametrize(
    ("wrong", "setting"),
    [
        ({"urls": ()}, "url"),
        ({"urls": ("elastic:9200",)}, "url"),
        ({"urls": ("https://me:sesame@elastic:9200",)}, "url"),
        ({"api_key": "sesame", "username": "me", "password": "sesame"}, "api_key"),
        ({"username": "me"}, "password"),
        ({"password": "sesame"}, "password"),
        ({"ca_file": Path("no-such-file.pem")}, "ca_file"),
        ({"request_seconds": 0.0}, "request_seconds"),
        ({"prefix": "Posts*"}, "prefix"),
        ({"shards": 0}, "shards"),
        ({"replicas": -1}, "replicas"),
        ({"refresh_interval": "soon"}, "refresh_interval"),
        ({"daily_from": date(2026, 2, 1)}, "daily_from"),
    ],
)
def test_what_cannot_work_is_refused_by_its_name(wrong: dict[str, Any], setting: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"^elasticsearch\.{setting}:") as caught:
        ElasticConnection(**wrong)
    assert "sesame" not in str(caught.value)


def test_secrets_show_nowhere() -> None:
    secret = "a-secret-of-the-tests"
    for connection in (
        ElasticConnection(api_key=secret),
        ElasticConnection(username="me", password=secret),
    ):
        assert secret not in repr(connection)
        index = ElasticIndex(replace(connection, urls=("http://127.0.0.1:9",)))
        with pytest.raises(IndexUnavailable) as caught:
            index.count(SearchRequest())
        assert secret not in str(caught.value)
        index.close()


def test_a_period_ends_after_every_post_in_it() -> None:
    names = Names("tocsin", date(2026, 1, 1))
    for day in range(-3, 60_000, 7):
        period = names.period(day * DAY + DAY - 1)
        end = period_end(period)
        assert end is None or (day + 1) * DAY <= end
        assert names.period_of_alias(names.alias(period)) == period
        assert end is None or end <= 0 or names.period(end) != period
    assert names.period(20_454 * DAY - 1) == "2025"
    assert names.period(20_454 * DAY) == "2026.01.01"
