"""Plug-ins by name, with errors that say which half is wrong."""

from __future__ import annotations

import pytest

from ingest.pace import Pace
from ingest.plugins import load_plugin
from model.errors import ConfigurationError


def test_an_attribute_is_found_also_inside_another() -> None:
    assert load_plugin("ingest.pace:Pace") is Pace
    assert load_plugin("ingest.pace:Pace.after_failures") is Pace.after_failures


@pytest.mark.parametrize("reference", ["", "ingest.pace", ":Pace", "ingest.pace:"])
def test_a_reference_needs_both_halves(reference: str) -> None:
    with pytest.raises(ConfigurationError, match="module:attribute"):
        load_plugin(reference)


def test_a_module_that_is_not_installed() -> None:
    with pytest.raises(ConfigurationError, match=r"cannot be imported.*no_such_module"):
        load_plugin("no_such_module:Source")


def test_an_attribute_that_is_not_there() -> None:
    with pytest.raises(ConfigurationError, match="no attribute 'Pase'"):
        load_plugin("ingest.pace:Pase")
