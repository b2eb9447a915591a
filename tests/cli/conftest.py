"""State folders for the command line, and one evening for all tests that only look at it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipelines import EVENING, Tocsin, with_gazetteer


@pytest.fixture(scope="session")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Tocsin:
    """A state folder into which the demo evening was replayed, from nothing."""
    tocsin = Tocsin(tmp_path_factory.mktemp("evening") / "var")
    tocsin.ok("replay", str(EVENING), "--shift-to-now", "--wait")
    return tocsin


@pytest.fixture
def empty(tmp_path: Path, gazetteer: Path) -> Tocsin:
    """A state folder that holds nothing but a compiled gazetteer."""
    return with_gazetteer(Tocsin(tmp_path / "var"), gazetteer)
