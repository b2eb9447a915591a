"""The life of a post as a set of events, and what may be seen in the end."""

from __future__ import annotations

from typing import TypeAlias

from hypothesis import strategies as st

from model.post import Operation

Event: TypeAlias = tuple[Operation, int]


def histories() -> st.SearchStrategy[list[Event]]:
    """What may happen to one post, in no order."""
    usual: tuple[Operation, ...] = ("create", "edit", "edit", "withhold", "withhold", "restore")
    ops = st.sampled_from(usual * 2 + ("delete",))
    return st.lists(st.tuples(ops, st.integers(0, 4)), min_size=1, max_size=6)


@st.composite
def batches(draw: st.DrawFn, history: list[Event]) -> list[list[Event]]:
    """The events in any order, some of them twice, in any batches."""
    repeated = history + draw(st.lists(st.sampled_from(history), max_size=2))
    order = draw(st.permutations(repeated))
    cut = draw(st.integers(0, len(order)))
    return [batch for batch in (order[:cut], order[cut:]) if batch]


def outcomes(history: list[Event]) -> set[str | None]:
    """The texts that the post may show in the end, None for not at all.

    More than one where two events have the same revision, and where a version may have
    been dropped because it arrived while the post was withheld.
    """
    revisions = {op: [rev for o, rev in history if o == op] for op, _ in history}
    withheld = max(revisions.get("withhold", [-1]))
    restored = max(revisions.get("restore", [-1]))
    versions = [(rev, op) for op, rev in history if op in ("create", "edit", "restore")]
    if "delete" in revisions or (withheld >= 0 and restored <= withheld) or not versions:
        return {None}
    newest = max(rev for rev, _ in versions)
    least = restored if withheld >= 0 else newest
    return {f"{op} {rev}" for rev, op in versions if rev >= least}
