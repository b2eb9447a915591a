"""Which posts pass a filter."""

from __future__ import annotations

import msgspec
import pytest

from ingest.terms import Filter, Wanted
from model.post import Author
from tests.ingest.parts import post


@pytest.mark.parametrize(
    ("term", "text", "passes"),
    [
        ("fire", "FIRE at the mill", True),
        ("fire", "a firefly", False),
        ("fire*", "firefighters out", True),
        ("fire", "campfire", False),
        ("fire", "#fire", True),
        ("#fire", "fire", False),
        ("#fire", "a big #Fire!", True),
        ("fire", "@fire said so", False),
        ("@policehq", "hello @PoliceHQ", True),
        ("high street", "on the High\n  Street now", True),
        ("high street", "a high old street", False),
        ("a.b", "aXb", False),
        ("straße", "in der STRASSE", True),
        ("heddlu", "Mae'r heddlu yma", True),
    ],
)
def test_a_term_finds_words_and_tags(term: str, text: str, passes: bool) -> None:
    assert Filter(Wanted(terms=(term,))).passes(post(1, text)) is passes


def test_one_of_several_terms_is_enough() -> None:
    wanted = Filter(Wanted(terms=("riot", "fire")))
    assert wanted.passes(post(1, "fire"))
    assert not wanted.passes(post(1, "calm"))


def test_the_title_and_the_tags_count_as_said() -> None:
    wanted = Filter(Wanted(terms=("fire",)))
    assert wanted.passes(msgspec.structs.replace(post(1, ""), title="Fire at the mill"))
    assert wanted.passes(msgspec.structs.replace(post(1, ""), hashtags=("fire",)))


@pytest.mark.parametrize(
    ("langs", "passes"), [(("en-GB",), True), (("cy", "en"), True), (("de",), False), ((), True)]
)
def test_languages(langs: tuple[str, ...], passes: bool) -> None:
    said = msgspec.structs.replace(post(1), langs=langs)
    assert Filter(Wanted(languages=("en",))).passes(said) is passes


def test_authors() -> None:
    wanted = Filter(Wanted(authors=("7",)))
    assert wanted.passes(msgspec.structs.replace(post(1), author=Author(id="7")))
    assert not wanted.passes(msgspec.structs.replace(post(1), author=Author(id="8")))
    assert not wanted.passes(post(1))


def test_all_must_be_satisfied_and_nothing_asked_lets_all_pass() -> None:
    both = Filter(Wanted(terms=("fire",), languages=("en",)))
    assert not both.passes(msgspec.structs.replace(post(1, "fire"), langs=("fr",)))
    assert Filter(Wanted()).passes(post(1, "anything"))
