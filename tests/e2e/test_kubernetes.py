"""The Indexed Job of the examples: what Kubernetes is told, and what its pods do."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

from reconciler.cli.exits import Exit
from tests.support.cli import TOKEN, Cli, run_program
from tests.support.git_repository import GitRepository
from tests.support.git_server import GitServer
from tests.support.manifests import replaced
from tests.support.registry_server import RegistryServer

PROJECT = Path(__file__).parents[2]
JOB: dict[str, Any] = yaml.safe_load(PROJECT.joinpath("examples/kubernetes/apply-in-shards.yaml").read_text())
POD = JOB["spec"]["template"]["spec"]
(CONTAINER,) = POD["containers"]
GIVEN = {each["name"]: each.get("value") for each in CONTAINER["env"]}


def test_there_is_a_pod_for_each_shard_and_none_is_tried_again_in_vain() -> None:
    spec = JOB["spec"]
    assert (JOB["apiVersion"], JOB["kind"], spec["completionMode"]) == ("batch/v1", "Job", "Indexed")
    assert spec["completions"] == spec["parallelism"] == spec["maxFailedIndexes"] == int(GIVEN["SHARDS"])
    assert POD["restartPolicy"] == "Never", "without it, there is no podFailurePolicy"
    (rule,) = (each for each in spec["podFailurePolicy"]["rules"] if each["action"] == "FailIndex")
    assert rule["onExitCodes"] == {
        "containerName": CONTAINER["name"], "operator": "In", "values": [Exit.BLOCKED, Exit.USAGE],
    }  # fmt: skip
    mounted = {each["name"] for each in CONTAINER["volumeMounts"]}
    assert mounted == {each["name"] for each in POD["volumes"]}
    assert GIVEN["TFY_API_KEY"] is None, "a token is no part of a manifest"


def test_the_pods_together_apply_the_commit(tmp_path: Path) -> None:
    repository = GitRepository(tmp_path / "served" / "team")
    for number in range(6):
        repository.write(f"{number}.yaml", replaced("name: scorer", f"name: scorer-{number}"))
    repository.commit()
    with (
        GitServer(repository.folder.parent, tmp_path / "authority.pem") as git,
        RegistryServer(token=TOKEN) as registry,
    ):
        registry.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        cli = Cli(tmp_path, registry.url, env={"SSL_CERT_FILE": str(tmp_path / "authority.pem")})
        told = [pod(cli, number, f"{git.url}/team", repository.head) for number in (0, 1)]
        assert len(registry.writes) == 6
    assert all("Apply: " in each for each in told)


def pod(cli: Cli, index: int, url: str, commit: str) -> str:
    """Run what the container runs, of two shards; what it printed."""
    environment = cli.environment()
    path = f"{Path(sys.executable).parent}:{environment['PATH']}"
    given = {"REPOSITORY": url, "COMMIT": commit, "SHARDS": "2", "JOB_COMPLETION_INDEX": str(index)}
    assert given.keys() - {"JOB_COMPLETION_INDEX"} <= GIVEN.keys()
    words = [*CONTAINER["command"], *CONTAINER["args"]]
    ended = run_program(words, cli.folder, {**environment, **given, "PATH": path})
    assert ended.code == 0, ended.err
    return ended.out
