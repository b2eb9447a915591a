"""A query in Elasticsearch's own language, meaning exactly what the predicate means."""

from __future__ import annotations

from collections.abc import Sequence
from functools import singledispatch
from typing import Any, TypeAlias

from index.catalogue import FIELDS, NumberField
from index.elastic.schema import BODY, CELL, LONG_TOKEN, TIME, is_long, stand_in
from index.geo import cells_near
from index.query.ast import (
    And,
    Exists,
    Keyword,
    KeywordPattern,
    MatchAll,
    Near,
    Node,
    Not,
    Or,
    Phrase,
    Prefix,
    Range,
    Term,
    Wildcard,
)
from index.query.ranges import clamped, whole_bounds
from model.errors import QueryError

Dsl: TypeAlias = dict[str, Any]

EVERYTHING: Dsl = {"match_all": {}}
NOTHING: Dsl = {"match_none": {}}


MAX_LEVELS = 28
"""Of AND, OR and NOT inside each other. Elasticsearch takes 30, of which a span of time and
the innermost query take one each."""


def compiled(node: Node, since: int | None, until: int | None) -> Dsl:
    """The query within a span of the posts' own time (UTC microseconds), ``until`` exclusive.

    Raises QueryError for what Elasticsearch cannot search.
    """
    query = engine_query(node)
    if _levels(query) > MAX_LEVELS:
        raise QueryError(
            "Elasticsearch cannot search for so many brackets inside each other",
            hint=f"It takes {MAX_LEVELS} levels of AND, OR and NOT",
        )
    return _in_span(query, since, until)


@singledispatch
def engine_query(node: Node) -> Dsl:
    """The query. Raises QueryError for a circle that cannot be searched."""
    raise TypeError(f"no Elasticsearch query for {type(node).__name__}")


@engine_query.register
def _(_node: MatchAll) -> Dsl:
    return EVERYTHING


@engine_query.register
def _(node: Term) -> Dsl:
    return {"term": {BODY: _token(node.value)}}


@engine_query.register
def _(node: Prefix) -> Dsl:
    return _token_or_long({"prefix": {BODY: node.value}}, {"prefix": {LONG_TOKEN: node.value}})


@engine_query.register
def _(node: Wildcard) -> Dsl:
    return _token_or_long(_fitting(BODY, node.pattern), _fitting(LONG_TOKEN, node.pattern))


@engine_query.register
def _(node: Phrase) -> Dsl:
    tokens = [_token(value) for value in node.values]
    if len(tokens) == 1:
        return {"term": {BODY: tokens[0]}}
    if not node.slop:
        return {"match_phrase": {BODY: " ".join(tokens)}}
    # A match_phrase with slop lets words change places; ours does not.
    rules = [{"match": {"query": token}} for token in tokens]
    ordered = {"ordered": True, "max_gaps": node.slop, "intervals": rules}
    return {"intervals": {BODY: {"all_of": ordered}}}


@engine_query.register
def _(node: Keyword) -> Dsl:
    return {"term": {node.field: node.value}}


@engine_query.register
def _(node: KeywordPattern) -> Dsl:
    return _fitting(node.field, node.pattern)


@engine_query.register
def _(node: Exists) -> Dsl:
    return engine_query(Keyword("has", node.field))


@engine_query.register
def _(node: Range) -> Dsl:
    field = FIELDS[node.field]
    if isinstance(field, NumberField) and field.whole:
        return _whole(node.field, *whole_bounds(node))
    bounds: Dsl = {}
    if node.low is not None:
        bounds["gte" if node.include_low else "gt"] = node.low
    if node.high is not None:
        bounds["lte" if node.include_high else "lt"] = node.high
    return {"range": {node.field: bounds}} if bounds else {"exists": {"field": node.field}}


@engine_query.register
def _(node: Near) -> Dsl:
    return {"terms": {CELL: sorted(cells_near(node.lat, node.lon, node.radius_m))}}


@engine_query.register
def _(node: And) -> Dsl:
    # What is negated joins the others: each bool inside another counts towards the depth
    # that Elasticsearch allows.
    wanted = [engine_query(child) for child in node.nodes if not isinstance(child, Not)]
    unwanted = [engine_query(child.node) for child in node.nodes if isinstance(child, Not)]
    if not unwanted and len(wanted) == 1:
        return wanted[0]
    clauses = {"must": wanted, "must_not": unwanted}
    return {"bool": {name: some for name, some in clauses.items() if some}}


@engine_query.register
def _(node: Or) -> Dsl:
    return _some([engine_query(child) for child in node.nodes])


@engine_query.register
def _(node: Not) -> Dsl:
    inner = node.node
    if isinstance(inner, Not):
        return engine_query(inner.node)
    return {"bool": {"must_not": [engine_query(inner)]}}


def _some(queries: Sequence[Dsl]) -> Dsl:
    if not queries:
        return NOTHING
    if len(queries) == 1:
        return queries[0]
    return {"bool": {"should": list(queries), "minimum_should_match": 1}}


def _token(value: str) -> str:
    return stand_in(value) if is_long(value) else value


def _token_or_long(in_body: Dsl, in_long: Dsl) -> Dsl:
    return _some([in_body, in_long])


def _fitting(field: str, pattern: str) -> Dsl:
    # A backslash is a sign like any other to us, and an escape to Elasticsearch.
    return {"wildcard": {field: {"value": pattern.replace("\\", "\\\\")}}}


def _whole(field: str, low: int | None, high: int | None) -> Dsl:
    """A range of whole numbers, both ends included."""
    if low is None and high is None:
        return {"exists": {"field": field}}
    if low is not None and high is not None and low > high:
        return NOTHING
    bounds = {"gte": low, "lte": high}
    return {"range": {field: {name: end for name, end in bounds.items() if end is not None}}}


def _in_span(query: Dsl, since: int | None, until: int | None) -> Dsl:
    if since is None and until is None:
        return query
    last = None if until is None else until - 1
    return {"bool": {"must": [query], "filter": [_whole(TIME, clamped(since), clamped(last))]}}


def _levels(query: Dsl) -> int:
    """How many bools stand inside each other."""
    clauses = query.get("bool", {})
    inner = (child for part in ("must", "must_not", "should") for child in clauses.get(part, ()))
    return 1 + max(map(_levels, inner), default=0) if clauses else 0
