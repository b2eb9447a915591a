"""Hostile text cannot steer the terminal, and highlights stand where they belong."""

from __future__ import annotations

from io import StringIO

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from cli.output import marked, printable


def shown(text: object) -> str:
    out = StringIO()
    Console(file=out, width=10_000, color_system=None).print(text, soft_wrap=True)
    return out.getvalue()


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_nothing_but_printable_characters_reaches_the_terminal(text: str) -> None:
    assert printable(text).isprintable()
    assert len(printable(text)) == len(text)


def test_escapes_overrides_and_markup_are_inert() -> None:
    hostile = "\x1b[2J\x1b]0;owned\x07 \u202egnirts\u202c [bold]x[/bold] \r\n\u2066end"
    line = shown(marked(hostile, [(0, 4)]))
    assert not {"\x1b", "\x07", "\u202e", "\u2066", "\r"} & set(line)
    assert "[bold]x[/bold]" in line


def test_highlights_cover_the_given_code_points() -> None:
    text = marked("🔥 fire in Reading", [(2, 6), (10, 17)])
    assert [text.plain[s.start : s.end] for s in text.spans if s.style] == ["fire", "Reading"]
