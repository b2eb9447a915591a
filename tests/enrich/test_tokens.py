"""What a person may expect of a search is decided by the tokens."""

from __future__ import annotations

import pytest
from hypothesis import given

from enrich.folding import MAX_FOLDED
from enrich.tokens import BoundedMemo, fold_tokens, hashtag_words, tokenize
from tests.enrich.texts import posts


def searched(text: str) -> set[str]:
    tokens = tokenize(text)
    return {*tokens.folded, *tokens.parts}


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Guildford High-Street", ["guildford", "high", "street"]),
        ("I don't, don\u2019t and dont", ["i", "dont", "dont", "and", "dont"]),
        ("King's Cross", ["kings", "cross"]),
        ("O'Neill", ["oneill"]),
        ("the U.K. at 3.5 for £10,000", ["the", "uk", "at", "3.5", "for", "10000"]),
        ("Café Łódź", ["cafe", "lodz"]),
        ("#GuildfordLive @Some_One", ["#guildfordlive", "@some_one"]),
        ("@a.bsky.social @b@mastodon.social", ["@a.bsky.social", "@b@mastodon.social"]),
        ("see https://T.co/Ab, now", ["see", "https://t.co/ab", "now"]),
        ("🔥🔥 👊🏽", ["🔥", "🔥", "👊"]),
        ("_so_ snake_case", ["so", "snake", "case"]),
        ("東京で", ["東", "京", "で"]),
        ("", []),
        (" \u200b\x00\ud800 … ", []),
    ],
)
def test_texts_are_cut_and_folded(text: str, folded: list[str]) -> None:
    assert tokenize(text).folded == folded


@pytest.mark.parametrize(
    "disguise",
    [
        "POLICE",
        "po\u200blice",
        "po\u00adlice",
        "p\u0337o\u0337l\u0337i\u0337c\u0337e\u0337",
        "".join(chr(ord(letter) + 0xFEE0) for letter in "police"),
        "".join(chr(ord(letter) + 0x1D3BF) for letter in "POLICE"),
        "\u0440\u043elice",
        "\u202epolice\u202c",
        "po\ufe0flice",
    ],
)
def test_no_disguise_of_letters_hides_a_word(disguise: str) -> None:
    assert fold_tokens(disguise) == ["police"]


def test_joined_emoji_are_whole_and_their_parts_are_found() -> None:
    family = "👨\u200d👩\u200d👧"
    tokens = tokenize(family)
    assert tokens.surface == [family]
    assert {"👨", "👩", "👧"} <= searched(family)
    assert "🔪" in searched("🔪\u200d🔫")


def test_words_inside_hashtags_are_found() -> None:
    assert {"#guildfordhighstreet2", "guildford", "high", "street", "2"} <= searched(
        "#GuildfordHighStreet2"
    )
    assert {"guildford"} <= searched("#guildford")
    assert {"save", "our", "nhs", "save_our_nhs"} <= searched("#save_our_NHS")
    assert hashtag_words("#SaveOurNHS2") == ["Save", "Our", "NHS", "2"]
    assert hashtag_words("#ZürichÖstlich_9") == ["Zürich", "Östlich", "9"]


def test_the_owner_of_a_possessive_is_found_but_not_that_of_a_contraction() -> None:
    assert "police" in searched("the police's van")
    assert "guildford" in searched("Guildford\u2019s streets")
    assert "it" not in searched("it's late")


def test_a_word_without_end_is_cut() -> None:
    (folded,) = fold_tokens("a" * 10_000)
    assert len(folded) == MAX_FOLDED


def test_the_memo_is_bounded_and_keeps_no_links() -> None:
    memo = BoundedMemo(limit=10)
    for number in range(100):
        assert memo[f"Word{number}"] == f"word{number}"
        assert len(memo) <= 10
    assert memo["@Someone"] == "@someone"
    assert memo["https://example.org/x"] == "https://example.org/x"
    assert memo["x" * 100] == "x" * 100
    assert {"@Someone", "https://example.org/x", "x" * 100}.isdisjoint(memo)


@given(posts)
def test_offsets_are_where_the_tokens_stand(text: str) -> None:
    tokens = tokenize(text)
    pairs = list(zip(tokens.offsets[::2], tokens.offsets[1::2], strict=True))
    assert [text[start:end] for start, end in pairs] == tokens.surface
    assert all(start < end for start, end in pairs)
    assert tokens.offsets == sorted(tokens.offsets)
    assert len(tokens.folded) == len(tokens.surface)


@given(posts)
def test_the_index_and_a_query_fold_alike(text: str) -> None:
    tokens = tokenize(text)
    assert fold_tokens(text) == tokens.folded
    assert " ".join(tokens.folded).split() == tokens.folded
    for folded in tokens.folded:
        assert 0 < len(folded) <= MAX_FOLDED


@given(posts)
def test_folding_twice_is_folding_once(text: str) -> None:
    for folded in fold_tokens(text):
        again = fold_tokens(folded)
        assert fold_tokens(" ".join(again)) == again
        if folded.isascii() and folded.isalnum():
            assert again == [folded]


@given(posts)
def test_the_head_of_a_text_is_a_text_of_its_own(text: str) -> None:
    tokens = tokenize(text)
    head = tokens.head(3)
    assert head.surface == tokens.surface[:3]
    assert text.startswith(head.text)
