"""Near-duplicates: what shares an id, within a process and between processes."""

from __future__ import annotations

from hypothesis import given

from enrich.clusters import SimHashClusters, VoteMemo
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
        assert memo[f"word{number}"] >= 0
        assert len(memo) <= 10


@given(posts)
def test_ids_fit_a_signed_64_bit_number(text: str) -> None:
    (cluster,) = ids(SimHashClusters(words=10), text)
    assert 0 <= cluster < 2**63
