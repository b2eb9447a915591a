"""Full disks, read-only folders, damaged files: a clear error, and the rest flows on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from bus.embedded import EmbeddedLog
from bus.embedded.database import Database
from bus.partitioning import partition_of
from bus.port import Outgoing, Retention, TopicPartition
from model.clock import SECOND, MovableClock
from model.errors import (
    ConfigurationError,
    LogUnavailable,
    RecordTooLarge,
    StateCorrupt,
    StateError,
)
from model.topics import POSTS_DEAD, Topic
from tests.bus.logs import DERIVED, SOURCE, after, create, fill, numbers, read_all

REPOSITORY = Path(__file__).parents[2]
NOBODY = 65534


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EmbeddedLog]:
    with closing(EmbeddedLog(tmp_path / "log")) as log:
        yield log


def run_child(code: str, folder: Path) -> str:
    """What Python prints that runs this code in another process, with the folder in ``PATH``."""
    prelude = (
        "import os, resource, sys; from pathlib import Path\n"
        "from bus.embedded import EmbeddedLog\n"
        "from model.errors import *\n"
        "from tests.bus.logs import *\n"
        f"PATH = Path({str(folder)!r})\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", prelude + code],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_a_full_disk_is_a_passing_failure_and_loses_nothing_that_was_acknowledged(
    log: EmbeddedLog, tmp_path: Path
) -> None:
    """The child may write files of 300 kB at most, which SQLite meets as a full disk."""
    create(log, SOURCE)
    printed = run_child(
        "log = EmbeddedLog(PATH)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, resource.RLIM_INFINITY))\n"
        "done = 0\n"
        "try:\n"
        "    while True:\n"
        "        fill(log, SOURCE, range(done, done + 10), size=1_000)\n"
        "        done += 10\n"
        "except LogUnavailable as error:\n"
        "    assert 'Make room' in str(error), error\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)\n"
        "fill(log, SOURCE, range(done, done + 10), size=1_000)\n"
        "print(done)\n",
        tmp_path / "log",
    )
    acknowledged = int(printed)
    assert acknowledged > 0
    assert numbers(read_all(log, SOURCE)) == list(range(acknowledged + 10))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 1 MB, which takes the rights of root to make."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    if made.returncode:
        pytest.skip(f"NOT TESTED on a real full disk, mount says: {made.stderr.strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_really_full_disk(small_disk: Path) -> None:
    with closing(EmbeddedLog(small_disk / "log")) as log:
        create(log, SOURCE)
        done = 0
        ballast = small_disk / "ballast"
        ballast.write_bytes(bytes(300_000))

        def fill_up() -> None:
            nonlocal done
            while True:
                fill(log, SOURCE, range(done, done + 10), size=1_000)
                done += 10

        with pytest.raises(LogUnavailable, match="full"):
            fill_up()
        assert numbers(read_all(log, SOURCE)) == list(range(done))
        ballast.unlink()
        fill(log, SOURCE, range(done, done + 10))
        assert numbers(read_all(log, SOURCE)) == list(range(done + 10))


def as_nobody(code: str) -> str:
    """The code, run without the rights of root, for whom no file is read-only.

    What Python loads late is loaded before: its own files may be root's alone.
    """
    if os.getuid() != 0:
        return code
    return f"import urllib.parse; os.setgid({NOBODY}); os.setuid({NOBODY})\n{code}"


@pytest.fixture
def readable_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder with a log that everybody may read and nobody may write."""
    folder = tmp_path / "readable"
    with closing(EmbeddedLog(folder)) as log:
        create(log, SOURCE)
        fill(log, SOURCE, range(10))
    paths = [folder, *folder.rglob("*")]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    for parent in list(folder.parents)[:3]:
        parent.chmod(0o755)
    yield folder
    for path in paths:
        path.chmod(0o755)


@pytest.mark.parametrize(
    "act",
    [
        "fill(log, SOURCE, [1])",
        "log.consumer('group', [SOURCE.name])",
        "create(log, DERIVED)",
    ],
)
def test_a_read_only_folder_is_said_to_be_one(readable_folder: Path, act: str) -> None:
    printed = run_child(
        as_nobody(f"log = EmbeddedLog(PATH)\ntry: {act}\nexcept StateNotWritable as e: print(e)"),
        readable_folder,
    )
    assert str(readable_folder) in printed
    assert "permissions" in printed


def test_a_folder_that_cannot_be_made_is_said_to_be_one(readable_folder: Path) -> None:
    printed = run_child(
        as_nobody("try: EmbeddedLog(PATH / 'new')\nexcept StateNotWritable as e: print(e)"),
        readable_folder,
    )
    assert "Permission denied" in printed


