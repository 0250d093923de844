"""A commit of a remote repository: which addresses are fetched from, what is fetched, and how."""

from __future__ import annotations

import os
import stat
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from reconciler.errors import SourceError
from reconciler.source import git
from reconciler.source.remote import check_address, fetch_repository
from reconciler.source.snapshot import EVERYTHING, Snapshot
from tests.support.files_in_memory import FilesInMemory
from tests.support.git_repository import GitRepository
from tests.support.git_server import GitServer
from tests.support.raw_server import Exchange, RawServer, closed_port

ENOUGH = 60.0


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    repository = GitRepository(tmp_path / "served" / "team")
    repository.write("a.yaml", "first")
    repository.commit()
    return repository


@pytest.fixture
def server(repository: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[GitServer]:
    authority = tmp_path / "authority.pem"
    with GitServer(repository.folder.parent, authority) as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        monkeypatch.setenv("HOME", str(tmp_path))
        yield server


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def snapshot(url: str, revision: str | None = None, seconds: float = ENOUGH) -> Snapshot:
    with fetch_repository(url, revision, seconds) as (repository, commit):
        found = repository.take_snapshot(commit, EVERYTHING)
        return replace(found, files=FilesInMemory(found.files))  # they are there until the end of `with`


def refusal(url: str, revision: str | None = None, seconds: float = ENOUGH) -> SourceError:
    with pytest.raises(SourceError) as caught:
        snapshot(url, revision, seconds)
    return caught.value


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com/team/models",
        "https://example.com/team/models.git",
        "https://git.example.com:8443/team/models",
        "ssh://git@example.com/team/models",
        "ssh://git@example.com:2222/~/models",
        "ssh://example.com/team/models",
        "git@example.com:team/models.git",
        "git@example.com:/srv/models",
    ],
)
def test_https_and_both_spellings_of_ssh_are_addresses(address: str) -> None:
    assert check_address(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "models",
        "../models",
        "/srv/models",
        "file:///srv/models",
        "http://example.com/models",
        "git://example.com/models",
        "ftp://example.com/models",
        "ext::sh -c touch% /tmp/run",
        "ext://sh -c touch% /tmp/run",
        "git@ext::sh",
        "fd::17",
        "https://",
        "https://example.com",
        "https:///models",
        "https://example.com/models?token=1",
        "https://example.com/models#main",
        "https://example.com\\.evil.example.com/models",
        "https://example.com/mo dels",
        "https://example.com/mo\ndels",
        "https://example.com:port/models",
        "https://ex\u0430mple.com/models",
        "https://-oProxyCommand=x/models",
        "ssh://-oProxyCommand=x/models",
        "ssh://git@-oProxyCommand=x/models",
        "-oProxyCommand=x:models",
        "git@example.com:-models",
        "git@example.com://models",
        "--upload-pack=touch",
    ],
)
def test_every_other_form_is_refused_with_the_right_one(address: str) -> None:
    with pytest.raises(SourceError, match="is no address of a repository") as caught:
        check_address(address)
    assert "https://HOST/PATH" in caught.value.hint
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "user",
    ["https://user:hunter2@", "https://hunter2@", "https://example.com:hunter2\\@", "ssh://git:hunter2@"],
)
def test_a_password_in_the_address_is_refused_and_not_shown(user: str) -> None:
    with pytest.raises(SourceError, match="holds a user or a password") as caught:
        check_address(f"{user}example.com/team/models")
    assert "hunter2" not in f"{caught.value}{caught.value.hint}"


def test_the_commit_at_the_remote_s_head_is_read(repository: GitRepository, server: GitServer) -> None:
    found = snapshot(f"{server.url}/team")
    assert found.commit == repository.head
    assert [(file.path, file.data) for file in found.files] == [("a.yaml", b"first")]
    assert not found.in_work_tree


def test_branches_tags_and_full_ids_name_a_commit(repository: GitRepository, server: GitServer) -> None:
    first = repository.head
    repository.tag("v1", annotated=True)
    repository.branch("feature/x")
    repository.write("a.yaml", "second")
    second = repository.commit()
    repository.switch("main")
    url = f"{server.url}/team"
    for name, commit in [("main", first), ("v1", first), ("feature/x", second), (second, second)]:
        assert snapshot(url, name).commit == commit


@pytest.mark.parametrize(
    "name",
    ["nothing", "0" * 40, "-u", "--upload-pack=x", "a..b", "a:b", "HEAD~1", "@{1}", "a b", "", "+main"],
)
def test_what_names_no_commit_is_refused_by_name(server: GitServer, name: str) -> None:
    error = refusal(f"{server.url}/team", name)
    assert f"no commit named {name}" in str(error)
    assert "full id" in error.hint


