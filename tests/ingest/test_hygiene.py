"""What every item has to satisfy."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.hygiene import (
    Limits,
    check_name,
    clean_text,
    credible_trust,
    is_web_address,
    mended_json,
    native_id,
)
from model.clock import DAY, HOUR
from model.errors import MalformedRecord

ANY_TEXT = st.text(st.characters(exclude_categories=[]))
LIMITS = Limits()


def test_nul_and_lone_surrogates_are_replaced_and_nothing_else() -> None:
    assert clean_text("a\0b\ud800c\udfffd") == "a\ufffdb\ufffdc\ufffdd"
    kept = "\u202eright to left\u202c zero\u200bwidth \ufeff e\u0301 \N{FIRE}\t\n"
    assert clean_text(kept) == kept


@given(ANY_TEXT)
def test_clean_text_can_be_stored_and_cleaning_again_changes_nothing(text: str) -> None:
    clean = clean_text(text)
    assert "\0" not in clean
    assert clean.encode().decode() == clean
    assert len(clean) == len(text)
    assert clean_text(clean) == clean


@given(ANY_TEXT)
def test_mending_json_does_to_escapes_what_cleaning_does_to_text(text: str) -> None:
    mended = json.loads(mended_json(json.dumps(text).encode()))
    assert mended == clean_text(json.loads(json.dumps(text)))


@pytest.mark.parametrize(
    "data", [rb'"\\u0000"', rb'"\\\\ud800"', rb'"\ud83d\ude00"', rb'"\"\\\u00e9"', rb'"\n\/"']
)
def test_mending_leaves_sound_escapes_alone(data: bytes) -> None:
    assert mended_json(data) == data


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (262342930549850112, "262342930549850112"),
        (2**80 + 1, "1208925819614629174706177"),
        ("007", "007"),
        (" 5 ", "5"),
        (0, "0"),
        ("пост", "пост"),
    ],
)
def test_ids_become_text_digit_by_digit(value: str | int, text: str) -> None:
    assert native_id(value, LIMITS) == text


@pytest.mark.parametrize("value", [None, "", "  ", "a\0b", "a\nb", "a\u200bb", "\ud800", "x" * 600])
def test_ids_that_name_nothing_or_cannot_be_seen_are_refused(value: str | None) -> None:
    with pytest.raises(MalformedRecord) as refusal:
        native_id(value, LIMITS)
    str(refusal.value).encode()


@pytest.mark.parametrize("name", ["x", "bsky.app", "mein forum", "réseau"])
def test_names_that_can_stand_in_a_uid(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize("name", ["", " x", "a:b", "a\nb", "a\ud800", "x" * 300])
def test_names_that_would_break_a_uid_are_refused(name: str) -> None:
    with pytest.raises(MalformedRecord):
        check_name(name)


def test_only_addresses_of_the_web_are_links() -> None:
    assert is_web_address("https://example.org/")
    assert is_web_address("HTTP://example.org/")
    for address in ("javascript:alert(1)", "data:text/html,x", "//example.org", "file:///etc", ""):
        assert not is_web_address(address)


def test_nobody_vouches_for_a_date_more_than_a_day_ahead() -> None:
    assert credible_trust(HOUR, 0, "platform") == "platform"
    assert credible_trust(DAY, 0, "platform") == "platform"
    assert credible_trust(DAY + 1, 0, "platform") == "author"
