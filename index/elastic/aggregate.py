"""Counting by time and by value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from index.elastic.compile import Dsl
from index.elastic.schema import TIME
from index.port import Bucket, SearchRequest

MAX_VALUES = 60_000
"""Values of a field that one shard is asked for; beyond them counts may be too low."""

Ask = Callable[[dict[str, Any]], dict[str, Any]]


def first_and_last(ask: Ask, query: Dsl, request: SearchRequest) -> tuple[int, int] | None:
    """The first and the last moment to count; None if there is nothing between them."""
    first, last = request.since, None if request.until is None else request.until - 1
    if first is None:
        first = _outermost(ask, query, "asc")
    if last is None:
        last = _outermost(ask, query, "desc")
    return None if first is None or last is None or first > last else (first, last)


def over_time(ask: Ask, query: Dsl, interval: int) -> dict[int, int]:
    """Counts by the number of the interval since 1970; exact for the years 1685 to 2255,
    beyond which Elasticsearch's floating point blurs a boundary by microseconds."""
    histogram = {"field": TIME, "interval": interval, "min_doc_count": 1}
    found = _aggregated(ask, query, {"histogram": histogram})
    return {round(b["key"] / interval): b["doc_count"] for b in found.get("buckets", ())}


def top(ask: Ask, query: Dsl, field: str, limit: int) -> list[Bucket]:
    """The commonest values, most first, ties by value.

    Each shard names its own commonest values. What it left out can matter only if that is
    as common as the last one shown: as long as it may be, they are asked for more.
    """
    wanted = limit * 2 + 100
    while True:
        terms = {"field": field, "size": limit, "shard_size": min(wanted, MAX_VALUES)}
        found = _aggregated(ask, query, {"terms": terms | {"show_term_doc_count_error": True}})
        buckets = found.get("buckets", [])
        if wanted >= MAX_VALUES or _is_exact(found, buckets):
            return [Bucket(bucket["key"], bucket["doc_count"]) for bucket in buckets]
        wanted *= 8


def _is_exact(found: dict[str, Any], buckets: list[dict[str, Any]]) -> bool:
    missed = found.get("doc_count_error_upper_bound", 0)
    if not buckets or not missed:
        return True
    doubtful = any(bucket["doc_count_error_upper_bound"] for bucket in buckets)
    return not doubtful and missed < buckets[-1]["doc_count"]


def _outermost(ask: Ask, query: Dsl, direction: str) -> int | None:
    hits = ask(
        {"query": query, "size": 1, "sort": [{TIME: direction}], "_source": False}
        | {"track_total_hits": False}
    )["hits"]["hits"]
    return int(hits[0]["sort"][0]) if hits else None


def _aggregated(ask: Ask, query: Dsl, aggregation: dict[str, Any]) -> dict[str, Any]:
    body = {"query": query, "size": 0, "track_total_hits": False, "aggs": {"a": aggregation}}
    found: dict[str, Any] = ask(body).get("aggregations", {}).get("a", {})
    return found
