"""The image: two steps, checked dependencies, no rights, and only what it needs."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import PurePath

from tests.deploy.files import ROOT

TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
LINES = [line.strip() for line in TEXT.splitlines() if line and not line.startswith("#")]
STEPS = [line for line in LINES if line.startswith("FROM ")]
FINAL = LINES[LINES.index(STEPS[-1]) :]


def test_the_image_is_built_in_two_steps_on_a_pinned_base() -> None:
    assert len(STEPS) == 2
    assert re.search(r"ARG PYTHON=3\.1[1-3]\.\d+-slim-", TEXT)
    assert all("${PYTHON}" in step for step in STEPS)


def test_dependencies_are_checked_against_their_hashes() -> None:
    installs = re.findall(r"pip install ([^&\n]*)", TEXT)
    assert installs
    for install in installs:
        assert "--require-hashes" in install or "--no-deps" in install


def test_it_runs_without_rights_and_is_looked_after() -> None:
    assert "USER 10001:10001" in FINAL
    assert any(line.startswith("HEALTHCHECK") for line in FINAL)
    assert 'ENTRYPOINT ["tocsin"]' in FINAL
    assert not any("pip" in line for line in FINAL if line.startswith("RUN"))


def test_every_package_reaches_the_builder_and_nothing_else_does() -> None:
    rules = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in rules
    allowed = {rule[1:] for rule in rules if rule.startswith("!")}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packages = {name.split(".")[0] for name in project["tool"]["setuptools"]["packages"]}
    assert packages <= allowed
    others = {PurePath(name).parts[0] for name in allowed} - packages
    assert others == {"pyproject.toml", "README.md", "LICENSE", "requirements", "deploy"}
    assert {name for name in allowed if name.startswith("deploy")} == {"deploy/docker/alive.py"}


def test_what_it_copies_is_there() -> None:
    for line in LINES:
        if line.startswith("COPY ") and "--from" not in line:
            for source in line.split()[1:-1]:
                assert (ROOT / source).exists(), source


def test_what_packages_hold_beside_code_is_installed_with_them() -> None:
    """In a checkout the files are there anyway; in the image only those that are declared are."""
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "setuptools"
    ]
    packages = {name.split(".")[0] for name in setuptools["packages"]}
    listed = subprocess.run(
        ["git", "ls-files", *sorted(packages)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        path = PurePath(name)
        if path.suffix == ".py":
            assert ".".join(path.parts[:-1]) in setuptools["packages"], name
        else:
            inner = PurePath(*path.parts[1:])
            patterns = setuptools["package-data"].get(path.parts[0], ())
            assert any(inner.match(pattern) for pattern in patterns), name
