"""What each process of a stage last said of itself, where processes share no folder."""

from __future__ import annotations

from sqlalchemy import delete, select

from model.clock import DAY
from store.scope import Scope
from store.statements import upsert
from store.tables import STAGE_REPORTS


class StageReportTexts:
    """The last report of every process, opaque here. Times are UTC microseconds."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def put(self, process: str, at: int, report: str) -> None:
        """Replace the report of this process, and forget those that fell silent a day ago."""
        row = {"process": process, "at": at, "report": report}
        with self._scope.writing() as connection:
            connection.execute(upsert(connection, STAGE_REPORTS), row)
            connection.execute(delete(STAGE_REPORTS).where(STAGE_REPORTS.c.at < at - DAY))

    def all(self) -> list[str]:
        """Every report, by process."""
        chosen = select(STAGE_REPORTS.c.report).order_by(STAGE_REPORTS.c.process)
        with self._scope.reading() as connection:
            return list(connection.scalars(chosen))

    def forget(self, prefix: str) -> None:
        """Remove the reports of the processes whose names begin so."""
        ours = STAGE_REPORTS.c.process.startswith(prefix, autoescape=True)
        with self._scope.writing() as connection:
            connection.execute(delete(STAGE_REPORTS).where(ours))
