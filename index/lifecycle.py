"""What becomes of a post, whatever the order in which its events arrive.

Each event moves a post from one standing to the next; the outcome depends on the events
and not on their order:

* A deletion is final.
* A withholding hides the post, whatever its revision, until a restoration of a higher
  revision than the withholding's. It does not matter which of the two arrives first.
* Of what may be seen, the highest revision is shown; of equal revisions the last.

One thing cannot be had without keeping what must not be kept: a version that arrives
while the post is withheld is dropped, since nothing of a withheld post stays. If a
restoration of a lower revision follows, its own version is shown until the next one.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from model.post import Operation

NONE = -1
"""No such revision."""

MAX_REVISION = 2**63 - 1

Verdict = Literal["show", "remove", "ignore"]
"""What the index has to do: put this version in place of any other, take the post out,
or leave everything as it is."""


class Standing(NamedTuple):
    """What must be remembered of a post.

    ``shown`` is the revision in the index, ``withheld`` and ``restored`` the highest
    revisions of such events, NONE where there was none.
    """

    shown: int = NONE
    withheld: int = NONE
    restored: int = NONE
    deleted: bool = False

    @property
    def hidden(self) -> bool:
        """Whether the post must not be seen."""
        return self.deleted or (self.withheld > NONE and self.restored <= self.withheld)

    @property
    def memorable(self) -> bool:
        """Whether forgetting it could change an outcome.

        A post that was never edited, withheld or deleted is like one never heard of: its
        only revision replaces itself.
        """
        return self.deleted or self.withheld > NONE or self.shown > 0


UNKNOWN = Standing()


def judge(standing: Standing, op: Operation, revision: int) -> tuple[Standing, Verdict]:
    """The standing after an event, and what the index has to do."""
    if standing is UNKNOWN and revision == 0 and op == "create":
        return UNKNOWN, "show"  # nearly every event, and nothing of it is memorable
    revision = max(0, min(revision, MAX_REVISION))
    match op:
        case "delete" | "account_delete":
            return standing._replace(shown=NONE, deleted=True), "remove"
        case "withhold":
            standing = standing._replace(withheld=max(standing.withheld, revision))
            if standing.hidden:
                return standing._replace(shown=NONE), "remove"
            return standing, "ignore"
        case "restore":
            standing = standing._replace(restored=max(standing.restored, revision))
        case "create" | "edit":
            pass
    if standing.hidden or revision < standing.shown:
        return standing, "ignore"
    return standing._replace(shown=revision), "show"
