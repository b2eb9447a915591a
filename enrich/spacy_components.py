"""The enricher as spaCy components, for whoever works with spaCy.

:func:`create_nlp` gives a pipeline whose components run the very same functions as the
enricher and leave their results where spaCy users look for them: ``doc.spans["places"]``
and ``doc.spans["tension"]``, ``doc._.tocsin_lang``, and on each span ``span._.tocsin_place``
or ``span._.tocsin_score`` and ``span._.tocsin_reason``.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence

import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup

from enrich.pipeline import Enricher, Parts
from enrich.spacy_docs import TOKENS, SocialTokenizer
from enrich.tokens import Tokens
from model.errors import ConfigurationError

PLACES = "places"
TENSION = "tension"
COMPONENTS = ("tocsin_language", "tocsin_places", "tocsin_tension")


class EnricherTokenizer(SocialTokenizer):
    """The tokenizer of a pipeline that :func:`create_nlp` made; it brings the enricher's
    parts to the components."""

    def __init__(self, vocab: spacy.vocab.Vocab, parts: Parts) -> None:
        super().__init__(vocab)
        self.parts = parts


def create_nlp(enricher: Enricher) -> Language:
    """A spaCy pipeline of the enricher's parts, in a blank multi-language vocabulary."""
    register_attributes()
    nlp = spacy.blank("xx")
    nlp.tokenizer = EnricherTokenizer(nlp.vocab, enricher.parts)
    for name in COMPONENTS:
        nlp.add_pipe(name)
    return nlp


def register_attributes() -> None:
    """Declare the extension attributes; again and again if need be."""
    if not Doc.has_extension("tocsin_lang"):
        Doc.set_extension("tocsin_lang", default="und")
        for attribute in ("tocsin_place", "tocsin_score", "tocsin_reason"):
            Span.set_extension(attribute, getter=_getter(attribute), setter=_setter(attribute))


def _getter(attribute: str) -> Callable[[Span], object]:
    return lambda span: span.doc.user_data.get(_key(attribute, span))


def _setter(attribute: str) -> Callable[[Span, object], None]:
    def store(span: Span, value: object) -> None:
        span.doc.user_data[_key(attribute, span)] = value

    return store


def _key(attribute: str, span: Span) -> str:
    """spaCy's own attributes are shared by all spans over the same words; ours are told
    apart by their label too, since one phrase may speak for two categories."""
    return f"{attribute} {span.start_char} {span.end_char} {span.label_}"


class _Component:
    """A component that works on batches; a single document is a batch of one."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts

    def __call__(self, doc: Doc) -> Doc:
        self.annotate([doc])
        return doc

    def pipe(self, stream: Iterable[Doc], batch_size: int) -> Iterator[Doc]:
        docs = iter(stream)
        while batch := list(itertools.islice(docs, batch_size)):
            self.annotate(batch)
            yield from batch

    def annotate(self, docs: Sequence[Doc]) -> None:
        raise NotImplementedError


class LanguageComponent(_Component):
    """Sets ``doc._.tocsin_lang``."""

    def annotate(self, docs: Sequence[Doc]) -> None:
        langs = self.parts.language.detect([_tokens(doc) for doc in docs])
        for doc, lang in zip(docs, langs, strict=True):
            doc._.tocsin_lang = lang


class PlacesComponent(_Component):
    """Sets ``doc.spans["places"]``, labelled by kind, each with its ``Place``."""

    def annotate(self, docs: Sequence[Doc]) -> None:
        batch = [_tokens(doc) for doc in docs]
        resolved = self.parts.resolver.resolve(batch, self.parts.recogniser.find(batch))
        for doc, places in zip(docs, resolved, strict=True):
            spans = []
            for place in places:
                span = _span(doc, place.start, place.end, place.kind)
                span._.tocsin_place = place
                spans.append(span)
            doc.spans[PLACES] = SpanGroup(doc, name=PLACES, spans=spans)


class TensionComponent(_Component):
    """Sets ``doc.spans["tension"]``, one span for each piece of evidence, labelled by its
    category, with the category's score and the reason."""

    def annotate(self, docs: Sequence[Doc]) -> None:
        scored = self.parts.tension.score([_tokens(doc) for doc in docs])
        for doc, tension in zip(docs, scored, strict=True):
            spans = []
            for hint in tension:
                for evidence in hint.evidence:
                    span = _span(doc, evidence.start, evidence.end, hint.category)
                    span._.tocsin_score = hint.score
                    span._.tocsin_reason = evidence.reason
                    spans.append(span)
            doc.spans[TENSION] = SpanGroup(doc, name=TENSION, spans=spans)


def _tokens(doc: Doc) -> Tokens:
    tokens: Tokens = doc.user_data[TOKENS]
    return tokens


def _span(doc: Doc, start: int, end: int, label: str) -> Span:
    """The words that hold these characters, which may begin or end inside a word."""
    span = doc.char_span(start, end, label=label, alignment_mode="expand")
    assert span is not None
    return span


def _parts(nlp: Language) -> Parts:
    if not isinstance(nlp.tokenizer, EnricherTokenizer):
        raise ConfigurationError(
            "a tocsin component in a foreign spaCy pipeline",
            cause="it needs the tokens of the enricher",
            remedy="Make the pipeline with enrich.spacy_components.create_nlp",
        )
    return nlp.tokenizer.parts


@Language.factory("tocsin_language")
def make_language(nlp: Language, name: str) -> LanguageComponent:  # noqa: ARG001 - spaCy's port
    """The factory of ``tocsin_language``."""
    return LanguageComponent(_parts(nlp))


@Language.factory("tocsin_places")
def make_places(nlp: Language, name: str) -> PlacesComponent:  # noqa: ARG001 - spaCy's port
    """The factory of ``tocsin_places``."""
    return PlacesComponent(_parts(nlp))


@Language.factory("tocsin_tension")
def make_tension(nlp: Language, name: str) -> TensionComponent:  # noqa: ARG001 - spaCy's port
    """The factory of ``tocsin_tension``."""
    return TensionComponent(_parts(nlp))
