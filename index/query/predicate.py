"""A query as a function of one post's fields, for rules that meet every post.

The functions are closures over the values of the query; no text is ever turned into
code. A conjunction or disjunction of many words is one set operation.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import singledispatch
from typing import TypeAlias

from index.fields import Fields
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
from index.query.patterns import compile_pattern, compile_token_pattern
from index.query.proximity import occurrences

Predicate: TypeAlias = Callable[[Fields], bool]


@singledispatch
def compile_predicate(node: Node) -> Predicate:
    """A function that says whether a post satisfies the query.

    Raises QueryError for a circle that cannot be searched.
    """
    raise TypeError(f"no predicate for {type(node).__name__}")


@compile_predicate.register
def _(_node: MatchAll) -> Predicate:
    return lambda _: True


@compile_predicate.register
def _(node: Term) -> Predicate:
    value = node.value
    return lambda fields: value in fields.words


@compile_predicate.register
def _(node: Prefix) -> Predicate:
    start = f" {node.value}"
    return lambda fields: start in fields.body


@compile_predicate.register
def _(node: Wildcard) -> Predicate:
    search = compile_token_pattern(node.pattern).search
    return lambda fields: search(fields.body) is not None


@compile_predicate.register
def _(node: Phrase) -> Predicate:
    if node.slop:
        return _proximity(node)
    joined = f" {' '.join(node.values)} "
    return lambda fields: joined in fields.body


def _proximity(node: Phrase) -> Predicate:
    values, slop = node.values, node.slop
    needed = frozenset(values)

    def predicate(fields: Fields) -> bool:
        if not needed <= fields.words:
            return False
        return any(True for _ in occurrences(fields.body.split(" "), values, slop))

    return predicate


@compile_predicate.register
def _(node: Keyword) -> Predicate:
    field, value = node.field, node.value
    return lambda fields: value in fields.keywords.get(field, ())


@compile_predicate.register
def _(node: KeywordPattern) -> Predicate:
    field, fits = node.field, compile_pattern(node.pattern).match
    return lambda fields: any(map(fits, fields.keywords.get(field, ())))


@compile_predicate.register
def _(node: Exists) -> Predicate:
    return compile_predicate(Keyword("has", node.field))


@compile_predicate.register
def _(node: Range) -> Predicate:
    field, above, below = node.field, _above(node), _below(node)

    def predicate(fields: Fields) -> bool:
        number = fields.numbers.get(field)
        return number is not None and above(number) and below(number)

    return predicate


def _above(node: Range) -> Callable[[float], bool]:
    low = node.low
    if low is None:
        return lambda _: True
    return (lambda number: number >= low) if node.include_low else (lambda number: number > low)


def _below(node: Range) -> Callable[[float], bool]:
    high = node.high
    if high is None:
        return lambda _: True
    return (lambda number: number <= high) if node.include_high else (lambda number: number < high)


@compile_predicate.register
def _(node: Near) -> Predicate:
    cells = cells_near(node.lat, node.lon, node.radius_m)
    return lambda fields: not cells.isdisjoint(fields.cells)


@compile_predicate.register
def _(node: And) -> Predicate:
    needed = frozenset(child.value for child in node.nodes if isinstance(child, Term))
    rest = _compiled(child for child in node.nodes if not isinstance(child, Term))
    if not rest:
        return lambda fields: needed <= fields.words
    if not needed:
        return _all(rest)
    further = _all(rest)
    return lambda fields: needed <= fields.words and further(fields)


@compile_predicate.register
def _(node: Or) -> Predicate:
    words = frozenset(child.value for child in node.nodes if isinstance(child, Term))
    rest = _compiled(child for child in node.nodes if not isinstance(child, Term))
    if not rest:
        return lambda fields: not words.isdisjoint(fields.words)
    further = _any(rest)
    return lambda fields: not words.isdisjoint(fields.words) or further(fields)


@compile_predicate.register
def _(node: Not) -> Predicate:
    negated = compile_predicate(node.node)
    return lambda fields: not negated(fields)


def _compiled(nodes: Iterable[Node]) -> tuple[Predicate, ...]:
    return tuple(map(compile_predicate, nodes))


def _all(predicates: tuple[Predicate, ...]) -> Predicate:
    if len(predicates) == 1:
        return predicates[0]
    if len(predicates) == 2:
        first, second = predicates
        return lambda fields: first(fields) and second(fields)

    def predicate(fields: Fields) -> bool:
        for each in predicates:  # noqa: SIM110 - a generator would double the time
            if not each(fields):
                return False
        return True

    return predicate


def _any(predicates: tuple[Predicate, ...]) -> Predicate:
    if len(predicates) == 1:
        return predicates[0]

    def predicate(fields: Fields) -> bool:
        for each in predicates:  # noqa: SIM110 - a generator would double the time
            if each(fields):
                return True
        return False

    return predicate
