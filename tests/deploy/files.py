"""What the tests of ``deploy/`` read, and what they compare it with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from config.secrets import FILE_SUFFIX
from config.settings import FOLDER_VARIABLE, secret_names, setting_names, variable

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
STAGES = ("ingest", "enrich", "index", "match", "window", "deliver", "watch")
METRIC = re.compile(r"\btocsin_[a-z_]+\b")


def load(path: Path) -> Any:
    """The one document of a YAML file."""
    return YAML(typ="safe").load(path)


def load_all(path: Path) -> list[Any]:
    """Every document of a YAML file."""
    return list(YAML(typ="safe").load_all(path))


def known_variables() -> set[str]:
    """Every variable that Tocsin reads."""
    names = {variable(name) for name, _ in setting_names()}
    return names | {variable(name) + FILE_SUFFIX for name, _ in secret_names()} | {FOLDER_VARIABLE}


def environment_file(path: Path) -> dict[str, str]:
    """The lines NAME=VALUE of a file."""
    lines = (line.partition("=") for line in path.read_text(encoding="utf-8").splitlines())
    return {name: value for name, sign, value in lines if sign and not name.startswith("#")}


def deployed_files() -> Iterator[Path]:
    """Everything that is published of the deployment."""
    yield from (ROOT / name for name in ("docker-compose.yml", "Dockerfile", ".env.example"))
    for path in sorted(DEPLOY.rglob("*")):
        if path.is_file() and "secrets" not in path.relative_to(DEPLOY).parts:
            yield path
