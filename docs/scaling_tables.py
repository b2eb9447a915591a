"""Writes the tables of docs/scaling.md from the capacity model.

make docs
"""

from __future__ import annotations

import re
from pathlib import Path

from bench import capacity

PAGE = Path(__file__).resolve().parent / "scaling.md"


def page(text: str) -> str:
    """The page with its tables computed anew."""
    costs, demands, *breaks = capacity.tables()
    tables = {"costs": costs, "demands": demands, "breaks": "\n\n".join(breaks)}
    for name, table in tables.items():
        old = re.search(rf"<!-- {name} -->\n(?:\n?\|[^\n]*\n)*", text)
        if old is None:
            raise ValueError(f"{PAGE.name} has no place for the table {name}")
        text = text.replace(old[0], f"<!-- {name} -->\n\n{table}\n")
    return text


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
