"""Making the search index anew: the embedded one from the log, Elasticsearch's from itself."""

from __future__ import annotations

from pathlib import Path

from bus.port import TopicPartition
from cli.wiring import Wiring
from index.embedded import set_aside
from model.clock import to_datetime
from model.topics import GROUP_INDEX, POSTS_ENRICHED

JOIN_SECONDS = 5.0


def rebuild_index(wiring: Wiring) -> Path:
    """Move the index aside and send its stage back to the oldest record of the log.

    What is remembered of removed posts stays where it is, so that none comes back.
    Returns where the old index is now. Raises StateLocked while a pipeline runs.
    """
    state = wiring.state
    with state.owned():
        stamp = to_datetime(wiring.clock.now()).strftime("%Y%m%dT%H%M%S")
        aside = state.root / f"index.{stamp}"
        set_aside(state.index, aside)
        _go_back(wiring)
    return aside


def renew_indices(wiring: Wiring) -> dict[str, int]:
    """Put Elasticsearch's posts under the mapping of this version, while stages run.

    Returns how many posts were moved by period; empty where every mapping is current.
    """
    from cli.stack import elastic_connection
    from index.elastic.renewal import outdated, renew

    connection = elastic_connection(wiring.settings.elasticsearch)
    return {period: renew(connection, period) for period in outdated(connection)}


def _go_back(wiring: Wiring) -> None:
    topic = POSTS_ENRICHED.name
    consumer = wiring.log.consumer(GROUP_INDEX, [topic])
    consumer.poll(1, JOIN_SECONDS)
    consumer.commit({TopicPartition(topic, number): 0 for number in wiring.log.ends(topic)})
    consumer.close()
