"""Sources that wait for the other side, each in a thread of the crew, so that none waits
for another.

The runner has one thread, and a site that takes its time would hold up all the rest: a
post that could ring within a second would wait for a feed that answers within a minute.
So what can block runs here, and the runner looks in.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue

from ingest.port import Batch, Source, State

GLANCE = 0.02
"""Seconds after which the runner looks again whether a call has come back."""

_Task = Callable[[], None]


class Crew:
    """Threads that run what they are given, first come, first served.

    They are daemons: a site that does not answer must not keep the process from ending.
    """

    def __init__(self, size: int) -> None:
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._size = size
        for number in range(size):
            name = f"collector-{number}"
            threading.Thread(target=self._work, name=name, daemon=True).start()

    def submit(self, call: Callable[[], Batch | None]) -> Future[Batch | None]:
        """Run this soon; the future holds what it returns or raises."""
        future: Future[Batch | None] = Future()

        def task() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(call())
            except BaseException as error:  # noqa: BLE001  it belongs to whoever asks the future
                future.set_exception(error)

        self._tasks.put(task)
        return future

    def close(self) -> None:
        """Send the threads home once they have done what they were given."""
        for _ in range(self._size):
            self._tasks.put(None)

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            task()


class Background:
    """A source whose calls run in a crew, never two at a time.

    While a call is under way :meth:`fetch` answers at once that there is nothing yet.
    """

    def __init__(self, source: Source, crew: Crew) -> None:
        self._source = source
        self._crew = crew
        self._turn = threading.Lock()
        self._opening = 0
        self._call: Future[Batch | None] | None = None
        self._state: State = {}

    @property
    def name(self) -> str:
        """The source's own name."""
        return self._source.name

    def open(self, state: State) -> None:
        """Have the source opened, after it was closed should it still be open; what is
        wrong comes out of the next :meth:`fetch`."""
        self._opening += 1
        self._state = state
        self._call = self._crew.submit(lambda: self._reopen(state))

    def fetch(self, now: int, max_items: int) -> Batch:
        """What the last call brought, if it has come back; else an empty batch."""
        if self._call is None:
            self._call = self._crew.submit(lambda: self._fetch(now, max_items))
        if not self._call.done():
            return Batch(state=self._state, wait=GLANCE, heard=False)
        call, self._call = self._call, None
        batch = call.result()
        if batch is None:
            return Batch(state=self._state, heard=False)
        self._state = batch.state
        return batch

    def close(self) -> None:
        """Have the source closed as soon as the call that is under way has come back."""
        opening = self._opening
        self._call = None
        self._crew.submit(lambda: self._close(opening))

    def _reopen(self, state: State) -> None:
        with self._turn:
            self._source.close()
            self._source.open(state)

    def _fetch(self, now: int, max_items: int) -> Batch:
        with self._turn:
            return self._source.fetch(now, max_items)

    def _close(self, opening: int) -> None:
        with self._turn:
            if opening == self._opening:  # else it has been opened anew meanwhile
                self._source.close()
