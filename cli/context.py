"""How a command gets its parts."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from cli.wiring import Wiring
from config.settings import read_settings


@contextlib.contextmanager
def wire(purpose: str = "", *, patience_seconds: float | None = None) -> Iterator[Wiring]:
    """The parts of this process, closed afterwards."""
    wiring = Wiring(read_settings(), purpose=purpose, patience_seconds=patience_seconds)
    try:
        yield wiring
    finally:
        wiring.close()
