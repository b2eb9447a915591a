"""``terms`` and ``allowlist``: a field holds a listed value, or one that is not listed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from alerts.kinds.any_post import LATE_RUNS, every_post
from alerts.kinds.keys import WORDS, keyword_fault, options, text, texts
from alerts.kinds.port import Kind
from index.catalogue import FIELDS, KeywordField
from index.query.ast import And, Keyword, Node, Not, Or
from model.rule import Rule


class TermsOptions(msgspec.Struct, frozen=True):
    """``values`` are compared as the query language compares the field's values."""

    field: str
    values: tuple[str, ...]


_FIELD = text("the field that is compared, as domain; text for the words of the post")
_VALUES = texts("the values that it is compared with", "one value")


def _words(rule: Rule) -> str:
    """What is compared with the text is read as a query is: folded, phrases, wildcards."""
    return "values" if options(rule, TermsOptions).field == WORDS else ""


def _listed(rule: Rule, words: Sequence[Node]) -> Or:
    """The post holds one of the values."""
    chosen = options(rule, TermsOptions)
    if words:
        return Or(tuple(words))
    field = FIELDS[chosen.field]
    fold = field.fold if isinstance(field, KeywordField) else str.lower
    return Or(tuple(Keyword(chosen.field, fold(value)) for value in chosen.values))


def _some_value(rule: Rule, query: Node, words: Sequence[Node]) -> Node:
    return And((query, _listed(rule, words)))


def _other_value(rule: Rule, query: Node, words: Sequence[Node]) -> Node:
    return And((query, Not(_listed(rule, words))))


def _faults(rule: Rule) -> Iterator[tuple[str, str]]:
    yield from keyword_fault(rule, "field", words=True)


def _when_listed(rule: Rule) -> str:
    chosen = options(rule, TermsOptions)
    return (
        f"when a matching post has one of {len(chosen.values)} listed values as its {chosen.field}"
    )


def _when_not_listed(rule: Rule) -> str:
    chosen = options(rule, TermsOptions)
    return f"when the {chosen.field} of a matching post is none of {len(chosen.values)} values"


TERMS = Kind(
    name="terms",
    meaning="a listed value",
    keys={"field": _FIELD, "values": _VALUES},
    required=("field", "values"),
    detector=every_post,
    when=_when_listed,
    late=LATE_RUNS,
    queries=_words,
    narrow=_some_value,
    faults=_faults,
)
ALLOWLIST = Kind(
    name="allowlist",
    meaning="a value that is not listed",
    keys={"field": _FIELD, "values": _VALUES},
    required=("field", "values"),
    detector=every_post,
    when=_when_not_listed,
    late=LATE_RUNS,
    queries=_words,
    narrow=_other_value,
    faults=_faults,
)
