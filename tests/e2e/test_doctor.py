"""`reconciler doctor`: each check on its own, by the real tool against real servers."""

from __future__ import annotations

import base64
import json
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
import trustme

from tests.support.certificates import issue_certificate
from tests.support.cli import Cli
from tests.support.fault_answers import Forward
from tests.support.fault_runs import declaring
from tests.support.git_repository import GitRepository
from tests.support.raw_server import RawServer
from tests.support.registry_server import RegistryServer


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    return declaring(tmp_path / "repository")


def jwt(claims: dict[str, Any]) -> str:
    def part(document: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")

    return f"{part({'alg': 'none'})}.{part(claims)}.c2lnbmF0dXJl"


def states(cli: Cli, expect: int) -> dict[str, tuple[str, str]]:
    """State and message of each finding, by its name."""
    document = cli("doctor", "--format", "json", expect=expect).document
    return {each["name"]: (each["state"], each["message"]) for each in document["findings"]}


def test_where_all_is_well_every_line_says_so(repository: GitRepository, registry: RegistryServer) -> None:
    ended = Cli(repository.folder, registry.url)("doctor")
    lines = ended.out.splitlines()
    assert [line.split()[0] for line in lines] == ["ok"] * len(lines)
    assert "ok       ML repo fraud: visible" in lines
    assert "ok       api ml: answers, and is used" in lines
    assert "ok       api svc: answers" in lines
    assert "ok       clock: as the control plane's" in lines


def test_what_fails_hides_nothing_else(tmp_path: Path) -> None:
    found = states(Cli(tmp_path, "https://127.0.0.1:1"), expect=1)
    failures = {name for name, (state, _) in found.items() if state == "failure"}
    assert failures == {"repository", "manifests", "certificate", "api ml"}
    assert found["token"] == ("ok", "from TFY_API_KEY, opaque")
    assert found["history"] == ("warning", "not checked: no repository")
    assert found["clock"] == ("warning", "not checked: the control plane does not answer")


def test_without_a_host_the_repository_is_checked_all_the_same(repository: GitRepository) -> None:
    found = states(Cli(repository.folder), expect=1)
    assert found["control plane"] == ("failure", "no control plane is set")
    assert found["work tree"][0] == found["manifests"][0] == "ok"
    assert found["ML repo fraud"][1].startswith("not checked: ")


def test_a_shallow_clone_and_an_edit_are_warnings(
    repository: GitRepository, tmp_path: Path, registry: RegistryServer
) -> None:
    for text in ("one", "two"):
        repository.write("note.txt", text)
        repository.commit(text)
    clone = tmp_path / "clone"
    command = ["git", "clone", "-q", "--depth", "1", f"file://{repository.folder}", str(clone)]
    subprocess.run(command, check=True)
    manifest = next(file for file in clone.rglob("*.y*ml") if ".git" not in file.parts)
    manifest.write_text(manifest.read_text() + "description: edited\n")
    found = states(Cli(clone, registry.url), expect=0)
    assert found["history"][0] == found["work tree"][0] == "warning"


@pytest.mark.parametrize(
    ("seconds", "state", "what"), [(3600, "ok", "valid until"), (-3600, "failure", "has expired")]
)
def test_of_a_token_only_its_end_is_reported(
    seconds: int, state: str, what: str, repository: GitRepository, registry: RegistryServer
) -> None:
    token = jwt({"exp": time.time() + seconds, "sub": "somebody-in-the-token"})
    cli = Cli(repository.folder, registry.url, env={"TFY_API_KEY": token})
    ended = cli("doctor", "--format", "json", "-v", expect=int(state == "failure"))
    (found,) = [each for each in ended.document["findings"] if each["name"] == "token"]
    assert found["state"] == state
    assert f"a JWT {'that ' if seconds < 0 else ''}{what}" in found["message"]
    for secret in ("somebody-in-the-token", *token.split(".")):
        assert secret not in ended.out + ended.err


@pytest.mark.parametrize("claims", [{}, {"exp": None}, {"exp": float("nan")}, {"exp": 1e300}])
def test_a_token_without_a_sensible_end_is_no_failure(
    claims: dict[str, Any], repository: GitRepository, registry: RegistryServer
) -> None:
    found = states(Cli(repository.folder, registry.url, env={"TFY_API_KEY": jwt(claims)}), expect=0)
    assert found["token"] == ("ok", "from TFY_API_KEY, a JWT that does not say when it ends")


def test_the_end_of_a_certificate_is_reported_by_a_request_without_the_token(
    authority: trustme.CA, trusted: dict[str, str], repository: GitRepository, registry: RegistryServer
) -> None:
    with RawServer(Forward(registry.url), issue_certificate(authority, "127.0.0.1")) as server:
        found = states(Cli(repository.folder, server.url, env=trusted), expect=0)
        assert "authorization" not in server.requests[0].headers
        assert all(request.method == "GET" for request in server.requests)
    assert found["certificate"][1].startswith("trusted, ")
    assert found["certificate"][1].endswith(" days left")
