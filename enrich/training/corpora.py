"""Labelled posts: how each corpus is written, and what its labels are worth.

Three formats are read. CoNLL: a word and its tag a line, a blank line between posts;
words are joined by spaces, but a lone ``#`` or ``@`` belongs to the next word. JSON
lines with ``location_mentions``, as IDRISI-RE has them. And our own: a post a line,
places in ``[]``, organisations in ``{}``, people in ``<>``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from enrich.tokens import tokenize
from model.errors import ConfigurationError

PLACE, PERSON, ORGANISATION = 1, 3, 5
"""The label of a name's first word; that of a further word is one more. 0 is no name."""
LABELS = 7

GENERAL, WNUT, CRISIS = 1, 2, 3
"""The corpora of which each has weights of its own; posts are tagged with GENERAL's."""

_TYPES = {
    **dict.fromkeys(("loc", "location"), PLACE),
    **dict.fromkeys(("per", "person"), PERSON),
    **dict.fromkeys(("org", "corporation", "group"), ORGANISATION),
}
_BRACKETS = {"[": PLACE, "{": ORGANISATION, "<": PERSON}
_CLOSING = "]}>"


class Span(NamedTuple):
    """A labelled part of a text, in code points."""

    start: int
    end: int
    label: int


class Labelled(NamedTuple):
    """A post with its names. ``complete`` says that people and organisations are labelled
    too; where they are not, a word that is no place may be either."""

    text: str
    spans: tuple[Span, ...]
    complete: bool = True


class Corpus(NamedTuple):
    """Posts of one origin: which corpus' own weights they train, and how much each counts."""

    name: str
    posts: list[Labelled]
    domain: int
    weight: float


def read_posts(path: Path) -> list[Labelled]:
    """The posts of a file, its format told by its name. Raises ConfigurationError for a
    file that cannot be read as such."""
    try:
        text = path.read_text("utf-8")
        if path.suffix == ".conll":
            return list(_conll(text))
        if path.suffix == ".jsonl":
            return [_located(json.loads(line)) for line in text.split("\n") if line.strip()]
        return [_bracketed(line) for line in text.split("\n") if line and line[0] != ";"]
    except (OSError, ValueError, KeyError) as error:
        raise ConfigurationError(
            f"the labelled posts {path}",
            cause=f"{type(error).__name__}: {error}",
            remedy="Use CoNLL (.conll), IDRISI's JSON lines (.jsonl) or bracketed text (.txt)",
        ) from error


def _conll(text: str) -> Iterator[Labelled]:
    for block in re.split(r"\n\s*\n", text.replace("\r", "")):
        rows = [line.split("\t") if "\t" in line else line.split() for line in block.split("\n")]
        rows = [row for row in rows if len(row) > 1]
        if rows:
            yield _joined([(row[0], row[-1].strip()) for row in rows])


def _joined(rows: list[tuple[str, str]]) -> Labelled:
    text, before = "", ""
    spans: list[Span] = []
    kind = ""
    for word, tag in rows:
        text += " " if text and before not in ("@", "#") else ""
        start, text, before = len(text), text + word, word
        prefix, _, name = tag.partition("-")
        label = _TYPES.get(name.casefold(), 0)
        if prefix == "I" and name == kind and label:
            spans[-1] = spans[-1]._replace(end=len(text))
        elif label:
            spans.append(Span(start, len(text), label))
        kind = name
    return Labelled(
        text, tuple(s for s in spans if "@" not in text[max(0, s.start - 1) : s.start + 1])
    )


def _located(row: dict[str, object]) -> Labelled:
    mentions = row["location_mentions"]
    if not isinstance(mentions, list):
        raise TypeError("location_mentions is no list")
    spans = sorted({Span(int(m["start_offset"]), int(m["end_offset"]), PLACE) for m in mentions})
    return Labelled(str(row["text"]), tuple(spans), complete=False)


def _bracketed(line: str) -> Labelled:
    text = ""
    spans: list[Span] = []
    opened: tuple[int, int] | None = None
    for char in line:
        if opened is None and char in _BRACKETS:
            opened = (len(text), _BRACKETS[char])
        elif opened is not None and char in _CLOSING:
            spans.append(Span(opened[0], len(text), opened[1]))
            opened = None
        else:
            text += char
    if opened is not None:
        raise ValueError(f"a bracket is not closed: {line!r}")
    return Labelled(text, tuple(spans))


def labels_of(post: Labelled) -> list[int]:
    """The label of each token of a post."""
    tokens = tokenize(post.text)
    labels = [0] * len(tokens.surface)
    for start, end, label in post.spans:
        inside = [
            at
            for at in range(len(labels))
            if tokens.offsets[2 * at] < end and start < tokens.offsets[2 * at + 1]
        ]
        for at in inside:
            if labels[at] == 0 or label == PLACE:
                labels[at] = label if at == inside[0] else label + 1
    return labels
