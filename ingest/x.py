"""X: the filtered stream, with its gaps filled by search, under X's written approval.

X's terms bar intelligence gathering unless X approves it in writing, so a source runs only
under an approval file (:mod:`ingest.approval`). The rules of the account's stream are kept
to those of the source; others' rules are left alone, and their posts are not taken. After
every connection the time since the last sign of life is searched again: a little more than
that, once X's index has caught up. What search cannot reach is declared lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

from ingest.hygiene import Limits
from ingest.mapping import Mapper, bad_item
from ingest.means import Means
from ingest.port import BadItem, Batch, ConnectionFailed, State
from ingest.shapes.draft import Setting
from ingest.shapes.twitter import INSTANCE, PLATFORM
from ingest.source_entry import SourceEntry
from ingest.x_client import API, STEADY_SECONDS, XClient, XRule, XStream
from model.clock import DAY, MINUTE, SECOND, to_datetime
from model.coverage import CoverageGap
from model.errors import ConfigurationError, RecordError
from model.post import Post, Provenance

RULE_CHARS = 1_024
SEARCH_CHARS = 512
"""X takes longer rules for its stream than queries for its search."""

_MOMENT = 0.25
"""How long a call waits for a first post, in seconds."""
_LIMITS = Limits()


class XPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How the past is searched, in microseconds.

    ``overlap`` before the last sign of life, back to ``furthest``, once X's index has had
    ``settle`` to catch up; a page every ``page_pause``. A connection without so much as a
    keep-alive for ``silence`` seconds is dead: the client sees to that. The sign of life
    in the state is renewed every ``mark``.
    """

    overlap: int = MINUTE
    furthest: int = 7 * DAY - MINUTE
    settle: int = 40 * SECOND
    page_pause: int = 2 * SECOND
    mark: int = 5 * SECOND


_POLICY = XPolicy()


class _Line(msgspec.Struct):
    """What a line of the stream is, before it is read in full."""

    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    matching_rules: list[_Matched] = []
    errors: list[_Said] = []


class _Matched(msgspec.Struct):
    tag: str = ""


class _Said(msgspec.Struct):
    title: str = ""
    detail: str = ""


_LINE = msgspec.json.Decoder(_Line)


class _Past(msgspec.Struct):
    """A time that is being searched: the queries that are left, and the next page."""

    since: int
    until: int
    queries: list[str]
    token: str | None = None
    not_before: int = 0


