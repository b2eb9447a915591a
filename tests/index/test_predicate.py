"""Queries as functions of a post. That they agree with the engines is tested by the
contract of the index; here they are held against plain definitions."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.query.ast import And, MatchAll, Not, Or, Phrase, Prefix, Range, Term
from index.query.parse import parse
from index.query.patterns import compile_pattern, compile_token_pattern
from index.query.predicate import compile_predicate
from index.query.proximity import gap_layouts, layouts, occurrences
from index.query.ranges import whole_bounds
from tests.contracts.index_posts import (
    enriched,
    entries_of,
    entry,
    made,
    queries,
    seen,
    tokenize,
)


def holds(query: str, text: str) -> bool:
    """Whether a post with this text satisfies the query."""
    return compile_predicate(parse(query, tokenize))(seen(entry(made(text=text))))


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("fire AND NOT film", "Fire at the mill"),
        ('"at the mill"', "fire at the MILL"),
        ('"fire mill"~2', "fire at the mill"),
        ("mi*", "fire at the mill"),
        ("m?l* AND *e", "fire at the mill"),
        ("road", "we march #MillRoad"),
        ("#millroad", "we march #MillRoad"),
        ("*", ""),
    ],
)
def test_what_satisfies_a_query(query: str, text: str) -> None:
    assert holds(query, text)


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("fir", "fire at the mill"),
        ('"mill the"', "fire at the mill"),
        ('"mill fire"~5', "fire at the mill"),
        ('"fire mill"~1', "fire at the mill"),
        ('"fire fire"~5', "fire at the mill"),
        ("ill*", "fire at the mill"),
        ("m?l AND fire", "fire at the mill"),
        ("*ire*the*", "fire at the mill"),
        ('"march road"', "we march #MillRoad"),
        ("fire", ""),
    ],
)
def test_what_does_not(query: str, text: str) -> None:
    assert not holds(query, text)


def test_the_boundary_is_no_word() -> None:
    fields = seen(entry(made(text="march #MillRoad")))
    assert not compile_predicate(Prefix("\x1em"))(fields)
    assert compile_predicate(Phrase(("#millroad", "mill"), 1))(fields), "slop may cross it"


@settings(max_examples=300)
@given(st.lists(st.sampled_from("abc"), max_size=9), st.data())
def test_proximity_is_order_with_few_others_between(tokens: list[str], data: st.DataObject) -> None:
    values = data.draw(st.lists(st.sampled_from("abc"), min_size=1, max_size=4))
    slop = data.draw(st.integers(0, 4))
    expected = [
        places
        for places in itertools.combinations(range(len(tokens)), len(values))
        if [tokens[place] for place in places] == values
        and places[-1] - places[0] - (len(values) - 1) <= slop
    ]
    got = list(occurrences(tokens, values, slop))
    assert {places[0] for places in got} == {places[0] for places in expected}
    assert set(got) <= set(expected)


@given(st.integers(1, 5), st.integers(0, 5))
def test_layouts_are_all_ways_and_no_more(words: int, slop: int) -> None:
    got = list(layouts(words, slop))
    assert len(got) == len(set(got)) == gap_layouts(words, slop)
    for positions in got:
        assert positions[0] == 0
        assert list(positions) == sorted(set(positions))
        assert positions[-1] - (words - 1) <= slop


@settings(max_examples=300)
@given(
    st.from_regex(r"[ab*?]{0,5}[ab][ab*?]{0,3}", fullmatch=True),
    st.lists(st.text("ab.", max_size=7), max_size=4),
)
def test_patterns_are_stars_and_question_marks(pattern: str, values: Sequence[str]) -> None:
    plain = re.compile(
        "".join({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in pattern), re.DOTALL
    )
    expected = [plain.fullmatch(value) is not None for value in values]
    assert [compile_pattern(pattern).match(value) is not None for value in values] == expected
    body = f" {' '.join(value for value in values if value)} "
    found = compile_token_pattern(pattern).search(body) is not None
    assert found == any(plain.fullmatch(value) for value in values if value)


def test_a_hostile_pattern_takes_no_time_to_speak_of() -> None:
    search = compile_token_pattern("a*a*a*a*a*a*a*b").search
    assert search(" " + "a" * 20_000 + " ") is None


@pytest.mark.parametrize(
    ("low", "high", "include_low", "include_high", "bounds"),
    [
        (None, None, True, True, (None, None)),
        (5, 7, True, True, (5, 7)),
        (5, 7, False, False, (6, 6)),
        (5.5, 7.5, True, True, (6, 7)),
        (5.5, 7.5, False, False, (6, 7)),
        (-5.5, -1.0, False, True, (-5, -1)),
        (2.0**63, None, True, True, (2**63 - 1, None)),
    ],
)
def test_bounds_of_whole_numbers(
    low: float | None,
    high: float | None,
    include_low: bool,
    include_high: bool,
    bounds: tuple[int | None, int | None],
) -> None:
    assert whole_bounds(Range("likes", low, high, include_low, include_high)) == bounds


# Required terms


def test_logic_without_operands() -> None:
    fields = seen(entry(made()))
    assert compile_predicate(And(()))(fields)
    assert not compile_predicate(Or(()))(fields)


@settings(max_examples=100)
@given(st.data())
def test_logic_is_logic(data: st.DataObject) -> None:
    one, other = data.draw(queries), data.draw(queries)
    fields = seen(data.draw(entries_of("x:main:1")))
    first, second = compile_predicate(one)(fields), compile_predicate(other)(fields)
    assert compile_predicate(And((one, other, Term("fire"), MatchAll())))(fields) == (
        first and second and "fire" in fields.words
    )
    assert compile_predicate(Or((one, other)))(fields) == (first or second)
    assert compile_predicate(Not(one))(fields) != first


def test_a_node_that_is_none_is_refused() -> None:
    with pytest.raises(TypeError):
        compile_predicate("fire")  # type: ignore[arg-type]


def test_enrichment_without_tokens_has_no_words() -> None:
    fields = seen(entry(made(), enriched("")))
    assert not compile_predicate(Term("fire"))(fields)