def damage(path: Path, *, at: int) -> None:
    """Write rubbish over the middle of a file."""
    with path.open("r+b") as file:
        file.seek(at)
        file.write(b"\xa5" * 40_000)


@pytest.mark.parametrize("at", [0, 8192])
def test_the_other_partitions_flow_on_past_a_damaged_one(tmp_path: Path, at: int) -> None:
    with closing(EmbeddedLog(tmp_path)) as log:
        create(log, SOURCE, partitions=3)
        fill(log, SOURCE, range(3_000))
    damaged = partition_of(b"k0", 3)
    damage(tmp_path / SOURCE.name / f"{damaged}.db", at=at)
    with closing(EmbeddedLog(tmp_path)) as log:
        consumer = log.consumer("readers", [SOURCE.name])
        errors: list[StateCorrupt] = []
        found: list[int] = []
        expected = [n for n in range(3_000) if partition_of(b"k%d" % n, 3) != damaged]
        while len(found) < len(expected) or not errors:
            try:
                records = consumer.poll(100, 0.01)
            except StateCorrupt as error:
                errors.append(error)
            else:
                found += numbers(records)
                consumer.commit(after(records))
        assert sorted(found) == expected
        assert f"{damaged}.db is damaged" in str(errors[0])
        assert "backup" in str(errors[0])


def test_a_damaged_partition_is_reported_once_a_second_and_not_at_every_poll(
    tmp_path: Path,
) -> None:
    clock = MovableClock()
    with closing(EmbeddedLog(tmp_path, clock=clock)) as log:
        create(log, SOURCE)
    damage(tmp_path / SOURCE.name / "0.db", at=0)
    with closing(EmbeddedLog(tmp_path, clock=clock)) as log:
        consumer = log.consumer("readers", [SOURCE.name])
        for _ in range(3):
            with pytest.raises(StateCorrupt):
                consumer.poll(10, 0.0)
            assert consumer.poll(10, 0.5) == []
            clock.advance(SECOND)


def test_a_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "new.db"

    def schema() -> Iterator[str]:
        assert not path.exists()
        yield "CREATE TABLE first (x)"
        assert not path.exists()
        yield "CREATE TABLE second (x)"

    Database.create(path, schema())
    with closing(Database(path, durable=True)) as database:
        assert database.number("SELECT count(*) FROM second") == 0


def test_a_partition_that_was_repaired_is_read_again(tmp_path: Path) -> None:
    folder = tmp_path / "log"
    with closing(EmbeddedLog(folder)) as log:
        create(log, SOURCE)
        fill(log, SOURCE, range(500))
    path = folder / SOURCE.name / "0.db"
    backup = path.read_bytes()
    damage(path, at=0)
    with closing(EmbeddedLog(folder)) as log:
        consumer = log.consumer("readers", [SOURCE.name])
        with pytest.raises(StateCorrupt):
            consumer.poll(1_000, 0.0)
        path.write_bytes(backup)
        assert numbers(consumer.poll(1_000, 5.0)) == list(range(500))


def test_a_missing_partition_file_is_damage_and_not_an_empty_partition(
    log: EmbeddedLog, tmp_path: Path
) -> None:
    create(log, SOURCE)
    (tmp_path / "log" / SOURCE.name / "0.db").unlink()
    with pytest.raises(StateCorrupt, match="missing"):
        fill(log, SOURCE, [1])
    with pytest.raises(StateCorrupt, match="missing"):
        log.ends(SOURCE.name)


def test_a_damaged_description_of_a_topic_is_named(tmp_path: Path) -> None:
    with closing(EmbeddedLog(tmp_path)) as log:
        create(log, SOURCE)
    (tmp_path / SOURCE.name / "topic.json").write_text("{", encoding="utf-8")
    with closing(EmbeddedLog(tmp_path)) as log, pytest.raises(StateCorrupt, match=r"topic\.json"):
        fill(log, SOURCE, [1])


def test_a_derived_record_whose_source_is_lost_comes_without_its_base(
    log: EmbeddedLog,
) -> None:
    """So that its stage rejects it and the others flow on."""
    create(log, SOURCE, DERIVED)
    fill(log, SOURCE, range(3))
    sources = read_all(log, SOURCE)
    lost = sources[1]._replace(offset=77)
    sources[1] = lost
    log.publish([Outgoing(DERIVED.name, s.key, b"+", s) for s in sources])
    records = log.consumer("readers", [DERIVED.name]).poll(10, 0.0)
    assert {record.offset: record.base for record in records} == {0: b"0", 2: b"2", 77: b""}


