"""A certificate for a server on loopback and one for its client, made afresh."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from tests.servers.need import ServerMissing

_DAYS = "30"
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


class Identity(NamedTuple):
    """PEM files: a certificate, its key, and both in one."""

    certificate: Path
    key: Path
    both: Path


class Certificates(NamedTuple):
    """An authority's certificate, and what it has signed. ``stranger`` is another's."""

    authority: Path
    server: Identity
    client: Identity
    stranger: Path


def make_certificates(folder: Path) -> Certificates:
    """With the openssl command. Raises ServerMissing without it."""
    if shutil.which("openssl") is None:
        raise ServerMissing("no openssl command, which makes certificates. Install it")
    folder.mkdir()
    authority = _authority(folder, "authority")
    return Certificates(
        authority.certificate,
        _signed(folder, "server", authority),
        _signed(folder, "client", authority),
        _authority(folder, "stranger").certificate,
    )


def _authority(folder: Path, name: str) -> Identity:
    made = _identity(folder, name)
    subject = ("-subj", f"/CN=tocsin test {name}", "-days", _DAYS)
    usage = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")
    _openssl("req", "-x509", *_KEY, *subject, *usage, "-keyout", made.key, "-out", made.certificate)
    return made


def _signed(folder: Path, name: str, authority: Identity) -> Identity:
    made = _identity(folder, name)
    request, extensions = folder / f"{name}.csr", folder / f"{name}.ext"
    extensions.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n", encoding="utf-8")
    _openssl("req", *_KEY, "-subj", f"/CN=tocsin-{name}", "-keyout", made.key, "-out", request)
    issuer = ("-CA", authority.certificate, "-CAkey", authority.key, "-CAcreateserial")
    terms = ("-days", _DAYS, "-extfile", extensions)
    _openssl("x509", "-req", "-in", request, *issuer, *terms, "-out", made.certificate)
    made.both.write_bytes(made.key.read_bytes() + made.certificate.read_bytes())
    return made


def _identity(folder: Path, name: str) -> Identity:
    return Identity(folder / f"{name}.pem", folder / f"{name}.key", folder / f"{name}-both.pem")


def _openssl(*arguments: str | Path) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=60)
