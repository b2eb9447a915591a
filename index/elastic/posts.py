"""The documents of the posts: putting, dropping and refreshing them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from index.elastic.bulk import CONFLICT, MISSING, OK, Bulk, Outcome
from index.elastic.client import Server
from index.elastic.decisions import Decision
from index.elastic.document import put_post
from index.elastic.layout import Layout
from index.elastic.names import Names
from index.events import Event
from model.errors import IndexUnavailable


class Posts:
    """Writes documents whose standings are stored. Safe to share between threads, but for
    :meth:`expect` and :meth:`refresh`, which one thread calls while no other writes."""

    def __init__(self, server: Server, bulk: Bulk, layout: Layout) -> None:
        self._server = server
        self._bulk = bulk
        self._layout = layout
        self._unrefreshed: set[str] = set()

    @property
    def names(self) -> Names:
        """The names of the indices."""
        return self._layout.names

    @property
    def is_refreshed(self) -> bool:
        """Whether everything that was written can be searched."""
        return not self._unrefreshed

    def period(self, event: Event) -> str:
        """The period in which a post stands."""
        return self._layout.names.period(event.post.event_at)

    def expect(self, periods: Iterable[str]) -> None:
        """Make sure that there are indices for posts of these periods."""
        self._layout.ensure(periods)

    def put(self, posts: Sequence[tuple[Event, str]]) -> list[str | None]:
        """Put posts, each with its period, in version 1; for each that was refused, the
        cause."""
        alias = self._layout.names.alias
        aliases = {period: alias(period) for period in {period for _, period in posts}}
        items = [put_post(aliases[period], 1, event) for event, period in posts]
        self._unrefreshed.update(aliases)
        outcomes = self._bulk.send(items, only_aliases=True)
        return [self._refusal(outcome, is_put=True) for outcome in outcomes]

    def carry_out(self, decisions: Sequence[Decision]) -> tuple[dict[str, str], int]:
        """Do what was decided: the causes of what was refused, by uid, and how many
        documents were dropped."""
        items: list[bytes] = []
        owners: list[tuple[str, bool]] = []
        for decision in decisions:
            new = decision.items(self.names)
            items += new
            owners += [
                (decision.uid, n == 0 and decision.winner is not None) for n in range(len(new))
            ]
            self._unrefreshed.update(decision.after.periods)
        refused: dict[str, str] = {}
        dropped = 0
        outcomes = self._bulk.send(items, only_aliases=True)
        for (uid, is_put), outcome in zip(owners, outcomes, strict=True):
            cause = self._refusal(outcome, is_put=is_put)
            if cause is not None:
                refused[uid] = cause
            dropped += not is_put and outcome.status < OK
        return refused, dropped

    def refresh(self) -> None:
        """Make everything that was written searchable."""
        if not self._unrefreshed:
            return
        aliases = ",".join(map(self.names.alias, sorted(self._unrefreshed)))
        self._server.ask("POST", f"/{aliases}/_refresh", ignore_unavailable="true")
        self._unrefreshed.clear()

    def refresh_all(self) -> None:
        """The same for what other writers wrote."""
        self._server.ask("POST", f"/{self.names.posts}/_refresh", ignore_unavailable="true")

    def _refusal(self, outcome: Outcome, *, is_put: bool) -> str | None:
        """The cause for which the record can never be written, if that is what happened."""
        if outcome.status < OK or outcome.status == CONFLICT:
            return None  # done, or something newer is there
        if outcome.status != MISSING:
            return outcome.cause
        if is_put:
            self._layout.forget()
            raise IndexUnavailable(
                "an index of posts", cause=outcome.cause, remedy="It is made when tried again"
            )
        return None  # what should be dropped is not there
