"""The one error tree.

    TocsinError
    ├── ConfigurationError      a setting, rule or source file is wrong: the operator must act
    ├── QueryError              a query cannot be understood; names the position and a hint
    ├── RecordError             this record can never be processed: it goes to the dead letters
    │   ├── MalformedRecord     the bytes are not what their format promises
    │   ├── UnknownSchema       the record's schema is not one that this version reads
    │   └── RecordTooLarge      the record is over the limit of what carries it
    ├── TransientError          nothing is wrong with the record: try again later
    │   ├── LogUnavailable      the log cannot be reached, or has no room
    │   ├── IndexUnavailable    the search index cannot be reached, or has no room
    │   └── StoreUnavailable    the operational record cannot be reached, or has no room
    └── StateError              the state folder needs a person
        ├── StateLocked         another Tocsin runs on the same state
        ├── StateNotWritable    the state folder is read-only, or its disk is full at start
        └── StateCorrupt        a file of the state is damaged

An error names the thing, the cause and the remedy. Adapters translate the errors
of the libraries that they wrap, chained with ``from``.
"""

from __future__ import annotations


class TocsinError(Exception):
    """Any failure that Tocsin foresees.

    ``what`` names the thing and what happened to it; ``cause`` says why, ``remedy``
    what a person can do. The last two are left out of the text when empty.
    """

    def __init__(self, what: str, *, cause: str = "", remedy: str = "") -> None:
        super().__init__(what, cause, remedy)
        self.what = what
        self.cause = cause
        self.remedy = remedy

    def __str__(self) -> str:
        text = f"{self.what}: {self.cause}" if self.cause else self.what
        return f"{text}. {self.remedy}" if self.remedy else text


class ConfigurationError(TocsinError):
    """A setting, rule or source file is wrong."""


class QueryError(TocsinError):
    """A query cannot be understood.

    ``position`` is the code point in the query at which the trouble starts, or None
    where no single place is to blame. ``remedy`` carries the hint.
    """

    def __init__(self, what: str, *, position: int | None = None, hint: str = "") -> None:
        super().__init__(what, remedy=hint)
        self.position = position


class RecordError(TocsinError):
    """This record can never be processed, however often it is tried."""


class MalformedRecord(RecordError):
    """The bytes are not what their format promises."""


class UnknownSchema(RecordError):
    """The record's schema is not one that this version reads."""


class RecordTooLarge(RecordError):
    """The record is over the limit of what carries it."""


class TransientError(TocsinError):
    """Nothing is wrong with the record: the same call may succeed later."""


class LogUnavailable(TransientError):
    """The log cannot be reached, or has no room."""


class IndexUnavailable(TransientError):
    """The search index cannot be reached, or has no room."""


class StoreUnavailable(TransientError):
    """The operational record cannot be reached, or has no room."""


class StateError(TocsinError):
    """The state folder needs a person."""


class StateLocked(StateError):
    """Another Tocsin runs on the same state."""


class StateNotWritable(StateError):
    """The state folder is read-only, or its disk is full at start."""


class StateCorrupt(StateError):
    """A file of the state is damaged."""
