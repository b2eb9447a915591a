"""Enriching indexed posts again, after a change of lexicon, gazetteer or areas.

The posts are taken from the index and published once more as they are. They go the way of
every post, so the index replaces what it had ("of equal revisions the last"); a post that
was deleted, withheld or edited meanwhile stays what it became. The rules see them again
only if that is asked for, as posts that are collected now: an old one raises its incident
without paging.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

import msgspec
from msgspec.structs import replace

from bus.port import Log, Outgoing
from desk.access import Caller, admit
from desk.search import Question, SearchDesk
from enrich.pipeline import Enricher, Subject
from index.port import Hit
from model.clock import Clock
from model.enriched import Enrichment
from model.errors import RecordError
from model.post import POST, Again
from model.topics import POSTS_RAW

PAGE = 500

Progress = Callable[[int, int], None]
"""Told how many posts of how many are done."""


class Sent(msgspec.Struct, frozen=True):
    """How many posts were published again, and how many the log refused. ``whole`` says that
    it was not stopped before the end."""

    published: int
    refused: int = 0
    whole: bool = True


class Difference(msgspec.Struct, frozen=True):
    """What enriching again would change: of ``posts`` so many, and how often each place,
    category, area or language would be gained or lost."""

    posts: int
    changed: int
    gained: dict[str, int]
    lost: dict[str, int]


class AgainDesk:
    """The lexicon writer's and the ops engineer's function."""

    def __init__(self, search: SearchDesk, log: Log, clock: Clock) -> None:
        self._search = search
        self._log = log
        self._clock = clock

    def compare(
        self,
        caller: Caller,
        question: Question,
        enricher: Enricher,
        progress: Progress | None = None,
    ) -> Difference:
        """What would change, without changing anything."""
        admit(caller, "enrich posts again")
        gained: Counter[str] = Counter()
        lost: Counter[str] = Counter()
        posts = changed = 0
        for hits, total in self._pages(caller, question):
            for hit, new in zip(hits, enricher.enrich(list(map(_subject, hits))), strict=True):
                old_marks, new_marks = marks(hit.enrichment), marks(new)
                changed += old_marks != new_marks
                gained.update(new_marks - old_marks)
                lost.update(old_marks - new_marks)
            posts += len(hits)
            if progress is not None:
                progress(posts, total)
        return Difference(posts, changed, _commonest(gained), _commonest(lost))

    def send(
        self,
        caller: Caller,
        question: Question,
        *,
        match: bool = False,
        ready: Callable[[], bool] = lambda: True,
        progress: Progress | None = None,
    ) -> Sent:
        """Publish the posts again; returns when all of them are durable.

        ``match`` has the rules see them too. ``ready`` is asked before each page, may wait,
        and stops everything by False. What is published stays published, and doing all of it
        once more does no harm.
        """
        admit(caller, "enrich posts again")
        again = Again(self._clock.now(), match)
        published = refused = 0
        for hits, total in self._pages(caller, question):
            if not ready():
                return Sent(published, refused, whole=False)
            records = [
                Outgoing(POSTS_RAW.name, hit.post.uid, POST.encode(replace(hit.post, again=again)))
                for hit in hits
            ]
            bad = self._publish(records)
            published += len(records) - bad
            refused += bad
            if progress is not None:
                progress(published + refused, total)
        return Sent(published, refused)

    def _publish(self, records: Sequence[Outgoing]) -> int:
        """Returns how many the log refused. One that it refuses stops no other."""
        try:
            self._log.publish(records)
        except RecordError:
            if len(records) == 1:
                return 1
            middle = len(records) // 2
            return self._publish(records[:middle]) + self._publish(records[middle:])
        return 0

    def _pages(self, caller: Caller, question: Question) -> Iterator[tuple[list[Hit], int]]:
        """The posts of the question up to now, page by page, and how many there are in all;
        those that come meanwhile are enriched by the new state anyway."""
        now = self._clock.now()
        until = now if question.until is None else question.until
        asked = replace(question, until=until, limit=PAGE)
        total: int | None = None
        while True:
            answer = self._search.search(caller, asked)
            total = answer.total if total is None else total
            if answer.findings:
                yield [finding.hit for finding in answer.findings], total
            if answer.cursor is None:
                return
            asked = replace(asked, cursor=answer.cursor)


def marks(enrichment: Enrichment) -> set[str]:
    """What an enrichment says, as short words that can be compared and counted."""
    places = {f"place {p.name} ({p.id or 'unknown'})" for p in enrichment.places}
    tension = {f"tension {t.category}" for t in enrichment.tension}
    areas = {f"area {area}" for area in enrichment.areas}
    return places | tension | areas | {f"lang {enrichment.lang}"}


def _subject(hit: Hit) -> Subject:
    return Subject(hit.post.text or "", hit.post.title or "", hit.post.geo)


def _commonest(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))
