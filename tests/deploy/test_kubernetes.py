"""deploy/k8s: every pod without rights, with limits and probes, and settings that there are."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

import pytest

from cli.stages import STAGES as WORKERS
from tests.deploy.files import DEPLOY, STAGES, environment_file, known_variables, load, load_all

FOLDER = DEPLOY / "k8s"
DEPLOYMENTS = {stage["metadata"]["name"]: stage for stage in load_all(FOLDER / "stages.yaml")}
COMMON = load(FOLDER / "common.yaml")["spec"]["template"]["spec"]
CONTAINER: dict[str, Any] = COMMON["containers"][0]
POLICIES = {policy["metadata"]["name"]: policy for policy in load_all(FOLDER / "network.yaml")}


def test_there_is_a_deployment_for_every_stage() -> None:
    assert DEPLOYMENTS.keys() == {"ingest", *WORKERS, "watch"} == set(STAGES)


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_is_a_command_with_limits_under_the_common_rules(name: str) -> None:
    deployment = DEPLOYMENTS[name]
    assert deployment["metadata"]["labels"]["app.kubernetes.io/part-of"] == "tocsin"
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["name"] == CONTAINER["name"]
    assert container["args"] == ["run", name]
    assert container["resources"]["limits"]["memory"]
    assert container["resources"]["requests"].keys() == {"cpu", "memory"}
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()


def test_collectors_and_deliverers_never_run_twice_at_once() -> None:
    for name in ("ingest", "deliver"):
        assert DEPLOYMENTS[name]["spec"]["replicas"] == 1
        assert DEPLOYMENTS[name]["spec"]["strategy"] == {"type": "Recreate"}


def test_pods_have_no_rights() -> None:
    pod = COMMON["securityContext"]
    assert pod["runAsNonRoot"] is True
    assert pod["runAsUser"] > 0
    assert pod["seccompProfile"] == {"type": "RuntimeDefault"}
    assert COMMON["automountServiceAccountToken"] is False
    assert CONTAINER["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    labels = load(FOLDER / "namespace.yaml")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_pods_are_looked_after() -> None:
    assert CONTAINER["livenessProbe"]["httpGet"]["path"] == "/health"
    assert CONTAINER["startupProbe"]["httpGet"]["path"] == "/health"


def test_settings_are_settings_and_hold_no_secret() -> None:
    settings = environment_file(FOLDER / "settings.env")
    assert settings.keys() <= known_variables()
    assert not [name for name in settings if name.endswith(("PASSWORD", "API_KEY", "CHANNELS"))]
    assert settings["TOCSIN_PROFILE"] == "stack"


def test_nothing_may_speak_unless_it_is_said() -> None:
    assert POLICIES["nothing"]["spec"] == {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
    }
    outside = {
        n for n, d in DEPLOYMENTS.items() if d["metadata"]["labels"]["tocsin.outside"] == "yes"
    }
    assert outside == {"ingest", "deliver"}
    assert POLICIES["outside"]["spec"]["podSelector"]["matchLabels"] == {"tocsin.outside": "yes"}


def test_every_file_is_part_of_it() -> None:
    base = load(FOLDER / "kustomization.yaml")
    named = {*base["resources"], *(patch["path"] for patch in base["patches"])}
    assert named == {path.name for path in FOLDER.glob("*.yaml")} - {"kustomization.yaml"}


def test_kustomize_builds_it() -> None:
    program = shutil.which("kubectl")
    if program is None:
        pytest.skip("kubectl is not installed: the base was not built")
    done = subprocess.run(
        [program, "kustomize", str(FOLDER)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("readOnlyRootFilesystem: true") == len(STAGES)
    assert done.stdout.count("TOCSIN_ALERTS__CHANNELS_FILE") == 1
