"""kafka-python: the only module that imports it, and all of it that the others use.

It has no types; mypy sees its names as Any. Faults of version 3.0.12 that matter to
us are mended here, each named where it is.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Any

import kafka.errors
from kafka import (
    ConsumerRebalanceListener,
    KafkaAdminClient,
    KafkaProducer,
    OffsetAndMetadata,
    OffsetSpec,
)
from kafka import KafkaConsumer as LibraryConsumer
from kafka import TopicPartition as KafkaPartition
from kafka.admin import ConfigFilterType, ConfigResource, ConfigResourceType
from kafka.coordinator.assignors.cooperative_sticky import CooperativeStickyAssignor
from kafka.coordinator.consumer import ConsumerCoordinator
from kafka.errors import (
    CommitFailedError,
    IllegalGenerationError,
    KafkaError,
    KafkaTimeoutError,
    RebalanceInProgressError,
    TopicAlreadyExistsError,
    UnknownMemberIdError,
    UnknownTopicOrPartitionError,
)
from kafka.net.compat import KafkaNetClient
from kafka.net.inet import KafkaNetSocket
from kafka.net.sasl.oauth import AbstractTokenProvider
from kafka.net.transport import KafkaSSLTransport
from kafka.structs import MemberState

__all__ = [
    "AbstractTokenProvider",
    "CommitFailedError",
    "ConfigFilterType",
    "ConfigResource",
    "ConfigResourceType",
    "ConsumerRebalanceListener",
    "CooperativeStickyAssignor",
    "IllegalGenerationError",
    "KafkaAdminClient",
    "KafkaConsumer",
    "KafkaError",
    "KafkaNetClient",
    "KafkaPartition",
    "KafkaProducer",
    "KafkaTimeoutError",
    "OffsetAndMetadata",
    "OffsetSpec",
    "RebalanceInProgressError",
    "TopicAlreadyExistsError",
    "UnknownMemberIdError",
    "UnknownTopicOrPartitionError",
    "error_classes",
]


class KafkaConsumer(LibraryConsumer):  # type: ignore[misc]  # the library has no types
    """The library's consumer, with a coordinator that ends what it began."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._coordinator.__class__ = _Coordinator


class _Coordinator(ConsumerCoordinator):  # type: ignore[misc]  # the library has no types
    """Takes up a join that was completed while nobody polled.

    kafka-python 3.0.12 forgets it. Where another member was the reason it joins again,
    which hands all partitions of the group over once more, so that members which process
    between short polls may never come to rest. Where new metadata was the reason it does
    not even do that, and the member waits for ever.
    """

    _join_task: Any

    def need_rejoin(self) -> bool:
        if super().need_rejoin():
            self.rejoin_needed = True  # until it has joined, whatever becomes of the reason
        return bool(self.rejoin_needed)

    async def join_group_async(self, timeout_ms: float | None = None) -> bool:
        task = self._join_task
        if task is None or not task.is_done or not task.succeeded():
            joined: bool = await super().join_group_async(timeout_ms=timeout_ms)
            return joined
        self._join_task = None
        with self._lock:
            self.rejoining = False
            self.rejoin_needed = False
            self.state = MemberState.STABLE
            self._enable_heartbeat()
        generation = self._generation
        await self._on_join_complete_async(
            generation.generation_id, generation.member_id, generation.protocol, task.value
        )
        return True


def _close_what_did_not_connect() -> None:
    """Close the socket of each attempt to connect that fails.

    The library leaves it to the garbage collector, so a night without brokers could use
    up the files that a process may have open.
    """
    connect, shake_hands = KafkaNetSocket.sock_connect, KafkaSSLTransport.handshake

    async def connect_or_close(
        self: KafkaNetSocket, net: Any, sock: socket.socket, *where: Any, **options: Any
    ) -> Any:
        try:
            return await connect(self, net, sock, *where, **options)
        except BaseException:
            sock.close()
            raise

    async def shake_hands_or_close(self: KafkaSSLTransport) -> None:
        try:
            await shake_hands(self)
        except BaseException:
            self._sock.close()
            raise

    KafkaNetSocket.sock_connect = connect_or_close
    KafkaSSLTransport.handshake = shake_hands_or_close


_close_what_did_not_connect()


def error_classes() -> Sequence[type[KafkaError]]:
    """Every error that the library knows."""
    return [
        kind
        for kind in vars(kafka.errors).values()
        if isinstance(kind, type) and issubclass(kind, KafkaError)
    ]
