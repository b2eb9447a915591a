"""The word lists that ship with the enricher: ``data/*.txt``, written by hand."""

from __future__ import annotations

import importlib.resources


def words(name: str) -> frozenset[str]:
    """The words of ``data/<name>.txt``: separated by white space, ``#`` lines left out."""
    return frozenset(word for line in _lines(name) for word in line.split())


def groups(name: str) -> dict[str, frozenset[str]]:
    """The groups of ``data/<name>.txt``: on each line a key, a tab, and phrases with ``|``."""
    return {key: frozenset(phrases.split("|")) for key, phrases in table(name)}


def table(name: str) -> list[tuple[str, str]]:
    """The rows of ``data/<name>.txt``: two columns separated by a tab."""
    return [(left, right) for left, _, right in (row.partition("\t") for row in _lines(name))]


def _lines(name: str) -> list[str]:
    text = (importlib.resources.files("enrich") / "data" / f"{name}.txt").read_text("utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]
