"""The state folder belongs to one pipeline, is private, and says what is wrong with it."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from cli.state import StateFolder
from model.errors import StateLocked, StateNotWritable

NOBODY = 65_534


def test_the_folder_is_private(tmp_path: Path) -> None:
    state = StateFolder(tmp_path / "var")
    state.prepare()
    assert stat.S_IMODE(state.root.stat().st_mode) == 0o700


def test_a_second_pipeline_is_told_who_has_the_folder(tmp_path: Path) -> None:
    state = StateFolder(tmp_path)
    with state.owned():
        assert state.in_use()
        with pytest.raises(StateLocked, match=str(os.getpid())), state.owned():
            pytest.fail("two pipelines on one state")
    assert not state.in_use()


def test_the_lock_of_a_killed_process_is_free_again(tmp_path: Path) -> None:
    code = textwrap.dedent(f"""
        import pathlib, sys, time
        from cli.state import StateFolder
        with StateFolder(pathlib.Path({str(tmp_path)!r})).owned():
            print("mine", flush=True)
            time.sleep(60)
    """)
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"mine\n"
        assert StateFolder(tmp_path).in_use()
        process.send_signal(signal.SIGKILL)
    with StateFolder(tmp_path).owned():
        assert StateFolder(tmp_path).in_use()


def test_a_read_only_folder_is_named(tmp_path: Path) -> None:
    """As another user where this is root, to whom permissions mean nothing."""
    tmp_path.chmod(0o755)
    target = tmp_path / "var"
    target.mkdir(mode=0o555)
    code = textwrap.dedent(f"""
        import os, pathlib
        from cli.state import StateFolder
        from model.errors import StateNotWritable
        if os.getuid() == 0:
            os.setuid({NOBODY})
        try:
            StateFolder(pathlib.Path({str(target)!r})).prepare()
        except StateNotWritable as error:
            print(error)
    """)
    for parent in (tmp_path, *tmp_path.parents):
        if parent.stat().st_uid == os.getuid() and parent != Path("/"):
            parent.chmod(parent.stat().st_mode | 0o055)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert str(target) in done.stdout
    assert "TOCSIN_STATE" in done.stdout


def test_a_file_in_place_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("not a folder")
    with pytest.raises(StateNotWritable, match="var"):
        StateFolder(tmp_path / "var").prepare()
