"""The log in Kafka keeps the contract of the log, on a real broker."""

from __future__ import annotations

import functools

import pytest

from bus.kafka import KafkaLog
from model.clock import SystemClock
from tests.bus.kafka import TUNING, connection_to
from tests.contracts.log import LogContract, OpenLog
from tests.servers.kafka import KafkaServer


class TestKafkaLog(LogContract):
    @pytest.fixture
    def open_log(self, kafka_server: KafkaServer) -> OpenLog:
        return functools.partial(
            KafkaLog,
            connection_to(kafka_server),
            max_record_bytes=1_000_000,
            clock=SystemClock(),
            tuning=TUNING,
        )