def test_a_derived_record_replaces_what_was_derived_before(log: EmbeddedLog) -> None:
    """More than the contract asks: a reader never sees the first."""
    create(log, SOURCE, DERIVED)
    fill(log, SOURCE, range(6))
    sources = read_all(log, SOURCE)
    log.publish([Outgoing(DERIVED.name, s.key, b"once", s) for s in sources[:4]])
    log.publish([Outgoing(DERIVED.name, s.key, b"twice", s) for s in sources[2:]])
    assert log.ends(DERIVED.name) == log.ends(SOURCE.name)
    values = [record.value for record in log.consumer("readers", [DERIVED.name]).poll(10, 0.0)]
    assert values == [b"once"] * 2 + [b"twice"] * 4


def test_a_failed_call_leaves_nothing_in_any_partition(log: EmbeddedLog, tmp_path: Path) -> None:
    create(log, SOURCE, partitions=4)
    (tmp_path / "log" / SOURCE.name / "3.db").write_bytes(b"\xa5" * 20_000)
    with pytest.raises(StateCorrupt):
        fill(log, SOURCE, range(100))
    assert sum(len(log.read(SOURCE.name, partition, 0, 100)) for partition in range(3)) == 0


def test_a_dead_letter_may_be_larger_than_what_it_is_about(tmp_path: Path) -> None:
    with closing(EmbeddedLog(tmp_path, max_record_bytes=1_000, max_dead_bytes=10_000)) as log:
        create(log, SOURCE, POSTS_DEAD)
        with pytest.raises(RecordTooLarge):
            log.publish([Outgoing(SOURCE.name, "k", bytes(1_000))])
        log.publish([Outgoing(SOURCE.name, "k", bytes(999))])
        log.publish([Outgoing(POSTS_DEAD.name, "k", bytes(9_999))])
        with pytest.raises(RecordTooLarge):
            log.publish([Outgoing(POSTS_DEAD.name, "k", bytes(10_000))])


def test_publishing_to_a_topic_that_is_still_to_be_created_may_succeed_later(
    log: EmbeddedLog,
) -> None:
    with pytest.raises(LogUnavailable, match="source does not exist"):
        fill(log, SOURCE, [1])


@pytest.mark.parametrize("name", ["", "..", "a/b", "groups", "x" * 200, "Ä", "a b"])
def test_a_name_that_is_no_folder_is_refused(log: EmbeddedLog, name: str) -> None:
    with pytest.raises(ConfigurationError):
        log.create(Topic(name), partitions=1, retention=Retention())
    with pytest.raises(ConfigurationError):
        log.consumer(name, [SOURCE.name])


def test_a_closed_log_refuses_further_calls(log: EmbeddedLog) -> None:
    create(log, SOURCE)
    fill(log, SOURCE, [1])
    log.close()
    log.close()
    with pytest.raises(StateError, match="misused"):
        fill(log, SOURCE, [1])


def test_a_key_has_the_same_partition_on_every_machine_and_for_good() -> None:
    """These numbers must never change: posts already lie where they say."""
    keys = [b"", b"x:main:1", "mastodon:örtchen:7".encode(), b"\0"]
    assert [partition_of(key, 8) for key in keys] == [2, 1, 2, 3]


def test_a_reader_never_sees_a_derived_record_before_its_source(
    log: EmbeddedLog, tmp_path: Path
) -> None:
    """While another process writes both, one right after the other."""
    create(log, SOURCE, DERIVED)
    consumer = log.consumer("readers", [DERIVED.name])
    code = (
        "import sys; from pathlib import Path\n"
        "from bus.embedded import EmbeddedLog; from bus.port import *\n"
        "log = EmbeddedLog(Path(sys.argv[1]))\n"
        "for n in range(1_500):\n"
        "    log.publish([Outgoing('source', 'k', b'%d' % n)])\n"
        "    log.publish([Outgoing('derived', 'k', b'%d' % n, Record('source', 0, n, 'k', b''))])\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "log")]
    position = 0
    with subprocess.Popen(command, cwd=REPOSITORY) as child:
        while position < 1_500:
            for record in consumer.poll(1_000, 10.0):
                assert record.base == record.value == b"%d" % position
                position += 1
            assert child.poll() in (None, 0)


def test_a_commit_of_nothing_costs_nothing(log: EmbeddedLog) -> None:
    create(log, SOURCE)
    consumer = log.consumer("readers", [SOURCE.name])
    consumer.commit({})
    consumer.commit({TopicPartition("elsewhere", 5): 7})
    assert log.positions("readers", "elsewhere") == {}
