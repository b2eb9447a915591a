"""The gazetteer and the enricher as they are shipped, built once for all tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from enrich.gazetteer import Gazetteer, open_gazetteer
from enrich.lexicon import Lexicon, load_lexicon
from enrich.pipeline import Enricher, build_enricher
from enrich.place_model import PlaceModel, read_model
from enrich.places import SHIPPED_MODEL, SequenceRecogniser

LEXICONS = Path(__file__).parents[2] / "config" / "lexicons"


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def gazetteer(cache: Path) -> Gazetteer:
    return open_gazetteer(cache)


@pytest.fixture(scope="session")
def place_model() -> PlaceModel:
    return read_model(SHIPPED_MODEL)


@pytest.fixture(scope="session")
def recogniser(gazetteer: Gazetteer, place_model: PlaceModel) -> SequenceRecogniser:
    return SequenceRecogniser(gazetteer, place_model)


@pytest.fixture(scope="session")
def lexicon() -> Lexicon:
    return load_lexicon(LEXICONS)


@pytest.fixture(scope="session")
def enricher(cache: Path, gazetteer: Gazetteer) -> Enricher:
    return build_enricher(lexicons=LEXICONS, cache=cache)
