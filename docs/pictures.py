"""Draws the pictures of the terminal in docs/images/, from the state folder as it is.

.venv/bin/tocsin up --demo        # until the evening is over
.venv/bin/python -m docs.pictures
"""

from __future__ import annotations

import io
import re
from pathlib import Path

from rich.console import Console, RenderableType

from cli.board import Snapshot, draw
from cli.search import answer_lines
from cli.wiring import Wiring
from config.settings import read_settings
from desk.search import Question

IMAGES = Path(__file__).resolve().parent / "images"
COLUMNS = 80
QUERY = "fire AND has:place"
ELSEWHERE = re.compile(r"@font-face \{.*?\}|<!--.*?-->", re.DOTALL)
"""What would make a reader's browser ask another site for fonts."""


def main() -> None:
    """Draw the board and a search."""
    IMAGES.mkdir(exist_ok=True)
    wiring = Wiring(read_settings())
    try:
        _save("board", "tocsin up --demo", board(wiring))
        _save("search", f"tocsin search '{QUERY}' --limit 6", *search(wiring))
    finally:
        wiring.close()


def board(wiring: Wiring) -> RenderableType:
    """The board as it is now."""
    return draw(
        Snapshot(
            at=wiring.clock.now(),
            incidents=tuple(wiring.incident_desk.open_incidents(wiring.caller)),
            health=wiring.health_desk.look(wiring.caller),
        )
    )


def search(wiring: Wiring) -> list[RenderableType]:
    """The answer to a question, as lines."""
    question = Question(query=QUERY, limit=6)
    return list(answer_lines(wiring.search_desk.search(wiring.caller, question)))


def _save(name: str, title: str, *parts: RenderableType) -> None:
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    for part in parts:
        console.print(part)
    picture = ELSEWHERE.sub("", console.export_svg(title=title))
    (IMAGES / f"{name}.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
