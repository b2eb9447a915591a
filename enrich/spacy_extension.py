"""Foreign spaCy components in the enricher: what a force adds by configuration.

A component is named in one of two ways. ``module:name`` imports the module and takes
``name`` as a spaCy factory that it registers, or else as a function of it that is called
with the pipeline and the name, as spaCy calls factories. A name without a colon is a
trained pipeline that is installed, as ``en_core_web_sm``.

What it leaves in a document joins the enrichment: entities labelled GPE, LOC or FAC and
the spans of ``doc.spans["places"]`` as mentions of places, which are then resolved like
ours; the spans of ``doc.spans["tension"]``, labelled by category, as scores
(``span._.tocsin_score``, else one half).
"""

from __future__ import annotations

import importlib
import inspect
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence

import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span

from enrich.gazetteer import name_key
from enrich.port import Found, Mention
from enrich.spacy_components import PLACES, TENSION, register_attributes
from enrich.spacy_docs import SocialTokenizer, make_doc
from enrich.tokens import Tokens
from model.enriched import TENSION_CATEGORIES, Evidence, Tension
from model.errors import ConfigurationError

PLACE_LABELS = frozenset({"GPE", "LOC", "FAC"})
MENTION_CONFIDENCE = 0.6
DEFAULT_SCORE = 0.5

_NUMBERS = itertools.count(1)
"""spaCy's register of factories is global and takes a name once."""

Component = Callable[[Doc], Doc]


class SpacyExtension:
    """Runs a spaCy pipeline over documents that are made for it alone.

    The documents live in one ``nlp.memory_zone()`` a batch, so that spaCy's store of
    strings does not grow with the stream.
    """

    def __init__(self, nlp: Language) -> None:
        register_attributes()
        self._nlp = nlp
        self._nlp.tokenizer = SocialTokenizer(nlp.vocab)

    def find(self, batch: Sequence[Tokens]) -> list[Found]:
        with self._nlp.memory_zone():
            docs = [make_doc(self._nlp.vocab, tokens) for tokens in batch]
            return [_found(doc) for doc in self._nlp.pipe(docs)]


def load_extension(name: str) -> SpacyExtension:
    """The extension of that name. Raises ConfigurationError if it cannot be loaded."""
    module, colon, factory = name.partition(":")
    try:
        return SpacyExtension(_from_module(module, factory) if colon else spacy.load(name))
    except (ImportError, OSError, AttributeError, TypeError, ValueError) as error:
        raise ConfigurationError(
            f"the spaCy component {name!r} cannot be loaded",
            cause=str(error).splitlines()[0],
            remedy="Install it, or correct enrich.components in the settings; "
            "a component is written module:factory",
        ) from error


def _from_module(module_name: str, factory: str) -> Language:
    module = importlib.import_module(module_name)
    nlp = spacy.blank("xx")
    if nlp.has_factory(factory):
        nlp.add_pipe(factory)
        return nlp
    make = getattr(module, factory)
    component = make(nlp, factory)
    registered = f"tocsin_extension_{next(_NUMBERS)}"
    Language.factory(registered, func=lambda nlp, name: _Adapter(component))  # noqa: ARG005
    nlp.add_pipe(registered)
    return nlp


class _Adapter:
    """Gives a plain function the two methods of a component."""

    def __init__(self, component: Component) -> None:
        self._component = component
        pipe = getattr(component, "pipe", None)
        self._batched = pipe if callable(pipe) and not inspect.isfunction(component) else None

    def __call__(self, doc: Doc) -> Doc:
        return self._component(doc)

    def pipe(self, stream: Iterable[Doc], batch_size: int) -> Iterator[Doc]:
        if self._batched is not None:
            yield from self._batched(stream, batch_size=batch_size)
        else:
            yield from map(self._component, stream)


def _found(doc: Doc) -> Found:
    places = [span for span in doc.ents if span.label_ in PLACE_LABELS]
    places += doc.spans.get(PLACES, ())
    hints = [span for span in doc.spans.get(TENSION, ()) if span.label_ in TENSION_CATEGORIES]
    return Found(tuple(map(_mention, places)), tuple(map(_tension, hints)))


def _mention(span: Span) -> Mention:
    kind = "" if span.label_ in PLACE_LABELS else span.label_.lower()
    key = name_key(span.text)
    return Mention(span.start_char, span.end_char, key, kind, MENTION_CONFIDENCE)


def _tension(span: Span) -> Tension:
    score = span._.tocsin_score
    reason = span._.tocsin_reason or f"{span.label_}: {span.text}"
    return Tension(
        span.label_,
        min(1.0, max(0.0, float(DEFAULT_SCORE if score is None else score))),
        (Evidence(span.start_char, span.end_char, reason),),
    )
