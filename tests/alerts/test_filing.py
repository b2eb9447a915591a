"""Queries are filed under terms that every post which satisfies them has."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.filing import filings
from index.query.ast import And, Or
from index.query.parse import parse
from index.query.predicate import compile_predicate
from tests.contracts.index_posts import entries_of, queries, seen, tokenize


def rarity(token: str) -> int:
    """The longer, the rarer."""
    return 20 - len(token)


@pytest.mark.parametrize(
    ("query", "filed"),
    [
        ("fire", [("fire", "")]),
        ("fire OR smoke", [("fire smoke", "")]),
        ("fire AND explosion", [("explosion", "fire")]),
        ("(of OR explosions) AND explosion", [("explosion", "explosions of")]),
        ('"the mill explosion"', [("explosion", "mill")]),
        ('"the mill explosion"~3', [("explosion", "mill")]),
        ('"mill mill"', [("mill", "")]),
        ('"mill fire" OR smoke', [("mill", "fire"), ("smoke", "")]),
        ("fire AND NOT film", [("fire", "")]),
        ("fire AND flood*", [("fire", "")]),
        ("fire AND (smoke OR flood*)", [("fire", "")]),
        ("fire AND (fire OR smoke)", [("fire", "")]),
        ("fire AND place:guildford", [("fire", "")]),
        ("fire OR flood*", None),
        ("NOT fire", None),
        ("*", None),
        ("flood*", None),
        ("place:guildford", None),
    ],
)
def test_what_a_query_is_filed_under(query: str, filed: list[tuple[str, str]] | None) -> None:
    found = filings(parse(query, tokenize), rarity)
    if found is None:
        assert filed is None
    else:
        assert [(" ".join(sorted(f)), " ".join(sorted(s))) for f, s in found] == filed


def test_queries_without_operands_are_not_filed() -> None:
    assert filings(And(()), rarity) is None
    assert filings(Or(()), rarity) is None


@settings(max_examples=200)
@given(st.data())
def test_a_post_that_matches_meets_a_filing(data: st.DataObject) -> None:
    query = data.draw(queries, label="query")
    fields = seen(data.draw(entries_of("x:main:1"), label="post"))
    found = filings(query, rarity)
    if found is not None and compile_predicate(query)(fields):
        words = fields.words
        assert any(f & words and (not s or s & words) for f, s in found)
