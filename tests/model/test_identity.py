"""Names of posts, events and incidents are the same on every machine, in every run."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from model.incident import incident_id
from model.post import Operation, post_event_id, post_uid, raw_payload

Event = tuple[str, Operation, int]
EVENTS = st.tuples(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.sampled_from(("create", "edit", "delete")),
    st.integers(0),
)

UID = "mastodon:example.social:1"


def test_names_are_the_ones_that_were_once_agreed() -> None:
    """Literal values: a change here would double every post that is already stored."""
    assert post_uid("mastodon", "example.social", "1") == UID
    assert post_event_id(UID, "edit", 3) == (
        "260541cf005e77948ab4762905959297a79148284ea49c55a0394b50f6ecb45b"
    )
    assert incident_id("weapons-seen", ("guildford",), 1_700_000_000_000_000) == "92a7451669953f2b"
    assert raw_payload(b"{}").sha256 == (
        "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
    )


@given(EVENTS, EVENTS)
def test_different_events_have_different_names(one: Event, other: Event) -> None:
    names = {post_event_id(*event) for event in (one, other)}
    assert len(names) == len({one, other})
