"""HTML made into words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.plain_text import plain_text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<p>Two <b>bold</b> words</p>", "Two bold words"),
        ("<p>One</p><p>two<br/>three</p>", "One\ntwo\nthree"),
        ("a &amp; b &lt;c&gt; &eacute; &#233; &#xE9;", "a & b <c> é é é"),
        ("5 < 6 and 7 > 4", "5 < 6 and 7 > 4"),
        ("<script>alert('<b>1</b>')</script>safe", "safe"),
        ("<STYLE>p {}</STYLE>safe<script>never closed", "safe"),
        ("a<!-- <p>hidden</p> -->b<!-- never closed", "a b"),
        ('<img src=x onerror="alert(1)">picture', "picture"),
        ("<a href='javascript:x'>link</a>", "link"),
        ("&#0; &#xD800; \0", "\ufffd \ufffd \ufffd"),
        ("<ul><li>one<li>two</ul>", "one\ntwo"),
        ('<span class="invisible">https://</span><span>example.org</span>', "https://example.org"),
        ("zero\u200bwidth \u202eltr", "zero\u200bwidth \u202eltr"),
        ("", ""),
        ("   \n ", ""),
    ],
)
def test_markup_goes_and_words_stay(markup: str, text: str) -> None:
    assert plain_text(markup) == text


@pytest.mark.parametrize(
    "hostile",
    ["<" * 300_000, "<!--" * 100_000, "<script>" * 50_000, "<a " * 100_000, "&" * 300_000],
)
def test_hostile_markup_takes_no_longer_than_its_length(hostile: str) -> None:
    """Quadratic behaviour would run into the test's time-out by orders of magnitude."""
    plain_text(hostile)


@given(st.text(st.characters(exclude_categories=[])))
def test_any_markup_gives_text_that_can_be_stored(markup: str) -> None:
    text = plain_text(markup)
    text.encode()
    assert "\0" not in text
