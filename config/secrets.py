"""Secrets from files: ``TOCSIN_KAFKA__PASSWORD_FILE`` names a file that holds the password.

So a secret stands neither in the environment, which child processes and crash reports
show, nor on a command line: Docker and Kubernetes hand secrets out as files.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource

FILE_SUFFIX = "_FILE"


class SecretFiles(PydanticBaseSettingsSource):
    """A source of settings: the files that variables name.

    ``secrets`` maps the name of each secret to whether it holds several, as a JSON object.
    Raises ValueError for a file that cannot be read, and where the secret is given twice.
    """

    def __init__(
        self,
        settings_cls: type[BaseSettings],
        secrets: Mapping[str, bool],
        variable: Callable[[str], str],
    ) -> None:
        super().__init__(settings_cls)
        self._secrets = secrets
        self._variable = variable

    def leave_out(self, source: PydanticBaseSettingsSource) -> PydanticBaseSettingsSource:
        """The source of variables, without those that name files: they are no settings."""
        if isinstance(source, EnvSettingsSource):
            ours = {(self._variable(name) + FILE_SUFFIX).lower() for name in self._secrets}
            source.env_vars = {k: v for k, v in source.env_vars.items() if k.lower() not in ours}
        return source

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002  the source's shape
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        """The secrets, nested as their dotted names say."""
        found: dict[str, Any] = {}
        for name, several in self._secrets.items():
            variable = self._variable(name)
            file = os.environ.get(variable + FILE_SUFFIX)
            if not file:
                continue
            if os.environ.get(variable):
                raise ValueError(f"set {variable} or {variable}{FILE_SUFFIX}, not both")
            secret = _read(Path(file), variable + FILE_SUFFIX)
            section, _, key = name.partition(".")
            found.setdefault(section, {})[key] = _several(secret, file) if several else secret
        return found


def _read(file: Path, variable: str) -> str:
    try:
        secret = file.read_text(encoding="utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        cause = getattr(error, "strerror", None) or "it is not UTF-8"
        raise ValueError(f"{variable} names {file}, which cannot be read: {cause}") from error
    if not secret:
        raise ValueError(f"{variable} names {file}, which is empty")
    return secret


def _several(text: str, file: str) -> dict[str, str]:
    try:
        return msgspec.json.decode(text, type=dict[str, str])
    except msgspec.DecodeError as error:
        raise ValueError(f"{file} is not a JSON object of names and addresses") from error
