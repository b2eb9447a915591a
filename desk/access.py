"""Who asks, and what for.

Every function of the desk takes a :class:`Caller`. Nothing is read or changed without a
name and a purpose, so that there is one place where permission and reading logs apply.
"""

from __future__ import annotations

import msgspec

from model.errors import TocsinError


class Refused(TocsinError):
    """The caller may not do this."""


class Caller(msgspec.Struct, frozen=True):
    """A person or service, and the purpose that they act for."""

    actor: str
    purpose: str


def admit(caller: Caller, act: str) -> None:
    """Let the caller do ``act``, or raise Refused saying what is missing."""
    if not caller.actor.strip():
        raise Refused(f"cannot {act}", cause="nobody is named as the one who acts")
    if not caller.purpose.strip():
        raise Refused(
            f"cannot {act}",
            cause="no purpose is given",
            remedy="State one with --purpose: it is kept beside what was done",
        )
