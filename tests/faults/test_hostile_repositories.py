"""Whatever a repository holds: no program but git runs, no file outside is read, nobody else is called."""

from __future__ import annotations

import socket
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import pytest

import reconciler
from tests.support.cli import TOKEN, Cli
from tests.support.git_repository import GitRepository
from tests.support.git_server import GitServer
from tests.support.hostile_repositories import EVERYWHERE, SECRET, TRICKS, Scene, Trick
from tests.support.manifests import MANIFEST
from tests.support.registry_server import RegistryServer
from tests.support.scale import TIER
from tests.support.watched_cli import Seen, run_watched

_HARMLESS = {
    *(str(Path(path).resolve()) for path in {sys.prefix, sys.base_prefix, *sysconfig.get_paths().values()}),
    str(Path(reconciler.__file__).resolve().parent.parent),
    "/dev/null",
}
"""Python, what is installed for it, and this project."""


@pytest.fixture(scope="module")
def registry() -> Iterator[RegistryServer]:
    with RegistryServer(token=TOKEN) as server:
        server.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        yield server


def run(trick: Trick, how: str, registry: RegistryServer, tmp_path: Path) -> tuple[Seen, Scene]:
    """Plan a hostile repository, read in one of the ways there are."""
    for name in ("outside", "elsewhere", "temporary"):
        (tmp_path / name).mkdir()
    repository = GitRepository(tmp_path / "served" / "team")
    repository.write("good.yaml", MANIFEST)
    repository.commit()
    scene = Scene(repository, tmp_path / "outside")
    trick.make(scene)
    if trick.commits:
        repository.commit()
    authority = tmp_path / "authority.pem"
    with GitServer(tmp_path / "served", authority) as server:
        env = {**trick.env, "SSL_CERT_FILE": str(authority), "TMPDIR": str(tmp_path / "temporary")}
        if how == "url":
            cli = Cli(tmp_path / "elsewhere", registry.url, home=tmp_path / "home", env=env)
            arguments = ["--repo", f"{server.url}/team"]
        else:
            cli = Cli(repository.folder / trick.folder, registry.url, home=tmp_path / "home", env=env)
            arguments = {"commit": ["--ref", "HEAD"], "base": ["--base", "HEAD"]}.get(how, [])
        return run_watched(cli, tmp_path / "log", "plan", *arguments), scene


def chosen() -> list[tuple[str, str]]:
    """Each trick in each way that a repository is read; for a commit, each trick in one of them in turn."""
    if TIER == "quick":
        return [(name, EVERYWHERE[number % len(EVERYWHERE)]) for number, name in enumerate(TRICKS)]
    return [(name, how) for name in TRICKS for how in EVERYWHERE]


@pytest.mark.skipif(sys.platform != "linux", reason="lists processes as Linux shows them")
@pytest.mark.law
@pytest.mark.parametrize(("name", "how"), chosen())
def test_nothing_but_git_runs_and_nothing_outside_is_touched(
    name: str, how: str, registry: RegistryServer, tmp_path: Path
) -> None:
    seen, scene = run(TRICKS[name], how, registry, tmp_path)

    assert TRICKS[name].says.get(how, "") in seen.output, seen.output
    assert "Traceback" not in seen.output
    assert "internal error" not in seen.output
    assert SECRET not in seen.output
    assert len(seen.output) < 20_000

    assert not scene.marker.exists()
    assert not list(tmp_path.rglob("ran"))
    assert {command[0] for command in seen.started} <= {"git"}
    assert {line for line in seen.descendants if not _is_of_git(line)} == set()

    harmless = (*_HARMLESS, str(scene.repository.folder), str(tmp_path / "temporary"))
    assert {name for name in seen.opened if not _is_below(name, harmless)} == set()
    assert seen.connected <= {_address(registry.url)}
    assert list((tmp_path / "temporary").iterdir()) == []


def misbehave(address: tuple[str, int]) -> None:
    """Open, call and run what the tool should not."""
    Path("/etc/passwd").read_bytes()
    socket.create_connection(address).close()
    subprocess.run(["sh", "-c", "sleep 0.3; true"], check=True)


def test_the_observer_sees_what_is_done(tmp_path: Path, registry: RegistryServer) -> None:
    host, _, port = _address(registry.url).partition(":")
    seen = run_watched(Cli(tmp_path), tmp_path / "log", run=partial(misbehave, (host, int(port))))
    assert "/etc/passwd" in seen.opened
    assert seen.connected == {_address(registry.url)}
    assert seen.started == [["sh", "-c", "sleep 0.3; true"]]
    assert "sleep 0.3" in seen.descendants


def _is_of_git(line: str) -> bool:
    program = Path(line.split(" ", maxsplit=1)[0]).name
    return program == "git" or program.startswith("git-")


def _is_below(name: str, folders: Sequence[str]) -> bool:
    path = Path(name).resolve()
    return any(path.is_relative_to(folder) for folder in folders)


def _address(url: str) -> str:
    return url.removeprefix("http://")
