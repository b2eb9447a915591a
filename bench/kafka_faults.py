"""Each fault of Kafka again and again, as a table: tries, lost, doubled, time to recover."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

from bus.kafka import KafkaConnection
from tests.faults.kafka import TUNING, Chain, Sum
from tests.servers.kafka import KafkaServer, start_kafka
from tests.servers.proxy import Proxy

AWAY_SECONDS = TUNING.patience_seconds + 2 * TUNING.request_seconds
WARM, AFTER = 1_000, 100


class Try(NamedTuple):
    """What a fault did once; seconds from its end until records flowed again."""

    total: Sum
    seconds: float


def show(times: int) -> None:
    """Print the table."""
    print(
        f"{'fault':28} {'tries':>5} {'handed out':>10} {'lost':>5} {'doubled':>8} {'dead':>5} "
        f"{'recovered after, median and longest':>36}"
    )
    server = start_kafka()
    try:
        for name, fault in _FAULTS.items():
            _show(name, [fault(server) for _ in range(times)])
    finally:
        server.close()


def _show(name: str, tries: list[Try]) -> None:
    totals = [each.total for each in tries]
    seconds = [each.seconds for each in tries]
    print(
        f"{name:28} {len(tries):5} {sum(t.handed_out for t in totals):10,} "
        f"{sum(t.lost for t in totals):5} {sum(t.doubled for t in totals):8,} "
        f"{sum(t.dead for t in totals):5} "
        f"{statistics.median(seconds):20.1f} s {max(seconds):12.1f} s"
    )


def _killed(server: KafkaServer) -> Try:
    def fault(_: Chain) -> None:
        server.process.kill()
        time.sleep(AWAY_SECONDS)
        server.start()

    return _disturbed(server, fault)


def _frozen(server: KafkaServer) -> Try:
    def fault(_: Chain) -> None:
        server.process.freeze()
        time.sleep(AWAY_SECONDS)
        server.process.thaw()

    return _disturbed(server, fault)


def _worker_killed(server: KafkaServer) -> Try:
    def fault(chain: Chain) -> None:
        chain.hire()
        time.sleep(1.0)
        chain.kill_oldest_worker()

    return _disturbed(server, fault)


def _too_large(server: KafkaServer) -> Try:
    def fault(_: Chain) -> None:
        server.process.kill()
        server.start()

    return _disturbed(server, fault, oversized=True)


def _cut_off(server: KafkaServer) -> Try:
    with Proxy(server.ports.proxy, server.ports.behind_proxy) as proxy:

        def fault(chain: Chain) -> None:
            proxy.delay, proxy.bytes_per_second = 0.05, 50_000
            for _ in range(3):
                chain.wait_for(AFTER)
                proxy.cut()
            proxy.delay, proxy.bytes_per_second = 0.0, None

        address = f"127.0.0.1:{server.ports.proxy}"
        return _disturbed(server, fault, KafkaConnection(bootstrap_servers=(address,)))


def _disturbed(
    server: KafkaServer,
    fault: Callable[[Chain], None],
    connection: KafkaConnection | None = None,
    *,
    oversized: bool = False,
) -> Try:
    connection = connection or KafkaConnection(bootstrap_servers=(server.address,))
    with Chain(connection, oversized=oversized) as chain:
        chain.wait_for(WARM)
        fault(chain)
        ended = time.monotonic()
        chain.wait_for(AFTER)
        seconds = time.monotonic() - ended
        chain.wait_for(WARM)
        return Try(chain.settle(), seconds)


_FAULTS: dict[str, Callable[[KafkaServer], Try]] = {
    f"broker killed, {AWAY_SECONDS:.0f} s away": _killed,
    f"broker frozen for {AWAY_SECONDS:.0f} s": _frozen,
    "worker killed in a hand-over": _worker_killed,
    "too large, broker killed": _too_large,
    "slow network, cut 3 times": _cut_off,
}
