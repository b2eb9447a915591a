"""Builds the stages of the chain and the worker loop around them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping

from alerts.port import Channel
from bus.stage import Stage
from bus.worker import Worker, WorkerSettings
from cli.observing import Observation
from cli.wiring import Wiring
from model.clock import HOUR
from model.errors import ConfigurationError

TERMINAL = "terminal"
COMMON_LENGTH = 12


def processes(wiring: Wiring, stage: str) -> int:
    """How many processes of a stage a pipeline has: one, or for the enricher one per core."""
    if stage != "enrich":
        return 1
    wanted = wiring.settings.enrich.processes or os.cpu_count() or 1
    return min(wanted, wiring.backends.partitions)


def build_worker(wiring: Wiring, name: str, observation: Observation) -> Worker:
    """The worker loop around one stage."""
    settings = wiring.settings.worker
    return Worker(
        build_stage(wiring, name),
        wiring.log,
        wiring.clock,
        settings=WorkerSettings(
            max_records=settings.batch_records,
            linger_seconds=settings.linger_ms / 1_000,
            tick_seconds=settings.tick_seconds,
            retry_floor_seconds=settings.retry_floor_seconds,
            retry_ceiling_seconds=settings.retry_ceiling_seconds,
        ),
        observer=observation.report,
        tracer=observation.tracer,
    )


def build_stage(wiring: Wiring, name: str) -> Stage:
    """One stage. Raises ConfigurationError for a name that is none."""
    if name not in STAGES:
        raise ConfigurationError(
            f"there is no stage {name!r}", remedy=f"Stages: ingest, {', '.join(STAGES)}"
        )
    return STAGES[name](wiring)


def _enrich(wiring: Wiring) -> Stage:
    from enrich.stage import EnrichStage

    return EnrichStage(wiring.enricher(), wiring.settings.enrich.source_countries)


def _index(wiring: Wiring) -> Stage:
    from index.indexer import Indexer

    settings = wiring.settings.index
    return Indexer(
        wiring.backends.index_writer(),
        clock=wiring.clock,
        commit_records=settings.commit_records,
        commit_seconds=settings.commit_seconds,
    )


def _match(wiring: Wiring) -> Stage:
    from alerts.match_stage import MatchStage

    return MatchStage(wiring.rulebook(), rarity, wiring.clock)


def _window(wiring: Wiring) -> Stage:
    from alerts.route import Router
    from alerts.watermark import LogWatermark
    from alerts.window import WindowStage

    names = channel_names(wiring)
    return WindowStage(
        wiring.store,
        wiring.rulebook(),
        Router(names, names),
        wiring.clock,
        historic_after=round(wiring.settings.alerts.historic_hours * HOUR),
        watermark=LogWatermark(wiring.log, wiring.clock),
    )


def _deliver(wiring: Wiring) -> Stage:
    from alerts.channels import AppriseChannel, LineChannel
    from alerts.deliver import DeliverStage

    addresses = wiring.settings.alerts.channels
    channels: list[Channel] = [LineChannel(TERMINAL, sys.stdout)]
    for name, address in addresses.items():
        channels.append(AppriseChannel(name, address.get_secret_value()))
    return DeliverStage(wiring.store, channels, wiring.clock)


def channel_names(wiring: Wiring) -> list[str]:
    """The channels that routes may name."""
    return [*wiring.settings.alerts.channels, TERMINAL]


def rarity(token: str) -> int:
    """How common a token is, roughly: short words are. Only the order matters."""
    return max(0, COMMON_LENGTH - len(token))


STAGES: Mapping[str, Callable[[Wiring], Stage]] = {
    "enrich": _enrich,
    "index": _index,
    "match": _match,
    "window": _window,
    "deliver": _deliver,
}
"""The stages that always run, in the order of the chain."""
