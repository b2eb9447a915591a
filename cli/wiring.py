"""The composition root: the only place that reads settings and picks back ends.

A :class:`Wiring` builds parts on demand and hands them what they need. Libraries that
only one stage needs are imported when that stage is built, so that each process loads
its own and no more. Whatever was opened is closed by :meth:`Wiring.close`.
"""

from __future__ import annotations

import contextlib
import getpass
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, TypeVar

from bus.metrics import StageReport
from bus.port import Log, Retention
from bus.reports import Reports
from cli.backends import Backends, EmbeddedBackends
from cli.state import StateFolder
from config.settings import Settings
from desk.access import Caller
from desk.health import CONSUMERS
from model.clock import DAY, SystemClock
from model.topics import TOPICS

if TYPE_CHECKING:
    from alerts.rulebook import Rulebook
    from alerts.rules import RuleSet
    from bus.dead import DeadLetters
    from desk.again import AgainDesk
    from desk.health import HealthDesk
    from desk.incidents import IncidentDesk
    from desk.search import SearchDesk
    from desk.spread import SpreadDesk
    from enrich.area_file import AreaSet
    from enrich.gazetteer import Gazetteer
    from enrich.pipeline import Enricher
    from index.port import SearchIndex
    from index.query.ast import Node
    from ingest.sources import SourcesFile
    from store.engine import Store
    from store.good_rules import GoodRule


class _Closable(Protocol):
    def close(self) -> None: ...


Closable = TypeVar("Closable", bound=_Closable)


