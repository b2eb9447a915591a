"""Near-duplicates: what shares an id, within a process and between processes."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given

from enrich.clusters import SimHashClusters, VoteMemo
from enrich.one_word_apart import FEWEST_WORDS, OneWordApart, numbers_of
from enrich.tokens import tokenize
from tests.enrich.texts import posts

CALL = "everyone is meeting by the old bus station at nine tonight to show them what we think"


def ids(clusters: SimHashClusters, *texts: str) -> list[int]:
    return clusters.assign([tokenize(text) for text in texts])


def test_reposts_links_and_case_change_nothing() -> None:
    first, *others = ids(
        SimHashClusters(),
        CALL,
        f"RT @someone: {CALL} https://t.co/abc",
        CALL.upper() + "!!!",
        f"@a @b {CALL} https://t.co/xyz",
    )
    assert set(others) == {first}


def test_a_long_text_without_one_of_its_words_is_mostly_the_same_post() -> None:
    words = f"{CALL} and bring along anybody you know who has had enough of all this".split()
    same = 0
    for at in range(len(words)):
        shorter = words[:at] + words[at + 1 :]
        first, second = ids(SimHashClusters(), " ".join(words), " ".join(shorter))
        same += first == second
    assert same > len(words) / 2


@pytest.mark.parametrize("length", [7, 9, 14, 30, 60])
def test_a_copy_with_one_word_changed_added_or_left_out_is_found(length: int) -> None:
    words = [f"{word}{n}" for n, word in zip(range(length), itertools.cycle("abc"), strict=False)]
    for at in range(length):
        changed = [*words[:at], "other", *words[at + 1 :]]
        added = [*words[:at], "other", *words[at:]]
        shorter = words[:at] + words[at + 1 :]
        for variant in (changed, added, shorter if length > FEWEST_WORDS else words):
            first, second = ids(SimHashClusters(), " ".join(words), " ".join(variant))
            assert first == second, variant


def test_two_words_changed_in_a_short_text_are_another_text() -> None:
    first, second = ids(
        SimHashClusters(),
        "the shop on mill road is on fire",
        "the school on station road is on fire",
    )
    assert first != second


def test_what_is_remembered_is_bounded() -> None:
    memory = OneWordApart(slots=1_024)
    texts = [[hash((text, word)) & 0xFFFFFFFFFFFF for word in range(8)] for text in range(500)]
    for number, words in enumerate(texts, start=1):
        memory.remember(numbers_of(words), number)
    assert memory.find(numbers_of(texts[-1])) == 500
    assert sum(memory.find(numbers_of(words)) > 0 for words in texts[:100]) < 100


def test_another_text_is_another_post() -> None:
    first, second = ids(
        SimHashClusters(),
        CALL,
        "lost a grey cat with a white paw near the church on Sunday please look in your sheds",
    )
    assert first != second


def test_short_texts_are_grouped_only_when_equal() -> None:
    one, two, again = ids(SimHashClusters(), "on my way", "on my own", "On my WAY!")
    assert one == again
    assert one != two


def test_exact_copies_agree_between_processes_that_see_different_posts() -> None:
    left, right = SimHashClusters(), SimHashClusters()
    ids(left, *[f"chatter of the evening number {n} about nothing at all" for n in range(50)])
    assert ids(left, CALL) == ids(right, CALL)


def test_the_same_order_gives_the_same_ids() -> None:
    texts = [CALL, CALL.replace("nine", "ten"), "something else", CALL]
    assert ids(SimHashClusters(), *texts) == ids(SimHashClusters(), *texts)


def test_a_post_without_words_is_in_no_cluster() -> None:
    assert ids(SimHashClusters(), "", "@someone https://t.co/x", "...") == [0, 0, 0]


def test_the_memory_of_words_is_bounded() -> None:
    memo = VoteMemo(limit=10)
    for number in range(100):
        assert memo[f"word{number}"][0] >= 0
        assert len(memo) <= 10


@given(posts)
def test_ids_fit_a_signed_64_bit_number(text: str) -> None:
    (cluster,) = ids(SimHashClusters(words=10), text)
    assert 0 <= cluster < 2**63
