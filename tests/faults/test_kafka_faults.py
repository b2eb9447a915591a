"""Kafka is killed, frozen, slow and cut off while a chain works: nothing is lost.

Ids handed out = ids consumed after deduplication by id + ids declared dead.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from bus.kafka import KafkaConnection
from tests.bus.kafka import connection_to
from tests.faults.kafka import TUNING, Chain, Sum
from tests.servers.kafka import KafkaServer
from tests.servers.proxy import Proxy

AWAY_SECONDS = TUNING.patience_seconds + 2 * TUNING.request_seconds


@pytest.fixture
def server(kafka_server: KafkaServer) -> Iterator[KafkaServer]:
    yield kafka_server
    kafka_server.restore()


def check(total: Sum, *, dead: int = 0) -> None:
    assert total.handed_out > 0
    assert total.lost == 0
    assert total.dead == dead


def killed(server: KafkaServer) -> None:
    server.process.kill()
    time.sleep(AWAY_SECONDS)
    server.start()


def frozen(server: KafkaServer) -> None:
    server.process.freeze()
    time.sleep(AWAY_SECONDS)
    server.process.thaw()


@pytest.mark.slow
@pytest.mark.parametrize("away", [killed, frozen])
def test_nothing_is_lost_when_the_broker_is_away_for_longer_than_all_patience(
    server: KafkaServer, away: Callable[[KafkaServer], None]
) -> None:
    with Chain(connection_to(server)) as chain:
        chain.wait_for(1_000)
        away(server)
        chain.wait_for(1_000)
        check(chain.settle())


@pytest.mark.slow
def test_nothing_is_lost_when_a_worker_is_killed_in_a_hand_over(server: KafkaServer) -> None:
    with Chain(connection_to(server)) as chain:
        chain.wait_for(1_000)
        chain.hire()  # its arrival begins the hand-over
        time.sleep(1.0)
        chain.kill_oldest_worker()
        chain.wait_for(1_000)
        check(chain.settle())


@pytest.mark.slow
def test_records_that_are_too_large_stop_no_other_even_while_the_broker_is_killed(
    server: KafkaServer,
) -> None:
    with Chain(connection_to(server), oversized=True) as chain:
        chain.wait_for(500)
        server.process.kill()
        server.start()
        chain.wait_for(500)
        total = chain.settle()
    check(total, dead=len(range(0, total.handed_out, 97)))


@pytest.mark.slow
def test_nothing_is_lost_on_a_network_that_is_slow_and_breaks(server: KafkaServer) -> None:
    with Proxy(server.ports.proxy, server.ports.behind_proxy) as proxy:
        address = f"127.0.0.1:{server.ports.proxy}"
        connection = KafkaConnection(bootstrap_servers=(address,))
        with Chain(connection) as chain:
            chain.wait_for(200)
            proxy.delay, proxy.bytes_per_second = 0.05, 50_000
            for _ in range(3):
                chain.wait_for(100)
                proxy.cut()
            proxy.delay, proxy.bytes_per_second = 0.0, None
            chain.wait_for(200)
            check(chain.settle())
