"""Words of strangers, made fit to be shown."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.wording import plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("one\r\n\ttwo\u2028three\x00four", "one two three four"),
        ("\x1b[31mred\x1b[0m \x9b5m", "[31mred [0m 5m"),
        ("safe\u202eexe.gpj\u2066x\u2069", "safeexe.gpjx"),
        ("kn\u200bi\u00adfe\ufeff", "knife"),
        ("\U000e0041\U000e0042tag", "tag"),
        ("e" + "\u0301" * 50 + "nd", "e\u0301\u0301nd"),
        (
            "👨\u200d👩\u200d👧 \u0645\u06cc\u200c\u062e",
            "👨\u200d👩\u200d👧 \u0645\u06cc\u200c\u062e",
        ),
        ("  spaces\u3000\u00a0here ", "spaces here"),
        ("", ""),
    ],
)
def test_what_is_not_seen_is_left_out(text: str, shown: str) -> None:
    assert plain(text, 200) == shown


def test_a_long_text_is_cut_and_says_so() -> None:
    assert plain("word " * 100, 12) == "word word w…"
    assert plain("x" * 12, 12) == "x" * 12


@given(st.text(max_size=300), st.integers(1, 80))
def test_the_result_is_short_single_line_and_stays_as_it_is(text: str, limit: int) -> None:
    shown = plain(text, limit)
    assert len(shown) <= limit
    assert not any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in shown)
    assert not any(unicodedata.bidirectional(c) in {"RLO", "LRO", "RLE", "LRI"} for c in shown)
    assert plain(shown, limit) == shown
