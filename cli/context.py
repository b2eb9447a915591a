"""How a command gets its parts."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from cli.observing import set_up_logs
from cli.wiring import Wiring
from config.settings import read_settings


@contextlib.contextmanager
def wire(purpose: str = "", *, patience_seconds: float | None = None) -> Iterator[Wiring]:
    """The parts of this process, closed afterwards; its log is set up."""
    settings = read_settings()
    set_up_logs(settings)
    wiring = Wiring(settings, purpose=purpose, patience_seconds=patience_seconds)
    try:
        yield wiring
    finally:
        wiring.close()
