"""The query language: what is understood, and what is refused with which words."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.catalogue import FIELDS, KeywordField
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
from index.query.parse import parse
from model.errors import QueryError
from tests.contracts.index_posts import tokenize

FIRE, SMOKE, FILM = Term("fire"), Term("smoke"), Term("film")


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("*", MatchAll()),
        ("Fire", FIRE),
        ("fire smoke", And((FIRE, SMOKE))),
        ("fire AND smoke AND film", And((FIRE, SMOKE, FILM))),
        ("fire OR smoke", Or((FIRE, SMOKE))),
        ("fire OR smoke AND film", Or((FIRE, And((SMOKE, FILM))))),
        ("fire OR smoke film", And((Or((FIRE, SMOKE)), FILM))),
        ("film fire OR smoke", And((FILM, Or((FIRE, SMOKE))))),
        ("fire OR smoke -film", And((Or((FIRE, SMOKE)), Not(FILM)))),
        ("fire OR smoke NOT film", And((Or((FIRE, SMOKE)), Not(FILM)))),
        ("-film fire", And((Not(FILM), FIRE))),
        ("+fire +smoke", And((FIRE, SMOKE))),
        ("NOT (fire OR smoke)", Not(Or((FIRE, SMOKE)))),
        ("(fire (smoke (film)))", And((FIRE, SMOKE, FILM))),
        ("text:(fire OR smoke)", Or((FIRE, SMOKE))),
        ("fire-smoke", Phrase(("fire", "smoke"))),
        ('"fire  SMOKE!"', Phrase(("fire", "smoke"))),
        ("“fire smoke”", Phrase(("fire", "smoke"))),
        ('"fire"', FIRE),
        ('"fire smoke"~5', Phrase(("fire", "smoke"), 5)),
        ("#Fire @Smoke", And((Term("#fire"), Term("@smoke")))),
        ("Fir*", Prefix("fir")),
        ("f?re", Wildcard("f?re")),
        ("*ire", Wildcard("*ire")),
        ("f**e", Wildcard("f*e")),
        ("to TO", And((Term("to"), Term("to")))),
        ('place:"Stoke-on-Trent"', Keyword("place", "stoke on trent")),
        ("PLACE:GUILDFORD", Keyword("place", "guildford")),
        ("place:guild*", KeywordPattern("place", "guild*")),
        ("place:*", Exists("place")),
        (
            "place:(guildford OR woking)",
            Or((Keyword("place", "guildford"), Keyword("place", "woking"))),
        ),
        ("-place:(guildford)", Not(Keyword("place", "guildford"))),
        ("has:Geotag", Exists("geotag")),
        ("is:repost", Keyword("is", "repost")),
        ("kind:comment", Keyword("kind", "comment")),
        ("author:@Sid", Keyword("author", "sid")),
        ("hashtag:#Fire", Keyword("hashtag", "fire")),
        ('uid:"x:main:Ab"', Keyword("uid", "x:main:Ab")),
        (r"domain:a\*b", Keyword("domain", "a*b")),
        ("tension:weapons", Keyword("tension", "weapons")),
        ("tension.weapons:>0.7", Range("tension.weapons", 0.7, None, include_low=False,
                                       include_high=False)),
        ("likes:>=10", Range("likes", 10)),
        ("likes:<10", Range("likes", None, 10, include_low=False, include_high=False)),
        ("likes:[5 TO 50}", Range("likes", 5, 50, include_high=False)),
        ("likes:[-5 TO *]", Range("likes", -5)),
        ("likes:7", Range("likes", 7, 7)),
        ("likes:*", Range("likes")),
        ('near:"51.236,-0.570~5km"', Near(51.236, -0.57, 5_000)),
        ('near:" 51 , 0 ~ 2 mi "', Near(51, 0, 3_218.688)),
    ],
)  # fmt: skip
def test_what_is_understood(text: str, node: Node) -> None:
    assert parse(text, tokenize) == node


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("", 0, "empty"),
        ("  ", 0, "empty"),
        ("fire AND", 8, "stops too early"),
        ("AND fire", 0, "does not fit"),
        ("fire OR OR smoke", 8, "does not fit"),
        ("(fire", 0, "not closed"),
        ("a (fire [", 8, "not closed"),
        ("fire)", 4, "closes nothing"),
        ("(fire]", 5, "closes nothing"),
        ('smoke "fire', 6, "quote is not closed"),
        ('smoke fi"re', 8, "inside a word"),
        ("fire !!", 5, "holds no word"),
        ('"!!"', 0, "holds no word"),
        ("fire - smoke", 5, "stands alone"),
        ("fire -", 5, "stands alone"),
        ("place:-woking", 6, "before the name"),
        ("fire^2", 4, "no meaning"),
        ("/fire/", 0, "regular expressions"),
        ("fire~2", 4, "follows a phrase"),
        ('"fire smoke"~0.5', 12, "whole number"),
        ('"a b c d e f g"~9', 0, "too far apart"),
        ("smoke plaec:x", 6, "Did you mean place:"),
        ("smoke zzz:x", 6, "There are text, place"),
        ("place:x:y", 6, "double quotes"),
        ("is:repst", 3, "Did you mean is:repost"),
        ("has:zzz", 4, "geotag"),
        ("tension:weapon", 8, "Did you mean tension:weapons"),
        ("uid:*", 4, "cannot be asked"),
        ("place:!!", 6, "no value"),
        ("likes:ten", 6, "no number"),
        ("likes:nan", 6, "no number"),
        ("likes:1_0", 6, "no number"),
        ("likes:[5 TO ten]", 12, "no number"),
        ("likes:[5 TO 1]", 6, "smaller number comes first"),
        ("likes:(>5 OR place:x)", 13, "inside the field"),
        ("likes>10", 5, "Write likes:>10"),
        ("smoke place:[a TO b]", 12, "cannot be asked like this"),
        ("[a TO b]", 0, "cannot be asked like this"),
        ("near:guildford", 5, "Write for example near:"),
        ('near:"51.2,-0.5"', 5, "no point with a distance"),
        ('near:"95,0~5km"', 5, "no point on the earth"),
        ('near:"51,0~5m"', 5, "110 m"),
        ('near:"51,0~5000km"', 5, "1000 km"),
        ("near:51.2,-0.5~5km", 14, "near:"),
        ("fire f*r*e*f*r*e*f*r*e*", 5, "wildcards"),
        ("???", 0, "at least one letter"),
        (r"fi\*r*", 0, "cannot stand in one word"),
        ("fire!film* smoke", 0, "not one word"),
        ("fire\ud800", 4, "half of a character"),
        ("fire\\", 4, "no meaning"),
        ("(" * 70 + "fire" + ")" * 70, 61, "brackets"),
        ("fire " * 1_100, 5 * 1_024, "1024"),
        ("fire" * 6_000, 20_000, "20000"),
    ],
)
def test_what_is_refused(text: str, position: int, words: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text, tokenize)
    assert words in str(caught.value)
    assert caught.value.position == position


@pytest.mark.parametrize("text", ["*ire", "?ire", "place:*ford", "(film AND -*ire)"])
def test_a_rule_cannot_start_a_word_with_a_wildcard(text: str) -> None:
    parse(text, tokenize)
    with pytest.raises(QueryError, match="first letter"):
        parse(text, tokenize, for_rule=True)


@pytest.mark.parametrize("text", ["*", "fir*", "place:*", "likes:*"])
def test_a_rule_may_do_the_rest(text: str) -> None:
    assert parse(text, tokenize, for_rule=True) == parse(text, tokenize)


@pytest.mark.parametrize("field", FIELDS.values(), ids=lambda field: str(field.name))
def test_the_example_of_a_field_asks_for_that_field(field: KeywordField) -> None:
    node = parse(field.example, tokenize, for_rule=True)
    match node:
        case Keyword(name, _) | Range(name):
            assert name == field.name
        case Exists(_):
            assert field.name == "has"
        case Near():
            assert field.name == "near"
        case _:
            assert field.name == "text"


SNIPPETS = (
    *("fire", "Smoke*", "f?re", "AND", "OR", "NOT", "TO", "-", "+", "(", ")", "[", "]", "{", "}"),
    *('"', '"a b"', '"a b"~2', "~", "^", "/", ":", "*", "?", "\\", "place:", "likes:", "likes:>3"),
    *("[1 TO 5]", "has:", "is:reply", 'near:"51,0~5km"', "near:", "tension.hate:", " ", "\0", "é"),
    *("\u3000", "\x1e", "\n", "🔥", "#a", "@b", "“", "<", ">=", "1.5", "text:", "uid:", "!", "&&"),
)


@settings(max_examples=600)
@given(
    st.lists(st.sampled_from(SNIPPETS), max_size=14).map(" ".join)
    | st.lists(st.sampled_from(SNIPPETS), max_size=14).map("".join)
    | st.text(max_size=30),
    st.booleans(),
)
def test_any_text_is_understood_or_refused_at_a_place_within_it(text: str, for_rule: bool) -> None:
    error = _refusal(text, for_rule=for_rule)
    if error is not None:
        assert error.position is not None
        assert 0 <= error.position <= len(text)
        assert error.what


def _refusal(text: str, *, for_rule: bool) -> QueryError | None:
    try:
        parse(text, tokenize, for_rule=for_rule)
    except QueryError as error:
        return error
    return None


# What is written down and read again is the same.

words = st.from_regex(r"[a-z]{1,8}", fullmatch=True)
values = st.text(
    st.characters(categories=["L", "N", "P", "Zs"], exclude_characters="“”„‟«»\uff02"),
    min_size=1,
    max_size=12,
)
free_fields = st.sampled_from(
    [f for f in FIELDS.values() if isinstance(f, KeywordField) and not f.vocabulary]
)


@st.composite
def keyword_nodes(draw: st.DrawFn) -> Node:
    """A folded value of a field in which any value is possible."""
    field = draw(free_fields)
    return Keyword(field.name, field.fold(draw(values.filter(field.fold))))


numbers = st.integers(-(10**6), 10**6).map(float)
leaves = st.one_of(
    words.map(Term),
    words.map(Prefix),
    st.builds(lambda a, b: Wildcard(f"{a}?{b}"), words, words),
    st.builds(Phrase, st.lists(words, min_size=2, max_size=4).map(tuple), st.integers(0, 4)),
    keyword_nodes(),
    st.sampled_from(("place", "media")).map(Exists),
    st.builds(lambda low: Range("likes", low, low + 5, include_low=False), numbers),
    st.builds(Near, numbers.map(lambda n: n / 10**5), numbers.map(lambda n: n / 10**5),
              st.just(5_000.0)),
)  # fmt: skip


def written(node: Node) -> str:
    """A text that means the node."""
    match node:
        case And(nodes):
            return " AND ".join(f"({written(child)})" for child in nodes)
        case Or(nodes):
            return " OR ".join(f"({written(child)})" for child in nodes)
        case Not(child):
            return f"NOT ({written(child)})"
        case Phrase(tokens, slop):
            return f'"{" ".join(tokens)}"' + (f"~{slop}" if slop else "")
    return _word(node) or _field(node)


def _word(node: Node) -> str | None:
    match node:
        case Term(value):
            return value
        case Prefix(value):
            return f"{value}*"
        case Wildcard(pattern):
            return pattern
    return None


def _field(node: Node) -> str:
    match node:
        case Keyword(field, value):
            return f'{field}:"{value.translate(_ESCAPED)}"'
        case Exists(field):
            return f"has:{field}"
        case Range(field, low, high):
            return f"{field}:{{{low:.0f} TO {high:.0f}]"
        case Near(lat, lon, radius):
            return f'near:"{lat:.5f},{lon:.5f}~{radius:.0f}m"'
    raise TypeError(type(node).__name__)


_ESCAPED = str.maketrans({sign: f"\\{sign}" for sign in '"\\'})


@settings(max_examples=300)
@given(
    st.recursive(
        leaves,
        lambda children: (
            st.builds(And, st.tuples(leaves, children))
            | st.builds(Or, st.tuples(leaves, children))
            | st.builds(Not, children)
        ),
        max_leaves=8,
    )
)
def test_a_query_written_down_means_the_same(node: Node) -> None:
    assert _flat(parse(written(node), tokenize)) == _flat(node)


def _flat(node: Node) -> Node:
    """Nested ANDs as one, which is how the parser reads them; ORs likewise."""
    if isinstance(node, Not):
        return Not(_flat(node.node))
    if isinstance(node, (And, Or)):
        children: list[Node] = []
        for child in map(_flat, node.nodes):
            children += child.nodes if isinstance(child, type(node)) else (child,)
        return type(node)(tuple(children))
    return node


def test_threads_do_not_disturb_each_other() -> None:
    texts = [f"(w{n} OR s{n}) AND place:p{n}" for n in range(200)]
    expected = [parse(text, tokenize) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            assert list(pool.map(lambda text: parse(text, tokenize), texts)) == expected
