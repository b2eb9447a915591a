"""Text files of named sections: ``[name]`` on a line of its own, then one entry a line."""

from __future__ import annotations

import re
from pathlib import Path

_HEADING = re.compile(r"\[([a-z0-9:]+)\]")


def read_sections(path: Path) -> dict[str, tuple[str, ...]]:
    """The entries under each heading, in the order of the file; blank lines are skipped.

    Raises ValueError for an entry before the first heading.
    """
    found: dict[str, list[str]] = {}
    entries: list[str] | None = None
    for line in path.read_text(encoding="utf-8").splitlines():
        heading = _HEADING.fullmatch(line)
        if heading:
            entries = found.setdefault(heading[1], [])
        elif line.strip():
            if entries is None:
                raise ValueError(f"{path.name}: {line!r} stands before the first heading")
            entries.append(line)
    return {name: tuple(lines) for name, lines in found.items()}
