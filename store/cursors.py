"""Where each source goes on after a restart."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from sqlalchemy import select

from model.errors import StateCorrupt
from store.scope import Scope
from store.statements import upsert
from store.tables import CURSORS

CursorState = Mapping[str, str | int | float | None]

_DECODER = msgspec.json.Decoder(dict[str, str | int | float | None])


class Cursors:
    """The resume state of each source, opaque to everybody else."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def load(self, source: str) -> CursorState:
        """The state that was saved last; empty for a source that never saved one.

        Raises StateCorrupt if what is there is not a state.
        """
        with self._scope.reading() as connection:
            saved = connection.scalar(select(CURSORS.c.state).where(CURSORS.c.source == source))
        if saved is None:
            return {}
        try:
            return _DECODER.decode(saved)
        except msgspec.DecodeError as error:
            raise StateCorrupt(
                f"the cursor of source {source}",
                cause=str(error),
                remedy="Delete its row from table cursors: the source will start afresh",
            ) from error

    def save(self, source: str, state: CursorState) -> None:
        """Replace the source's state."""
        row = {"source": source, "state": msgspec.json.encode(state).decode()}
        with self._scope.writing() as connection:
            connection.execute(upsert(connection, CURSORS), row)
