"""deploy/secrets.sh: what it makes works, stays private, and is never made twice."""

from __future__ import annotations

import ssl
import stat
import subprocess
from pathlib import Path

import pytest

from tests.deploy.files import DEPLOY, ROOT, load

SECRETS = load(ROOT / "docker-compose.yml")["secrets"]


def make(folder: Path) -> str:
    done = subprocess.run(
        [str(DEPLOY / "secrets.sh"), str(folder)], capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "secrets"
    make(folder)
    return folder


def test_every_secret_of_the_stack_is_made(folder: Path) -> None:
    assert {path.name for path in folder.iterdir()} >= set(SECRETS)
    assert all((folder / name).stat().st_size for name in SECRETS)


def test_nobody_else_on_the_machine_can_reach_them(folder: Path) -> None:
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "ca.key").stat().st_mode) == 0o600
    assert "ca.key" not in SECRETS


def test_what_is_there_is_left_alone(folder: Path) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert make(folder) == ""
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_passwords_differ_and_are_not_short(folder: Path) -> None:
    passwords = {path.read_text() for path in folder.glob("*_password")}
    assert len(passwords) == len(list(folder.glob("*_password"))) == 4
    assert all(len(password) == 48 and password.isalnum() for password in passwords)


@pytest.mark.parametrize("server", ["kafka", "elasticsearch", "postgres"])
def test_a_client_trusts_each_server_by_its_name_alone(folder: Path, server: str) -> None:
    """A whole handshake, both sides showing certificates, in memory."""
    assert _handshake(folder, server, expected=server)
    with pytest.raises(ssl.SSLCertVerificationError):
        _handshake(folder, server, expected="somebody-else")


def _handshake(folder: Path, server: str, *, expected: str) -> bool:
    there = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    there.load_cert_chain(folder / f"{server}.crt", folder / f"{server}.key")
    there.load_verify_locations(folder / "ca.crt")
    there.verify_mode = ssl.CERT_REQUIRED
    here = ssl.create_default_context(cafile=folder / "ca.crt")
    here.load_cert_chain(folder / "tocsin.crt", folder / "tocsin.key")
    to_there, to_here = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = here.wrap_bio(to_here, to_there, server_hostname=expected)
    host = there.wrap_bio(to_there, to_here, server_side=True)
    for _ in range(4):
        for side in (client, host):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    assert host.getpeercert()
    certificate = ssl.DER_cert_to_PEM_cert(client.getpeercert(binary_form=True) or b"")
    return (folder / f"{server}.crt").read_text() == certificate
