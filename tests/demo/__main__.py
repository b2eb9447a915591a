"""``python -m tests.demo``: write the demo evening anew."""

from __future__ import annotations

from pathlib import Path

from tests.demo.evening import compose

if __name__ == "__main__":
    compose().write(Path(__file__).parents[2] / "config" / "demo")
