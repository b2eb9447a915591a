"""The match stage: from enriched posts to matches.

It reads the enriched posts and not what the index has written, so that trouble with
searching never silences the alarm. Stateless: any number of these can share the work.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from alerts.groups import Grouping
from alerts.match import Matcher, Rarity
from alerts.rules import RuleSet, expires_at
from alerts.wording import plain
from bus.port import Outgoing, Record
from bus.stage import Reject, Result
from index.fields import POST_VIEW, PostView, fields_of
from model.clock import Clock
from model.enriched import ENRICHMENT
from model.errors import MalformedRecord, RecordError
from model.incident import MATCH, Match, MatchOperation, account_key
from model.post import REMOVALS, Operation
from model.rule import Rule
from model.topics import ALERT_MATCHES, GROUP_MATCH, POSTS_ENRICHED

EXCERPT_LENGTH = 200
"""Code points of a post that a match carries."""

_NEVER = 2**63
_HIGHEST_REVISION = 2**63 - 1
"""The largest number that every store can hold."""


class MatchStage:
    """Publishes what the rules say about each post, a match for each rule and group; and
    that a post was removed or restored. Rules stop at the end of their last day."""

    name = GROUP_MATCH
    inputs = (POSTS_ENRICHED.name,)

    def __init__(self, rules: RuleSet, rarity: Rarity, clock: Clock) -> None:
        self._rules = rules
        self._rarity = rarity
        self._clock = clock
        self._load(clock.now())

    def process(self, batch: Sequence[Record]) -> Result:
        """Match a batch of posts."""
        now = self._clock.now()
        if now >= self._next_expiry:
            self._load(now)
        outputs: list[Outgoing] = []
        rejects: list[Reject] = []
        for record in batch:
            try:
                outputs += list(self._matches(record))
            except RecordError as error:
                rejects.append(Reject(record, error))
        return Result(outputs, rejects)

    def settle(self, *, force: bool) -> bool:  # noqa: ARG002  the port's; nothing is held back
        return True

    def close(self) -> None:
        """Nothing is held."""

    def _load(self, now: int) -> None:
        running = self._rules.running(now)
        ends = (expires_at(loaded.rule) for loaded in running)
        self._next_expiry = min((end for end in ends if end is not None), default=_NEVER)
        self._matcher = Matcher(running, self._rarity)

    def _matches(self, record: Record) -> Iterable[Outgoing]:
        post = POST_VIEW.decode(record.base)
        if post.again is not None and not post.again.match:
            return ()
        event = _EVENTS.get(post.op)
        happened = () if event is None else (_happened(post, event),)
        if post.op in REMOVALS:
            return happened
        enrichment = ENRICHMENT.decode(record.value)
        fields = fields_of(post, enrichment)
        rules = self._matcher.match(fields)
        found = _published(post, rules, Grouping(fields, enrichment.places)) if rules else ()
        return chain(happened, found)


def _published(post: PostView, rules: Iterable[Rule], grouping: Grouping) -> Iterator[Outgoing]:
    excerpt = plain(post.text or "", EXCERPT_LENGTH)
    collected_at = _collected_at(post)
    event_at = _event_at(post)
    account = _account(post)
    for rule in rules:
        for group, place in grouping.groups(rule.group_by):
            match = Match(
                uid=post.uid,
                rev=_revision(post),
                event_at=event_at,
                collected_at=collected_at,
                account=account,
                rule_id=rule.id,
                rule_version=rule.version,
                group=group,
                excerpt=excerpt,
                place=place.name if place else None,
                lat=place.lat if place else None,
                lon=place.lon if place else None,
            )
            yield Outgoing(ALERT_MATCHES.name, "|".join((rule.id, *group)), MATCH.encode(match))


_EVENTS: Mapping[Operation, MatchOperation] = {
    "delete": "delete",
    "withhold": "withhold",
    "restore": "restore",
    "account_delete": "account_delete",
}


def _happened(post: PostView, event: MatchOperation) -> Outgoing:
    """Something happened to a post, whatever it may have raised."""
    if event == "account_delete" and post.author is None:
        raise MalformedRecord("the deletion of an account", cause="it names no author")
    match = Match(
        uid=post.uid,
        rev=_revision(post),
        op=event,
        event_at=_event_at(post),
        collected_at=_collected_at(post),
        account=_account(post),
    )
    return Outgoing(ALERT_MATCHES.name, post.uid, MATCH.encode(match))


def _revision(post: PostView) -> int:
    return min(post.rev, _HIGHEST_REVISION)


def _account(post: PostView) -> int:
    return account_key(post.uid, post.author.id) if post.author else 0


def _collected_at(post: PostView) -> int:
    """When the post reached the rules. One that is sent through again, after a change of the
    lexicon or the gazetteer, is collected now: if it is old, nobody is paged for it."""
    if post.again is not None:
        return max(post.event_at, post.again.at)
    return post.event_at if post.collected_at is None else post.collected_at


def _event_at(post: PostView) -> int:
    """The post's own time, but neither in the future nor before there were posts: an
    author's clock may say anything."""
    return max(0, min(post.event_at, _collected_at(post)))
