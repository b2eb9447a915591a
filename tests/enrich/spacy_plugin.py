"""Components such as a force might add: found by name, as settings name them."""

from __future__ import annotations

from collections.abc import Callable

from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup

TOWN = "Xanadu"
WORD = "klaxon"


@Language.component("tests_registered")
def registered(doc: Doc) -> Doc:
    """Takes a town that no gazetteer knows for a place, and a word for disorder."""
    doc.ents = [Span(doc, t.i, t.i + 1, label="GPE") for t in doc if t.text == TOWN]
    hints = [Span(doc, t.i, t.i + 1, label="disorder") for t in doc if t.text == WORD]
    for hint in hints:
        hint._.tocsin_score = 0.8
        hint._.tocsin_reason = "the klaxon sounds"
    doc.spans["tension"] = SpanGroup(doc, name="tension", spans=hints)
    return doc


def plain(nlp: Language, name: str) -> Callable[[Doc], Doc]:
    """A factory that spaCy was not told of: marks the first word as a venue."""

    def mark(doc: Doc) -> Doc:
        spans = [Span(doc, 0, 1, label="venue")] if len(doc) else []
        doc.spans["places"] = SpanGroup(doc, name="places", spans=spans)
        return doc

    return mark


def failing(nlp: Language, name: str) -> Callable[[Doc], Doc]:
    """A factory that cannot do its work."""
    raise ValueError("the model file is missing")
