"""Writes docs/settings.md from the settings themselves.

make docs
"""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import BaseModel

from config.section import Section
from config.settings import Settings, variable

PAGE = Path(__file__).resolve().parent / "settings.md"
HEAD = """# Settings

Every setting has a default; an empty configuration runs. Values come from `tocsin.toml` in the
configuration folder (`config/`, or the folder that `TOCSIN_CONFIG` names) and are overridden by
variables. A wrong or misspelt setting stops Tocsin at start with its name and what is wrong.

A secret (a password, an API key, the addresses of the channels) may stand in a file of its own,
which a variable with `_FILE` at its end names: `TOCSIN_KAFKA__PASSWORD_FILE=/run/secrets/kafka`.

The sections `kafka` and `elasticsearch` matter in the profile `stack` alone ([stack](stack.md)).

This page is written by `make docs` from `config/settings.py`.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_section("", Settings)]) + "\n"


def _section(prefix: str, model: type[BaseModel]) -> list[str]:
    lines = [f"## {prefix.rstrip('.') or 'General'}", ""]
    lines += ["| setting | variable | default | meaning |", "|---|---|---|---|"]
    nested: list[str] = []
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, Section):
            nested += ["", *_section(f"{name}.", kind)]
            continue
        full = f"{prefix}{name}"
        words = re.sub(r"\s+", " ", (field.description or "").replace("``", "`"))
        lines.append(f"| `{full}` | `{variable(full)}` | {_default(field.default)} | {words} |")
    return lines + nested


def _default(value: object) -> str:
    if isinstance(value, Path):
        value = value.name
    return "none" if value in ("", (), {}, None) else f"`{value}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
