"""The commands that the README shows work as they stand."""

from __future__ import annotations

import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.pipelines import Tocsin

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```\n(.*?)```", README, flags=re.DOTALL)
CALLS = [line for block in BLOCKS for line in block.splitlines() if line.startswith(".venv")]
TARGETS = [line.split()[1] for block in BLOCKS for line in block.splitlines() if "make" in line]


@pytest.mark.parametrize("call", CALLS)
def test_a_call_answers(evening: Tocsin, call: str) -> None:
    program, *arguments = shlex.split(call)
    assert program == ".venv/bin/tocsin"
    assert evening.ok(*arguments).strip()


def test_make_knows_its_targets() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert TARGETS == ["run", "test"]
    for target in TARGETS:
        assert re.search(rf"^{target}: setup", makefile, flags=re.MULTILINE)
    assert "tocsin up --demo" in makefile


def test_the_demo_ends_on_a_board(empty: Tocsin) -> None:
    """What `make run` does, without a terminal: lines for incidents, then the board."""
    command = [sys.executable, "-m", "cli.main", "up", "--demo"]
    with subprocess.Popen(command, env=empty.environment, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            said.append(line.decode())
            if "What to do" in said[-1]:
                break
        deadline = time.monotonic() + 120
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        assert process.wait(max(1, deadline - time.monotonic())) == 0
    assert any(line[6:].startswith("HIGH") for line in said), said
    assert any("TOCSIN" in line and "open" in line for line in said), said
