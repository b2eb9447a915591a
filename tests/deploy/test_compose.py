"""docker-compose.yml: every service without rights, with limits, and looked after."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cli.stages import STAGES as WORKERS
from config.settings import Settings
from tests.deploy.files import (
    DEPLOY,
    ROOT,
    STAGES,
    deployed_files,
    environment_file,
    known_variables,
    load,
)

COMPOSE = load(ROOT / "docker-compose.yml")
SERVICES: dict[str, Any] = COMPOSE["services"]
NAMES = sorted(SERVICES)
SERVERS = {"kafka", "elasticsearch", "postgres"}
SCHEMA = Path("/usr/lib/python3/dist-packages/compose/config/compose_spec.json")


def test_there_is_a_service_for_every_stage_and_server() -> None:
    assert set(STAGES) == {"ingest", *WORKERS, "watch"}
    assert set(NAMES) == {*STAGES, *SERVERS, "prometheus", "grafana"}


@pytest.mark.parametrize("name", NAMES)
class TestEveryService:
    def test_runs_as_a_user_without_rights(self, name: str) -> None:
        service = SERVICES[name]
        assert int(service["user"].split(":")[0]) > 0
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert service["read_only"] is True
        assert not {"privileged", "cap_add", "pid", "ipc", "network_mode"} & service.keys()

    def test_mounts_nothing_of_the_machine_that_it_could_change(self, name: str) -> None:
        for volume in SERVICES[name]["volumes"]:
            source = volume.split(":")[0]
            assert source in COMPOSE["volumes"] or volume.endswith(":ro"), volume

    def test_has_limits_and_is_started_again(self, name: str) -> None:
        service = SERVICES[name]
        assert re.fullmatch(r"\d+[mg]", service["mem_limit"])
        assert service["pids_limit"] > 0
        assert service["restart"] == "unless-stopped"
        assert service["logging"]["options"]["max-size"]

    def test_has_a_health_check(self, name: str) -> None:
        check = SERVICES[name]["healthcheck"]
        assert check["test"][0] == "CMD"
        assert {"interval", "timeout", "retries", "start_period"} <= check.keys()

    def test_has_a_pinned_image(self, name: str) -> None:
        tag = SERVICES[name]["image"].rpartition(":")[2]
        assert re.search(r"\d+\.\d+", tag), "not a version"

    def test_is_reachable_from_this_machine_alone(self, name: str) -> None:
        for port in SERVICES[name].get("ports", ()):
            assert port.startswith("127.0.0.1:")

    def test_names_secrets_that_are_files_of_the_closed_folder(self, name: str) -> None:
        for secret in SERVICES[name].get("secrets", ()):
            assert COMPOSE["secrets"][secret]["file"] == f"./deploy/secrets/{secret}"


@pytest.mark.parametrize("name", STAGES)
class TestEveryStage:
    def test_is_a_command_that_there_is(self, name: str) -> None:
        assert SERVICES[name]["command"] == ["run", name]

    def test_sets_variables_that_there_are(self, name: str) -> None:
        assert SERVICES[name]["environment"].keys() <= known_variables()

    def test_sets_no_secret_but_by_its_file(self, name: str) -> None:
        variables = SERVICES[name]["environment"]
        assert not [v for v in variables if re.search(r"PASSWORD$|API_KEY$|CHANNELS$", v)]
        given = {f"/run/secrets/{secret}" for secret in SERVICES[name]["secrets"]}
        named = {v for v in variables.values() if str(v).startswith("/run/secrets/")}
        assert named == given

    def test_waits_for_the_servers(self, name: str) -> None:
        waits = SERVICES[name]["depends_on"]
        assert waits.keys() == SERVERS
        assert all(wait == {"condition": "service_healthy"} for wait in waits.values())


def test_settings_of_the_stages_are_accepted(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the defaults of .env.example in place of what is substituted."""
    given = environment_file(ROOT / ".env.example")
    for name, value in SERVICES["index"]["environment"].items():
        if not name.endswith("_FILE"):
            monkeypatch.setenv(name, _substituted(str(value), given))
    settings = Settings()
    assert settings.profile == "stack"
    assert settings.kafka.security_protocol == "SSL"


def test_what_may_be_changed_is_listed_with_its_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    defaults = dict(re.findall(r"\$\{([A-Z_]+):-([^}]*)\}", text))
    assert defaults == environment_file(ROOT / ".env.example")


def test_only_ingest_and_deliver_reach_the_world() -> None:
    assert {n for n in NAMES if "outside" in SERVICES[n]["networks"]} == {"ingest", "deliver"}
    assert COMPOSE["networks"]["servers"] == COMPOSE["networks"]["watching"] == {"internal": True}
    assert all("machine" not in SERVICES[name]["networks"] for name in {*STAGES, *SERVERS})


def test_only_deliver_knows_the_channels() -> None:
    assert [n for n in NAMES if "channels.json" in SERVICES[n].get("secrets", ())] == ["deliver"]


def test_every_secret_is_made_by_the_script() -> None:
    script = (DEPLOY / "secrets.sh").read_text(encoding="utf-8")
    for secret in COMPOSE["secrets"]:
        made = secret.removesuffix(".crt").removesuffix(".key")
        assert re.search(rf"(password|certificate) {re.escape(made)}\b", script) or secret in script


def test_no_secret_stands_in_a_file() -> None:
    pattern = re.compile(r"(password|api_key|token|secret)\s*[=:]\s*[\"']?[A-Za-z0-9+/]{8,}", re.I)
    keys = re.compile(r"BEGIN [A-Z ]*PRIVATE KEY")
    for path in deployed_files():
        text = path.read_text(encoding="utf-8")
        assert not pattern.search(text), path
        assert not keys.search(text), path
    ignored = subprocess.run(
        ["git", "check-ignore", "-q", "deploy/secrets/ca.key"], cwd=ROOT, check=False
    )
    assert ignored.returncode == 0


def test_docker_compose_reads_it() -> None:
    """`docker-compose config` needs no engine."""
    program = shutil.which("docker-compose")
    if program is None:
        pytest.skip("docker-compose is not installed: the file was not read by it")
    done = subprocess.run(
        [program, "config", "--quiet"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_it_obeys_the_schema() -> None:
    """The schema comes with docker-compose."""
    if not SCHEMA.exists():
        pytest.skip("docker-compose is not installed: its schema is not at hand")
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(schema).validate(json.loads(json.dumps(COMPOSE)))


def _substituted(value: str, given: dict[str, str]) -> str:
    return re.sub(r"\$\{([A-Z_]+):-[^}]*\}", lambda found: given[found[1]], value)
