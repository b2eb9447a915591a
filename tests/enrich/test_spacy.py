"""spaCy at both ends: our components in a pipeline of theirs, and theirs in ours."""

from __future__ import annotations

from pathlib import Path

import pytest
import spacy
from hypothesis import given

from enrich.pipeline import Enricher, Subject, build_enricher
from enrich.spacy_components import COMPONENTS, create_nlp
from enrich.spacy_docs import SocialTokenizer, make_doc
from enrich.tokens import tokenize
from model.enriched import Place
from model.errors import ConfigurationError
from tests.enrich.conftest import LEXICONS
from tests.enrich.spacy_plugin import TOWN, WORD
from tests.enrich.texts import unicode_text

PLUGIN = "tests.enrich.spacy_plugin"
TEXTS = [
    "Bins on fire in #Guildford, lads throwing bricks  at the police!\n",
    "  lovely day in Guildford's park ",
    "",
]


@given(unicode_text)
def test_a_doc_has_the_text_and_our_words(text: str) -> None:
    nlp = spacy.blank("xx")
    doc = make_doc(nlp.vocab, tokenize(text))
    assert doc.text == text
    assert set(tokenize(text).surface) <= {token.text for token in doc}


def test_the_tokenizer_survives_lone_surrogates() -> None:
    assert SocialTokenizer(spacy.blank("xx").vocab)("a \ud800 b").text == "a \ufffd b"


def test_the_pipeline_of_components_says_what_the_enricher_says(enricher: Enricher) -> None:
    nlp = create_nlp(enricher)
    assert tuple(nlp.pipe_names) == COMPONENTS
    enrichments = enricher.enrich([Subject(text) for text in TEXTS])
    for doc, enrichment in zip(nlp.pipe(TEXTS, batch_size=2), enrichments, strict=True):
        assert doc._.tocsin_lang == enrichment.lang
        places = [span._.tocsin_place for span in doc.spans["places"]]
        assert places == list(enrichment.places)
        scores = {(s.label_, s._.tocsin_score) for s in doc.spans["tension"]}
        assert scores == {(hint.category, hint.score) for hint in enrichment.tension}
    alone = nlp(TEXTS[0])
    assert isinstance(alone.spans["places"][0]._.tocsin_place, Place)
    assert alone.spans["tension"][0]._.tocsin_reason


def test_our_components_refuse_a_foreign_pipeline() -> None:
    with pytest.raises(ConfigurationError, match="create_nlp"):
        spacy.blank("en").add_pipe("tocsin_places")


@pytest.fixture(scope="module")
def extended(cache: Path) -> Enricher:
    return build_enricher(
        lexicons=LEXICONS,
        cache=cache,
        components=[f"{PLUGIN}:tests_registered", f"{PLUGIN}:plain"],
    )


def test_their_findings_join_ours(extended: Enricher) -> None:
    text = f"{WORD} over {TOWN}, lads throwing bricks at the police in Woking"
    (enrichment,) = extended.enrich([Subject(text)])
    kinds = {place.text: place.kind for place in enrichment.places}
    assert kinds[TOWN] == "place"
    assert kinds[WORD] == "venue"
    assert "Woking" in kinds
    disorder = next(hint for hint in enrichment.tension if hint.category == "disorder")
    assert "the klaxon sounds" in {evidence.reason for evidence in disorder.evidence}
    assert disorder.score > 0.8
    assert enrichment.versions is not None
    assert PLUGIN in enrichment.versions.models


def test_docs_leave_nothing_behind_in_the_vocabulary(extended: Enricher) -> None:
    store = extended.parts.extensions[0]._nlp.vocab.strings  # type: ignore[attr-defined]
    extended.enrich([Subject("warm up the vocabulary")])
    before = len(store)
    for number in range(300):
        extended.enrich([Subject(f"unheard{number} word{number} number{number}")])
    assert len(store) == before


@pytest.mark.parametrize(
    "name",
    [
        "no_such_package",
        "no.such.module:factory",
        f"{PLUGIN}:absent",
        f"{PLUGIN}:failing",
        f"{PLUGIN}:TOWN",
    ],
)
def test_a_component_that_cannot_be_loaded_is_named(cache: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match=name) as caught:
        build_enricher(lexicons=LEXICONS, cache=cache, components=[name])
    assert "module:factory" in str(caught.value)
