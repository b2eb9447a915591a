"""A query as a tantivy query, meaning exactly what the predicate means."""

from __future__ import annotations

from functools import singledispatch

from index.catalogue import FIELDS, NumberField
from index.embedded.engine import FieldType, Occur, Query
from index.embedded.schema import BODY, CELL, SCHEMA, TIME
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
from index.query.patterns import automaton_pattern, automaton_prefix
from index.query.proximity import layouts
from index.query.ranges import clamped, whole_bounds


@singledispatch
def engine_query(node: Node) -> Query:
    """The tantivy query. Raises QueryError for a circle that cannot be searched."""
    raise TypeError(f"no tantivy query for {type(node).__name__}")


def in_span(query: Query, since: int | None, until: int | None) -> Query:
    """The query within a span of the posts' own time, ``until`` exclusive."""
    if since is None and until is None:
        return query
    last = None if until is None else until - 1
    return _every([query, _whole(TIME, clamped(since), clamped(last))])


@engine_query.register
def _(_node: MatchAll) -> Query:
    return Query.all_query()


@engine_query.register
def _(node: Term) -> Query:
    return Query.term_query(SCHEMA, BODY, node.value, index_option="freq")


@engine_query.register
def _(node: Prefix) -> Query:
    return Query.regex_query(SCHEMA, BODY, automaton_prefix(node.value))


@engine_query.register
def _(node: Wildcard) -> Query:
    return Query.regex_query(SCHEMA, BODY, automaton_pattern(node.pattern))


@engine_query.register
def _(node: Phrase) -> Query:
    # tantivy's own slop lets words change places; ours does not. So each way in which
    # other words can lie between them is a phrase of its own, with fixed distances.
    if len(node.values) == 1:
        return engine_query(Term(node.values[0]))
    return _some(
        [
            Query.phrase_query(SCHEMA, BODY, list(zip(positions, node.values, strict=True)))
            for positions in layouts(len(node.values), node.slop)
        ]
    )


@engine_query.register
def _(node: Keyword) -> Query:
    return Query.term_query(SCHEMA, node.field, node.value, index_option="basic")


@engine_query.register
def _(node: KeywordPattern) -> Query:
    return Query.regex_query(SCHEMA, node.field, automaton_pattern(node.pattern))


@engine_query.register
def _(node: Exists) -> Query:
    return engine_query(Keyword("has", node.field))


@engine_query.register
def _(node: Range) -> Query:
    field = FIELDS[node.field]
    if isinstance(field, NumberField) and field.whole:
        return _whole(node.field, *whole_bounds(node))
    if node.low is None and node.high is None:
        return Query.exists_query(node.field)
    return Query.range_query(
        SCHEMA,
        node.field,
        FieldType.Float,
        node.low,
        node.high,
        node.include_low or node.low is None,
        node.include_high or node.high is None,
    )


@engine_query.register
def _(node: Near) -> Query:
    cells = sorted(cells_near(node.lat, node.lon, node.radius_m))
    return Query.term_set_query(SCHEMA, CELL, cells)


@engine_query.register
def _(node: And) -> Query:
    return _every([engine_query(child) for child in node.nodes])


@engine_query.register
def _(node: Or) -> Query:
    return _some([engine_query(child) for child in node.nodes])


@engine_query.register
def _(node: Not) -> Query:
    return Query.boolean_query(
        [(Occur.Must, Query.all_query()), (Occur.MustNot, engine_query(node.node))]
    )


def _every(queries: list[Query]) -> Query:
    if not queries:
        return Query.all_query()
    return Query.boolean_query([(Occur.Must, query) for query in queries])


def _some(queries: list[Query]) -> Query:
    if not queries:
        return Query.empty_query()
    return Query.boolean_query([(Occur.Should, query) for query in queries])


def _whole(field: str, low: int | None, high: int | None) -> Query:
    """A range of whole numbers, both ends included."""
    if low is None and high is None:
        return Query.exists_query(field)
    if low is not None and high is not None and low > high:
        return Query.empty_query()
    return Query.range_query(SCHEMA, field, FieldType.Integer, low, high)
