"""Java of at least some version, and what Maven fetches for it, kept between runs."""

from __future__ import annotations

import fcntl
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.servers.need import ServerMissing

JVM_FOLDERS = (Path("/usr/lib/jvm"), Path("/opt/java"), Path("/Library/Java/JavaVirtualMachines"))
FETCH_SECONDS = 600.0
_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"
_VERSION = re.compile(r'version "(\d+)')
_POM = """\
<project>
  <modelVersion>4.0.0</modelVersion>
  <groupId>local</groupId><artifactId>runtime</artifactId><version>1</version>
  <packaging>pom</packaging>
  <dependencies>
{dependencies}
  </dependencies>
</project>
"""
_DEPENDENCY = """\
    <dependency>
      <groupId>{0}</groupId><artifactId>{1}</artifactId><version>{2}</version>
    </dependency>"""


def find_java(at_least: int) -> Path:
    """The newest java of this machine. Raises ServerMissing when all are too old."""
    found = {candidate.resolve(): _major(candidate) for candidate in _candidates()}
    best = max(found, key=lambda java: found[java], default=None)
    if best is None or found[best] < at_least:
        raise ServerMissing(f"no Java {at_least} or newer. Install one, or set JAVA_HOME")
    return best


def fetch_classpath(name: str, *artefacts: str) -> Path:
    """A folder with the jars of these ``group:artefact:version`` and all that they need.

    Raises ServerMissing without Maven, or when it cannot fetch them.
    """

    def fetch(target: Path) -> None:
        pom = target / "pom.xml"
        dependencies = (_DEPENDENCY.format(*artefact.split(":")) for artefact in artefacts)
        pom.write_text(_POM.format(dependencies="\n".join(dependencies)), encoding="utf-8")
        goal = f"{_PLUGIN}:copy-dependencies"
        _maven("-f", str(pom), goal, "-DincludeScope=runtime", f"-DoutputDirectory={target}")

    return _once(name, fetch)


def fetch_artefact(name: str, artefact: str) -> Path:
    """A folder with the one file ``group:artefact:version:packaging``.

    Raises ServerMissing without Maven, or when it cannot fetch it.
    """

    def fetch(target: Path) -> None:
        _maven(f"{_PLUGIN}:copy", f"-Dartifact={artefact}", f"-DoutputDirectory={target}")

    return _once(name, fetch)


def cache_folder() -> Path:
    """Where fetched files stay between runs: within the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "tocsin-tests"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _once(name: str, fetch: Callable[[Path], None]) -> Path:
    """Fill the folder of that name in the cache, unless it is there.

    It appears whole or not at all; of several runs at once one fetches, the others wait.
    """
    folder = cache_folder() / name
    with (cache_folder() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            draft = Path(tempfile.mkdtemp(prefix=f".{name}.", dir=cache_folder()))
            try:
                fetch(draft)
                # Readable for the other user as whom a server may have to run.
                draft.chmod(0o755)
                draft.rename(folder)
            finally:
                shutil.rmtree(draft, ignore_errors=True)
    return folder


def _maven(*arguments: str) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        raise ServerMissing("no Maven, which fetches the servers. Install it (apt: maven)")
    result = subprocess.run(
        [maven, "-B", "-ntp", "-q", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=FETCH_SECONDS,
        check=False,
    )
    if result.returncode:
        words = (result.stdout + result.stderr).strip()[-1_000:]
        raise ServerMissing(f"Maven could not fetch it. Its words: {words}")


def _candidates() -> Iterator[Path]:
    home = os.environ.get("JAVA_HOME")
    on_path = shutil.which("java")
    yield from (Path(home) / "bin" / "java",) if home else ()
    yield from (Path(on_path),) if on_path else ()
    for folder in JVM_FOLDERS:
        yield from folder.glob("*/bin/java")
        yield from folder.glob("*/Contents/Home/bin/java")


def _major(java: Path) -> int:
    """Its major version; 0 for what is no Java."""
    try:
        result = subprocess.run(
            [java, "-version"], capture_output=True, text=True, timeout=60, check=False
        )
    except OSError:
        return 0
    match = _VERSION.search(result.stderr + result.stdout)
    return int(match[1]) if match else 0
