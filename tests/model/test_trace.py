"""Trace ids are the same wherever they are made, and differ where posts do."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from model.trace import span_id, trace_id


def test_the_form_is_that_of_w3c_trace_context() -> None:
    trace = trace_id("x:x:1", 0)
    assert re.fullmatch("[0-9a-f]{32}", trace)
    assert re.fullmatch("[0-9a-f]{16}", span_id(trace, "enrich"))


def test_ids_never_change() -> None:
    """Logs and traces of different versions must join."""
    assert trace_id("x:x:1", 0) == "11a12f30f1e7e32ddae4b31a5462c12e"
    assert span_id(trace_id("x:x:1", 0), "enrich") == "24ef60522cd4e1f5"


@given(st.text(), st.text(), st.integers(0), st.integers(0))
def test_every_revision_of_every_post_has_its_own(
    one: str, other: str, rev: int, later: int
) -> None:
    same = (one, rev) == (other, later)
    assert (trace_id(one, rev) == trace_id(other, later)) is same


def test_half_surrogates_have_a_trace_too() -> None:
    assert trace_id("x:x:\ud83d", 0) != trace_id("x:x:\ud83e", 0)
