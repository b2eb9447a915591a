"""The page on the query language names every field, and its examples work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from index.catalogue import FIELDS, KeywordField
from index.query.parse import parse
from model.errors import QueryError
from tests.contracts.index_posts import tokenize

PAGE = Path(__file__).parents[2] / "docs" / "query-language.md"
TEXT = PAGE.read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^\| `([^`]+)` \|", TEXT, re.MULTILINE)
REFUSED = re.findall(r"^- `([^`]+)`", TEXT.partition("## What is refused")[2], re.MULTILINE)


@pytest.mark.parametrize("name", FIELDS)
def test_every_field_is_documented(name: str) -> None:
    assert f"`{name}:`" in TEXT
    assert f"`{FIELDS[name].example}`" in TEXT


@pytest.mark.parametrize(
    "word",
    [f"{f.name}:{v}" for f in FIELDS.values() if isinstance(f, KeywordField) for v in f.vocabulary],
)
def test_every_word_of_a_vocabulary_is_documented(word: str) -> None:
    assert f"`{word}`" in TEXT


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_are_understood(example: str) -> None:
    parse(example.replace("\\|", "|"), tokenize)


@pytest.mark.parametrize("example", REFUSED)
def test_what_is_said_to_be_refused_is(example: str) -> None:
    with pytest.raises(QueryError):
        parse(example, tokenize, for_rule=True)


def test_the_page_has_examples() -> None:
    assert len(EXAMPLES) > 40
    assert len(REFUSED) > 5