class XSource:
    """The posts of some rules of one account's stream.

    Raises ConfigurationError for a rule that X cannot take.
    """

    def __init__(
        self,
        name: str,
        rules: Sequence[str],
        client: XClient,
        *,
        authority: str | None = None,
        policy: XPolicy = _POLICY,
        limits: Limits = _LIMITS,
    ) -> None:
        for rule in rules:
            _check_rule(rule)
        self._name = f"{PLATFORM}:{name}"
        self._tag = f"tocsin:{name}"
        self._rules = tuple(rules)
        self._client = client
        self._policy = policy
        delivery = Provenance(source=self._name, collector=PLATFORM, authority=authority)
        setting = Setting(platform=PLATFORM, instance=INSTANCE, delivery=delivery, limits=limits)
        self._mapper = Mapper(setting, shape="x")
        self._stream: XStream | None = None
        self._seen_at: int | None = None
        self._marked: int | None = None
        self._past: _Past | None = None
        self._is_fresh = True

    @property
    def name(self) -> str:
        """``x:`` and the configured name."""
        return self._name

    def open(self, state: State) -> None:
        """Bring the account's rules into line, and connect."""
        seen_at = state.get("seen_at")
        self._seen_at = self._marked = int(seen_at) if seen_at is not None else None
        self._past, self._is_fresh = None, True
        change = rule_change(self._client.rules(), self._rules, self._tag)
        self._client.change_rules(change.add, change.remove)
        self._stream = self._client.stream()

    def fetch(self, now: int, max_items: int) -> Batch:
        """What the stream brought, and a page of the past while there is one."""
        stream = self._stream
        if stream is None:
            raise ConnectionFailed(f"{self._name} is not connected")
        lines = stream.take(max_items, _MOMENT)
        if not stream.is_connected:
            return Batch(state=self._state(), heard=False)
        gaps: list[CoverageGap] = []
        if self._is_fresh:
            self._is_fresh = False
            self._past = self._missed(now)
            gaps += self._unreachable()
        posts, bad = self._sorted(self._ours(lines), now)
        if self._past is not None and not lines and now >= self._past.not_before:
            gaps += self._fill(self._past, now, posts, bad)
        if self._past is None:
            self._seen_at = now
        return Batch(posts=tuple(posts), bad=tuple(bad), state=self._state(), gaps=tuple(gaps))

    def close(self) -> None:
        """Disconnect; the rules stay, for X counts their changes."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()
        self._client.close()

    def _ours(self, lines: list[bytes]) -> Iterator[bytes]:
        """Raises ConnectionFailed where X says that it ends the stream."""
        for line in lines:
            try:
                head = _LINE.decode(line)
            except msgspec.MsgspecError:
                yield line  # to be refused with its bytes and cause
                continue
            if head.data is msgspec.UNSET and head.errors:
                said = "; ".join(filter(None, (one.detail or one.title for one in head.errors)))
                raise ConnectionFailed(
                    f"{self._name}: X ends the stream", cause=said, retry_after=STEADY_SECONDS
                )
            tags = [rule.tag for rule in head.matching_rules]
            if not tags or self._tag in tags:
                yield line

    def _sorted(self, lines: Iterator[bytes], now: int) -> tuple[list[Post], list[BadItem]]:
        posts: list[Post] = []
        bad: list[BadItem] = []
        for line in lines:
            try:
                posts.append(self._mapper.post(line, now))
            except RecordError as error:
                bad.append(bad_item(error, line, self._name))
        return posts, bad

    def _missed(self, now: int) -> _Past | None:
        if self._seen_at is None:
            return None
        since = max(self._seen_at, now - self._policy.furthest)
        queries = [rule for rule in self._rules if len(rule) <= SEARCH_CHARS]
        return _Past(since, now, queries, not_before=now + self._policy.settle)

    def _unreachable(self) -> Iterator[CoverageGap]:
        """A rule that is too long for X's search cannot be filled in."""
        long = sum(len(rule) > SEARCH_CHARS for rule in self._rules)
        if self._past is not None and long:
            yield CoverageGap(
                since=self._past.since,
                until=self._past.until,
                state="blind",
                reason=f"{long} rules are longer than the {SEARCH_CHARS} characters of X's search",
            )

    def _fill(
        self, past: _Past, now: int, posts: list[Post], bad: list[BadItem]
    ) -> Iterator[CoverageGap]:
        past.not_before = now + self._policy.page_pause
        if past.queries:
            since = max(past.since - self._policy.overlap, now - self._policy.furthest)
            page = self._client.search(
                past.queries[0], to_datetime(since), to_datetime(past.until), past.token
            )
            more, worse = self._sorted(iter(page.items), now)
            posts += more
            bad += worse
            past.token = page.next_token
            if past.token is None:
                past.queries.pop(0)
        if not past.queries:
            self._past, self._seen_at = None, past.until
            if all(len(rule) <= SEARCH_CHARS for rule in self._rules):
                yield CoverageGap(
                    since=past.since,
                    until=past.until,
                    state="backfilled",
                    reason="searched again",
                )

    def _state(self) -> State:
        """While the past is searched the state stays at its beginning."""
        seen_at, marked = self._seen_at, self._marked
        if (
            self._past is None
            and seen_at is not None
            and (marked is None or seen_at - marked >= self._policy.mark)
        ):
            self._marked = seen_at
        return {} if self._marked is None else {"seen_at": self._marked}


class RuleChange(NamedTuple):
    """What has to be added to the account's rules, and removed from them."""

    add: list[XRule]
    remove: list[XRule]


def rule_change(present: Sequence[XRule], wanted: Sequence[str], tag: str) -> RuleChange:
    """What makes the rules of a tag those that are wanted; rules of other tags stay."""
    ours = [rule for rule in present if rule.tag == tag]
    have = {rule.value for rule in ours}
    add = [XRule(value, tag) for value in dict.fromkeys(wanted) if value not in have]
    return RuleChange(add, [rule for rule in ours if rule.value not in wanted])


def build(entry: SourceEntry, means: Means) -> XSource:
    """The source that an entry of the sources file describes. Raises ConfigurationError."""
    client = XClient(means.secret(entry), url=entry.url or API)
    return XSource(entry.name, entry.rules, client, authority=entry.authority, limits=means.limits)


def _check_rule(rule: str) -> None:
    if len(rule) > RULE_CHARS:
        raise ConfigurationError(
            f"the rule {rule[:40]!a}... is too long for X",
            cause=f"it has {len(rule):,} characters, and X takes {RULE_CHARS:,}",
            remedy="Split it into two rules",
        )
