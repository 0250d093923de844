"""What a run remembers for the next one: when it does, and that nobody can have it cause a write."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path

import pytest

from reconciler.registry.storage.queries import VersionQuery
from tests.support.cli import Cli
from tests.support.git_repository import GitRepository
from tests.support.manifests import MANIFEST, replaced
from tests.support.registry_server import RegistryServer

UNCHANGED = "Plan: 0 to create, 0 to update, 0 in conflict, 2 unchanged"


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    repository = GitRepository(tmp_path / "repository")
    repository.write("1.yaml", MANIFEST)
    repository.write("2.yaml", replaced("version: 1", "version: 2"))
    repository.commit()
    return repository


@pytest.fixture
def cli(repository: GitRepository, registry: RegistryServer, tmp_path: Path) -> Cli:
    (tmp_path / "home").mkdir()
    return Cli(repository.folder, registry.url, tmp_path / "home")


def cache(cli: Cli) -> Path:
    assert cli.home
    return cli.home / ".cache/reconciler"


def entries(cli: Cli) -> list[bytes]:
    """The lines of what is remembered, without the first and the last."""
    (file,) = cache(cli).iterdir()
    return file.read_bytes().splitlines(keepends=True)[1:-1]


def forge(cli: Cli, before: bytes, after: bytes) -> None:
    """Change what is remembered as somebody would who knows how to seal it."""
    (file,) = cache(cli).iterdir()
    lines = file.read_bytes().splitlines(keepends=True)[:-1]
    forged = b"".join(lines).replace(before, after)
    assert forged != b"".join(lines)
    file.write_bytes(forged + b"end %s\n" % blake2b(forged, digest_size=16).hexdigest().encode())


def test_a_plan_remembers_what_it_read(cli: Cli, repository: GitRepository) -> None:
    cli("apply", "--yes")
    assert not cache(cli).exists()
    assert UNCHANGED in cli("plan").out
    assert len(entries(cli)) == 2
    assert UNCHANGED in cli("plan", "--ref", "HEAD").out
    repository.write("2.yaml", replaced("version: 1", "version: 3"))
    assert "Plan: 1 to create, 0 to update, 0 in conflict, 1 unchanged" in cli("plan").out
    assert len(entries(cli)) == 2


def test_validate_remembers_too_and_tells_the_same(cli: Cli, repository: GitRepository) -> None:
    repository.write("3.yaml", "ml_repo: [")
    first = cli("validate", expect=1)
    assert len(entries(cli)) == 2
    assert cli("validate", expect=1) == first


@pytest.mark.parametrize(
    ("ci", "arguments", "remembers"),
    [
        ("", [], True),
        ("", ["--no-cache"], False),
        ("true", [], False),
        ("true", ["--cache"], True),
    ],
)
def test_nothing_is_remembered_in_ci_unless_asked_for(
    cli: Cli, ci: str, arguments: list[str], *, remembers: bool
) -> None:
    Cli(cli.folder, cli.host, cli.home, {"CI": ci})("plan", *arguments)
    assert cache(cli).exists() is remembers


def test_a_cache_folder_of_ones_own_is_used(cli: Cli, tmp_path: Path) -> None:
    Cli(cli.folder, cli.host, cli.home, {"XDG_CACHE_HOME": str(tmp_path / "own")})("plan")
    assert len(list((tmp_path / "own/reconciler").iterdir())) == 1
    assert not cache(cli).exists()


def test_a_forged_digest_is_found_out_when_the_file_is_read_again(cli: Cli) -> None:
    cli("apply", "--yes")
    cli("plan")
    digest = entries(cli)[0].split(b'"')[-2]
    forge(cli, digest, b"00" * 16)
    failed = cli("plan", expect=1)
    assert failed.err == "error: 1.yaml does not say what it said before\n  run again\n"
    assert UNCHANGED in cli("plan").out


@pytest.mark.parametrize(
    ("before", "after"),
    [(b'"scorer",1,', b'"scorer",7,'), (b'"scorer",1,', b'"ranker",1,'), (b'/1",1,1,', b'/1",5,1,')],
)
def test_a_forged_identity_or_place_is_found_out_too(cli: Cli, before: bytes, after: bytes) -> None:
    cli("plan")
    forge(cli, before, after)
    assert "does not say what it said before" in cli("plan", expect=1).err
    assert "Plan: 2 to create" in cli("plan").out


def test_nothing_forged_is_ever_written(
    cli: Cli, registry: RegistryServer, repository: GitRepository
) -> None:
    cli("plan")
    forge(cli, b'"scorer",1,', b'"scorer",9,')
    assert "Apply: 2 created" in cli("apply", "--yes").out
    forge(cli, b'"scorer",9,', b'"scorer",8,')
    repository.write("3.yaml", replaced("version: 1", "version: 3"))
    repository.commit()
    assert "Apply: 1 created" in cli("apply", "--yes").out
    rows = registry.store.list_versions(VersionQuery(limit=100)).rows
    assert sorted(row.manifest["version"] for row in rows) == [1, 2, 3]


def is_of_a_time(line: str) -> bool:
    """Whether a line of a plan says when it was made, or is the sum of all lines."""
    return line.startswith(('  "made": ', '  "checksum": ')) or "<time " in line


def test_a_plan_of_what_was_remembered_shows_what_one_without_does(
    cli: Cli, repository: GitRepository
) -> None:
    cli("apply", "--yes")
    repository.write("1.yaml", replaced("metadata: {}", "metadata: {a: 1}"))
    repository.write("3.yaml", replaced("version: 1", "version: 3"))
    repository.write("other.yaml", "type: service\n")
    formats = ("text", "json", "markdown", "html")

    def show(*arguments: str) -> list[list[str]]:
        """A plan in each format, but for the lines that say when it was made."""
        shown = [cli("plan", "--format", each, *arguments).out for each in formats]
        return [[line for line in out.splitlines() if not is_of_a_time(line)] for out in shown]

    fresh = show("--no-cache")
    assert show() == fresh
    assert show() == fresh
