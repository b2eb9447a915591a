"""The two faces of a running pipeline: a live board at a terminal, plain lines elsewhere."""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.live import Live

from cli.board import Snapshot, draw
from cli.output import clock_time, printable

MARGIN_ROWS = 26
"""What the board shows below the incidents needs about this many lines."""
FEWEST_ROWS = 5


class Face(Protocol):
    """Shows one snapshot after the other."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...

    def show(self, snapshot: Snapshot) -> None:
        """Show what is new."""
        ...


class LiveFace:
    """The board, redrawn in place; it stays on the screen at the end."""

    def __init__(self, out: Console) -> None:
        self._out = out
        self._live = Live(console=out, auto_refresh=False, vertical_overflow="crop")

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._live.__exit__(kind, error, traceback)

    def show(self, snapshot: Snapshot) -> None:
        """Redraw the board in as many rows as the terminal has."""
        rows = max(FEWEST_ROWS, self._out.height - MARGIN_ROWS)
        self._live.update(draw(snapshot, rows=rows), refresh=True)


class PlainFace:
    """A line for each incident that is new or has grown worse, and the whole board each
    time the pipeline has caught up after new posts: for logs, pipes and screen readers."""

    def __init__(self, out: Console) -> None:
        self._out = out
        self._seen: dict[str, str] = {}
        self._drawn = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        return None

    def show(self, snapshot: Snapshot) -> None:
        """Print what has changed since the last time."""
        for incident in snapshot.incidents:
            if self._seen.get(incident.id) != incident.severity:
                self._seen[incident.id] = incident.severity
                place = incident.place or "place unknown"
                line = (
                    f"{incident.severity.upper():9}{incident.title}, {place}: {incident.response}"
                )
                self._out.print(f"{clock_time(snapshot.at)} {printable(line)}", markup=False)
        if snapshot.settled and snapshot.health.records != self._drawn:
            self._drawn = snapshot.health.records
            self._out.print(draw(snapshot))