def test_only_one_commit_and_no_large_file_is_fetched(repository: GitRepository, server: GitServer) -> None:
    older = repository.git("rev-parse", "HEAD:a.yaml")
    repository.write("a.yaml", "second")
    repository.write("large.yaml", b"x" * (1024 * 1024 + 1))
    repository.write("largest-allowed.yaml", b"x" * (1024 * 1024))
    repository.write("weights.bin", b"x" * (1024 * 1024 + 1))
    repository.commit()
    with fetch_repository(f"{server.url}/team", None, ENOUGH) as (fetched_repository, commit):
        found = fetched_repository.take_snapshot(commit, EVERYTHING)
        files = list(found.files)
        held = fetched_repository.take_snapshot(commit, EVERYTHING)  # a second look fetches nothing either
        assert (list(held.files), held.unread) == (files, found.unread)
    assert [file.path for file in files] == ["a.yaml", "largest-allowed.yaml"]
    assert (list(found.unread), found.problems) == (["large.yaml"], ())
    assert len(server.requests) == 3  # what there is, what is wanted, and its pack
    assert older not in "".join(server.requests)


def test_nothing_is_checked_out_and_nothing_stays(
    repository: GitRepository, server: GitServer, temporary: Path
) -> None:
    repository.write("unmistakable-name.txt", "x")
    repository.commit()
    with fetch_repository(f"{server.url}/team", None, ENOUGH):
        (folder,) = temporary.iterdir()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        names = {path.name for path in folder.rglob("*")}
        assert "HEAD" in names
        assert not names & {"unmistakable-name.txt", "a.yaml", "hooks"}
    assert list(temporary.iterdir()) == []


def test_nothing_stays_of_a_fetch_that_failed(server: GitServer, temporary: Path) -> None:
    refusal(f"{server.url}/nothing-there")
    assert list(temporary.iterdir()) == []


def test_a_repository_with_longer_ids_is_read(tmp_path: Path, server: GitServer) -> None:
    repository = GitRepository(tmp_path / "served" / "longer", object_format="sha256")
    repository.write("a.yaml", "first")
    commit = repository.commit()
    assert snapshot(f"{server.url}/longer").commit == commit
    assert len(commit) == 64


def test_an_authority_that_is_not_trusted_gets_no_request(
    repository: GitRepository, server: GitServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with GitServer(repository.folder.parent, tmp_path / "other.pem"):
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "other.pem"))
        monkeypatch.setenv("GIT_SSL_NO_VERIFY", "1")
        error = refusal(f"{server.url}/team")
    assert "certificate" in str(error)
    assert server.requests == []


@pytest.mark.parametrize("status", [401, 403, 404, 500])
def test_a_host_that_refuses_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    authority = tmp_path / "authority.pem"
    with GitServer(tmp_path, authority, status) as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        monkeypatch.setenv("HOME", str(tmp_path))
        error = refusal(f"{server.url}/team")
    assert server.url in str(error)
    assert error.hint


def test_a_password_comes_from_netrc_and_from_nowhere_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = tmp_path / "authority.pem"
    (tmp_path / ".gitconfig").write_text(f"[credential]\n\thelper = !touch {tmp_path}/run\n")
    with GitServer(tmp_path, authority, 401) as server:
        monkeypatch.setenv("SSL_CERT_FILE", str(authority))
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("TFY_API_KEY", "secret-token")
        refusal(f"{server.url}/team")
        assert "Authorization" not in "".join(server.headers)
        (tmp_path / ".netrc").write_text("machine localhost login user password hunter2\n")
        refusal(f"{server.url}/team")
    assert "Basic dXNlcjpodW50ZXIy" in "".join(server.headers)
    assert not (tmp_path / "run").exists()


def test_nobody_there_is_reported() -> None:
    error = refusal(f"https://localhost:{closed_port()}/team")
    assert "can not fetch" in str(error)


def test_a_host_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git, "_MAX_SILENCE_SECONDS", 0.5)
    with RawServer(Exchange.stall) as server:
        error = refusal(server.url.replace("http", "https") + "/team")
    assert "answers too slowly" in str(error)


def test_fetching_ends_with_the_time_of_the_run() -> None:
    before = time.monotonic()
    with RawServer(Exchange.stall) as server:
        error = refusal(server.url.replace("http", "https") + "/team", seconds=0.5)
    assert "answers too slowly" in str(error)
    assert time.monotonic() - before < git._MAX_SILENCE_SECONDS  # noqa: SLF001  the other bound would have been this


_SSH = """#!/bin/sh
printf '%s\\n' "$@" > "$HOME/ssh-arguments"
env > "$HOME/ssh-environment"
shift $(($# - 1))
exec sh -c "$1"
"""


def test_ssh_runs_without_asking_and_gets_no_token(
    repository: GitRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In place of a host that is reached by ssh: its arguments are what counts, its last one is the command.
    ssh = tmp_path / "bin" / "ssh"
    ssh.parent.mkdir()
    ssh.write_text(_SSH)
    ssh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{ssh.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TFY_API_KEY", "secret-token")
    monkeypatch.setenv("SSH_AUTH_SOCK", "/agent")
    monkeypatch.setenv("GIT_SSH_COMMAND", "touch run")
    for url in (f"ssh://git@example.com{repository.folder}", f"git@example.com:{repository.folder}"):
        assert snapshot(url).commit == repository.head
        arguments = (tmp_path / "ssh-arguments").read_text().split("\n")
        assert {"BatchMode=yes", "ForwardAgent=no", "git@example.com"} <= set(arguments)
        environment = (tmp_path / "ssh-environment").read_text()
        assert "SSH_AUTH_SOCK=/agent" in environment
        assert "secret-token" not in environment