class Wiring:
    """The parts of one process, built from the settings on first use.

    ``patience_seconds`` is how long a server may take to answer; None leaves it to each
    back end, which waits as long as work may wait.
    """

    def __init__(
        self, settings: Settings, *, purpose: str = "", patience_seconds: float | None = None
    ) -> None:
        self.patience_seconds = patience_seconds
        self.settings = settings
        self.state = StateFolder(settings.state)
        self.clock = SystemClock()
        self.caller = Caller(settings.actor or getpass.getuser(), purpose or settings.purpose)
        self._open = contextlib.ExitStack()

    def close(self) -> None:
        """Release everything that was opened."""
        self._open.close()

    # What all commands share.

    @cached_property
    def backends(self) -> Backends:
        """The log, the index and the reports of the profile."""
        if self.settings.profile == "stack":
            from cli.stack import StackBackends

            return StackBackends(
                self.settings, self.clock, lambda: self.store, self.patience_seconds
            )
        return EmbeddedBackends(self.settings, self.state, self.clock)

    @cached_property
    def log(self) -> Log:
        """The log."""
        return self._closed_later(self.backends.log())

    @cached_property
    def store(self) -> Store:
        """The operational record, migrated."""
        from store.engine import open_store

        self.state.prepare()
        return self._closed_later(open_store(self.store_url))

    @property
    def store_url(self) -> str:
        """Where the operational record is, with its password."""
        settings = self.settings.store
        if not settings.url:
            return f"sqlite:///{self.state.store}"
        from store.engine import completed

        secret = settings.password.get_secret_value() if settings.password else None
        return completed(settings.url, secret, self.patience_seconds)

    @cached_property
    def search_index(self) -> SearchIndex:
        """The search index, for reading."""
        return self._closed_later(self.backends.search_index())

    def create_topics(self) -> None:
        """Create the topics, or leave them as they are."""
        log = self.settings.log
        retention = Retention(max_age=round(log.keep_days * DAY), max_bytes=log.keep_bytes)
        for topic in TOPICS:
            self.log.create(topic, partitions=self.backends.partitions, retention=retention)

    @cached_property
    def report_place(self) -> Reports:
        """Where stages leave their reports."""
        return self.backends.reports()

    def report(self, report: StageReport) -> None:
        """Leave a stage's report where :meth:`reports` finds it."""
        self.report_place.put(report)

    def reports(self) -> list[StageReport]:
        """What the running stages last said of themselves."""
        return self.report_place.last()

    def is_running(self) -> bool:
        """Whether a pipeline runs: a supervised one on the state folder, or, on the stack,
        stages anywhere that have reported just now."""
        if self.state.in_use():
            return True
        now = self.clock.now()
        chain = [name for name, _ in CONSUMERS]
        on_stack = self.settings.profile == "stack"
        return on_stack and any(r.stage in chain and not r.is_stale(now) for r in self.reports())

    # What people do.

    def parse(self, query: str) -> Node:
        """A query as typed into the search box."""
        from enrich.tokens import fold_tokens
        from index.query.parse import parse

        return parse(query, fold_tokens)

    def parse_rule(self, query: str) -> Node:
        """A query as written into a rule, where more is refused."""
        from enrich.tokens import fold_tokens
        from index.query.parse import parse

        return parse(query, fold_tokens, for_rule=True)

    @cached_property
    def search_desk(self) -> SearchDesk:
        """Searching and counting."""
        from desk.search import SearchDesk

        return SearchDesk(self.search_index, self.store, self.parse, self.clock)

    @cached_property
    def again_desk(self) -> AgainDesk:
        """Enriching indexed posts once more."""
        from desk.again import AgainDesk

        return AgainDesk(self.search_desk, self.log, self.clock)

    @cached_property
    def spread_desk(self) -> SpreadDesk:
        """How stories spread."""
        from desk.spread import SpreadDesk

        return SpreadDesk(self.search_index, self.store)

    @cached_property
    def incident_desk(self) -> IncidentDesk:
        """Incident work."""
        from desk.incidents import IncidentDesk

        return IncidentDesk(self.store, self.clock)

    @cached_property
    def health_desk(self) -> HealthDesk:
        """The state of the pipeline."""
        from desk.health import HealthDesk

        return HealthDesk(self.log, self.store, self.reports, self.clock, self.state.free_bytes)

    @cached_property
    def dead_letters(self) -> DeadLetters:
        """What could not be processed."""
        from bus.dead import DeadLetters

        return DeadLetters(self.log, self.clock)

    # Configuration files.

    def rules(self) -> RuleSet:
        """The rules of the configuration folder, good ones and problems."""
        from alerts.rules import load_rules

        return load_rules(self.settings.config / "rules", self.parse_rule)

    def rulebook(self) -> Rulebook:
        """The same rules for a stage: read again when they change, and kept when an edit
        breaks them."""
        from alerts.rulebook import Rulebook

        folder = self.settings.config / "rules"
        return Rulebook(folder, self.parse_rule, self.store.good_rules, self.clock)

    def good_rules(self) -> Mapping[str, GoodRule]:
        """The last good version of each rule, if there is a record of them yet."""
        recorded = self.settings.store.url or self.state.store.exists()
        return self.store.good_rules.all() if recorded else {}

    def kept_rules(self, found: RuleSet) -> Mapping[str, GoodRule]:
        """Of the rules that are wrong now, the last good versions, which run."""
        from alerts.rulebook import kept

        return kept(found, self.good_rules())

    def running_rules(self) -> RuleSet:
        """What runs: the rules, and of those that are wrong the last good version."""
        from alerts.rulebook import with_kept

        return with_kept(self.rules(), self.good_rules(), self.parse_rule)

    def unsure_rules(self) -> Mapping[str, str]:
        """Why rules that look for silence cannot know, by their id."""
        recorded = self.settings.store.url or self.state.store.exists()
        watches = self.store.watches.all() if recorded else {}
        return {watch.rule_id: watch.unsure for watch in watches.values() if watch.unsure}

    def sources(self) -> SourcesFile:
        """The sources of the configuration folder, good ones and problems."""
        from ingest.sources import load_sources

        return load_sources(self.settings.config / "sources.yaml", self.clock.now())

    def areas(self) -> AreaSet:
        """The areas of the configuration folder, good ones and problems."""
        from enrich.area_file import load_areas

        return load_areas(self.settings.config / "areas")

    def gazetteer(self) -> Gazetteer:
        """The gazetteer of the settings, compiled if it is not there."""
        from enrich.gazetteer import GazetteerOptions, open_gazetteer

        settings = self.settings.enrich
        options = GazetteerOptions(
            settings.home_country, settings.home_population, settings.world_population
        )
        return open_gazetteer(self.state.cache, options, self.state.gazetteers)

    def enricher(self) -> Enricher:
        """The enricher, with its gazetteer and lexicon loaded."""
        from enrich.pipeline import build_enricher

        settings = self.settings.enrich
        return build_enricher(
            lexicons=self.settings.config / "lexicons",
            cache=self.state.cache,
            areas=self.settings.config / "areas",
            gazetteers=self.state.gazetteers,
            home=settings.home_country,
            centre=settings.home_point,
            home_population=settings.home_population,
            world_population=settings.world_population,
            components=settings.components,
        )

    def _closed_later(self, part: Closable) -> Closable:
        self._open.callback(part.close)
        return part
