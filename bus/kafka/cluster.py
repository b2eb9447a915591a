"""Topics and offsets as the cluster has them, through the admin client."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

from bus.kafka.client import open_admin
from bus.kafka.connection import KafkaConnection, KafkaTuning
from bus.kafka.errors import translated
from bus.kafka.library import (
    ConfigFilterType,
    ConfigResource,
    ConfigResourceType,
    KafkaAdminClient,
    KafkaError,
    KafkaPartition,
    OffsetSpec,
    TopicAlreadyExistsError,
)
from model.clock import Clock
from model.errors import LogUnavailable

UNKNOWN_TOPIC = 3
"""The code of a topic that does not exist: kafka.apache.org/protocol, "Error Codes"."""

AGAIN_SECONDS = 0.2


class Cluster:
    """Answers by our names. Every call raises LogUnavailable and ConfigurationError.

    A cluster that answers, and is only busy with itself, is asked again until patience is
    over. One that cannot be reached is said to be so at once.
    """

    def __init__(self, connection: KafkaConnection, tuning: KafkaTuning, clock: Clock) -> None:
        self._connection = connection
        self._tuning = tuning
        self._clock = clock
        self._admin: KafkaAdminClient | None = None
        self._partitions: dict[str, tuple[float, list[int]]] = {}

    def partitions(self, topic: str) -> list[int]:
        """The partitions of a topic; none while it does not exist.

        They are looked up again as often as all metadata, since more may be added.
        """
        now = self._clock.monotonic()
        until, known = self._partitions.get(topic, (now, []))
        if now < until:
            return known
        found = self._look_up(topic)
        if found:
            self._partitions[topic] = (now + self._tuning.metadata_seconds, found)
        return found

    def create(self, topic: str, partitions: int, settings: Mapping[str, str]) -> None:
        """Make the topic with its settings and wait for its leaders; or leave it as it is."""
        name = self._connection.named(topic)
        described = {
            "num_partitions": partitions,
            "replication_factor": self._connection.replication_factor,
            "configs": dict(settings),
        }

        def make(admin: KafkaAdminClient) -> None:
            with contextlib.suppress(TopicAlreadyExistsError):
                admin.create_topics({name: described})
            admin.wait_for_topics([name], round(self._tuning.patience_seconds * 1_000))

        self._ask(f"topic {topic} cannot be created", make)

    def settings(self, topic: str) -> dict[str, str]:
        """Every setting of a topic, as the cluster writes them."""
        name = self._connection.named(topic)
        asked = [ConfigResource(ConfigResourceType.TOPIC, name)]
        found = self._ask(
            f"the settings of topic {topic} cannot be read",
            lambda admin: admin.describe_configs(asked, config_filter=ConfigFilterType.ALL),
        )
        return {key: entry["value"] for key, entry in found["topic"][name].items()}

    def change(self, topic: str, settings: Mapping[str, str]) -> None:
        """Change some settings of a topic, and leave the others."""
        changed = ConfigResource(
            ConfigResourceType.TOPIC, self._connection.named(topic), dict(settings)
        )
        self._ask(
            f"the settings of topic {topic} cannot be changed",
            lambda admin: admin.alter_configs([changed], raise_on_unknown=False),
        )

    def first_offsets(self, topic: str) -> dict[int, int]:
        """Per partition the offset of its oldest record."""
        return self._offsets(topic, OffsetSpec.EARLIEST)

    def end_offsets(self, topic: str) -> dict[int, int]:
        """Per partition the offset that follows its last record."""
        return self._offsets(topic, OffsetSpec.LATEST)

    def committed(self, group: str, topic: str) -> dict[int, int]:
        """Per partition what the group has committed; those without are left out."""
        group_name, name = self._connection.named(group), self._connection.named(topic)
        found = self._ask(
            f"the positions of group {group} cannot be read",
            lambda admin: admin.list_group_offsets(group_name),
        )
        return {
            there.partition: stored.offset
            for there, stored in found[group_name].items()
            if there.topic == name and stored.offset >= 0
        }

    def close(self) -> None:
        """Release the connections. Safe to call twice."""
        admin, self._admin = self._admin, None
        if admin is not None:
            with contextlib.suppress(KafkaError):
                admin.close()

    def _look_up(self, topic: str) -> list[int]:
        name = self._connection.named(topic)
        (found,) = self._ask(
            f"topic {topic} cannot be looked up", lambda admin: admin.describe_topics([name])
        )
        if found["error_code"] == UNKNOWN_TOPIC:
            return []
        return sorted(partition["partition_index"] for partition in found["partitions"])

    def _offsets(self, topic: str, spec: Any) -> dict[int, int]:
        name = self._connection.named(topic)
        asked = {KafkaPartition(name, number): spec for number in self.partitions(topic)}
        if not asked:
            return {}
        found = self._ask(
            f"the offsets of topic {topic} cannot be read",
            lambda admin: admin.list_partition_offsets(asked),
        )
        return {there.partition: found[there].offset for there in asked}

    def _ask(self, what: str, question: Callable[[KafkaAdminClient], Any]) -> Any:
        """The answer; the library has no types.

        A client that failed is not used again, since it may know a leader that is dead.
        """
        deadline = self._clock.monotonic() + self._tuning.patience_seconds
        while True:
            if self._admin is None:
                self._admin = open_admin(self._connection, self._tuning)
            try:
                return question(self._admin)
            except KafkaError as error:
                self.close()
                self._partitions.clear()
                ours = translated(error, what)
                if not isinstance(ours, LogUnavailable) or self._clock.monotonic() >= deadline:
                    raise ours from error
            self._clock.sleep(AGAIN_SECONDS)
