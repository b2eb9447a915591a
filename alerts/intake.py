"""What a batch of matches changes: which posts begin to count, and which no longer do.

What counts depends on the set of matches and of events in the lives of posts, and not on
their order: a post counts once in a series, by its newest revision, unless it was
deleted, is withheld, its account was deleted, or an edit made it something else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from alerts.lives import learn
from model.episode import Contribution, Series
from model.incident import Match
from store.engine import Repositories


class Arrival(NamedTuple):
    """A post that begins to count in a series."""

    series: Series
    post: Contribution


class Intake(NamedTuple):
    """The difference that a batch makes.

    ``leaving`` are contributions that counted and no longer do, or not in this form.
    ``hidden`` are contributions as they are kept while their post must not be seen, or
    since an edit took back what it said.
    """

    arrivals: list[Arrival]
    leaving: list[Contribution]
    hidden: list[Contribution]


def take_in(batch: Sequence[Match], tx: Repositories, now: int) -> Intake:
    """Compare a batch with what is known already. Of the store, only what is known of
    posts' lives and the names of series are written."""
    lives = learn(batch, tx, now)
    uids = {match.uid for match in batch} | lives.standings.keys()
    stored = {(post.series, post.uid): post for post in tx.contributions.of_posts(uids)}
    newest, series = _newest(batch, stored, now)
    tx.series.add(series.values())
    arriving: list[Contribution] = []
    leaving: list[Contribution] = []
    hidden: list[Contribution] = []
    for place, post in newest.items():
        old = stored.get(place)
        new = _kept(post, None if lives.counts(post.uid, post.rev) else now)
        if new == old or (old is None and lives.is_gone(post.uid)):
            continue
        (arriving if new.withdrawn_at is None else hidden).append(new)
        if old is not None and old.withdrawn_at is None:
            leaving.append(old)
    series |= tx.series.get({post.series for post in arriving} - series.keys())
    return Intake([Arrival(series[post.series], post) for post in arriving], leaving, hidden)


_Place = tuple[int, str]
"""A series and a post."""


def _newest(
    batch: Sequence[Match], stored: Mapping[_Place, Contribution], now: int
) -> tuple[dict[_Place, Contribution], dict[int, Series]]:
    """What is stored, replaced by what is newer in the batch; and the series of the latter."""
    newest = dict(stored)
    series: dict[int, Series] = {}
    for match in batch:
        if match.op == "match":
            its_series = Series(match.rule_id, match.group)
            post = _contribution(match, its_series.key, now)
            place = post.series, post.uid
            rival = newest.get(place)
            newest[place] = post if rival is None else _newer(rival, post)
            series[post.series] = its_series
    return newest, series


def _newer(one: Contribution, other: Contribution) -> Contribution:
    """The one of a higher revision; of two reports of one revision, that of the earlier
    time. Whichever names the author's account, the account is kept."""
    newer = min(one, other, key=_precedence)
    account = one.account or other.account
    return newer if newer.account == account else replace(newer, account=account)


def _precedence(post: Contribution) -> tuple[int, int]:
    return -post.rev, post.event_at


def _kept(post: Contribution, hidden_at: int | None) -> Contribution:
    """The contribution as it is kept while its post is hidden, or again to be seen."""
    if (post.withdrawn_at is None) == (hidden_at is None):
        return post
    if hidden_at is None:
        return replace(post, withdrawn_at=None)
    return replace(post, withdrawn_at=hidden_at, excerpt=None)


def _contribution(match: Match, series: int, now: int) -> Contribution:
    return Contribution(
        series=series,
        uid=match.uid,
        account=match.account,
        rev=match.rev,
        event_at=match.event_at,
        collected_at=match.collected_at,
        recorded_at=now,
        excerpt=match.excerpt,
        place=match.place,
        lat=match.lat,
        lon=match.lon,
        cluster=match.cluster,
        values=match.values,
        number=match.number,
    )
