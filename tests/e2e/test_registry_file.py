"""The file of an embedded registry is not committed with the manifests beside it."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.support.cli import Cli, served_registry
from tests.support.git_repository import GitRepository
from tests.support.manifests import MANIFEST


def create(repository: GitRepository, database: str = "registry.db") -> str:
    """What `registry create` says on stderr."""
    return Cli(repository.folder)("registry", "create", "--db", database, "fraud").err


def added(repository: GitRepository) -> list[str]:
    """What `git add -A` puts into the next commit."""
    repository.git("add", "-A")
    return repository.git("diff", "--cached", "--name-only").splitlines()


def leave_log(repository: GitRepository, database: str = "registry.db") -> None:
    """The files that SQLite has beside the database while it is open."""
    for end in ("-wal", "-shm"):
        repository.write(f"{database}{end}")


@pytest.mark.parametrize("folder", [".registry", "deep/er"])
def test_a_folder_of_its_own_is_made_and_ignored_as_a_whole(repository: GitRepository, folder: str) -> None:
    assert "warning" not in create(repository, f"{folder}/registry.db")
    leave_log(repository, f"{folder}/registry.db")
    assert (repository.folder / folder / ".gitignore").read_text() == "*\n"
    assert added(repository) == []


@pytest.mark.parametrize("name", ["registry.db", "of [our] own*.db", "#1.db", "back\\slash.db"])
def test_beside_other_files_the_database_alone_is_ignored(repository: GitRepository, name: str) -> None:
    repository.write("other.db")
    assert "warning" not in create(repository, name)
    leave_log(repository, name)
    assert added(repository) == [".gitignore", "other.db"]


def test_a_gitignore_that_there_is_stays_and_what_is_to_be_added_is_reported(
    repository: GitRepository,
) -> None:
    repository.write("models/.gitignore", "*.tmp\n")
    said = create(repository, "models/registry.db")
    assert (
        "warning: git would commit models/registry.db: add /registry.db* to the .gitignore beside it, or give"
        " it a folder of its own, e.g. .registry/registry.db\n"
    ) in said
    assert (repository.folder / "models/.gitignore").read_text() == "*.tmp\n"
    repository.write("models/.gitignore", "*.tmp\n/registry.db*\n")
    leave_log(repository, "models/registry.db")
    assert "warning" not in create(repository, "models/registry.db")
    assert added(repository) == ["models/.gitignore"]


def test_what_git_ignores_or_has_already_gets_no_gitignore(repository: GitRepository, tmp_path: Path) -> None:
    repository.write("models/.gitignore", "*.db*\n")
    create(repository, "models/deep/registry.db")
    assert not (repository.folder / "models/deep/.gitignore").exists()
    create(repository, "committed.db")
    (repository.folder / ".gitignore").unlink()
    repository.commit()
    create(repository, "committed.db")
    assert not (repository.folder / ".gitignore").exists()
    Cli(tmp_path)("registry", "create", "--db", "outside/registry.db", "fraud")
    assert [path.name for path in (tmp_path / "outside").iterdir()] == ["registry.db"]


def test_a_registry_that_is_served_is_kept_out_too(repository: GitRepository) -> None:
    repository.write("other.db")
    with served_registry(repository.folder / "registry.db"):
        assert added(repository) == [".gitignore", "other.db"]


def test_a_registry_that_a_host_names_is_kept_out_when_it_is_made(repository: GitRepository) -> None:
    repository.write("other.db")
    cli = Cli(repository.folder)
    assert "warning" not in cli("import", "--host", "sqlite:///registry.db").err
    assert added(repository) == [".gitignore", "other.db"]
    (repository.folder / ".gitignore").unlink()
    cli("import", "--host", "sqlite:///registry.db")
    assert not (repository.folder / ".gitignore").exists()
    repository.write(".gitignore", "*.tmp\n")
    assert "git would commit more.db: add /more.db*" in cli("import", "--host", "sqlite:///more.db").err


def test_a_registry_is_made_where_git_is_not(repository: GitRepository, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    cli = Cli(repository.folder, env={"PATH": str(tmp_path / "empty")})
    assert (
        "warning: git would commit registry.db"
        in cli("registry", "create", "--db", "registry.db", "fraud").err
    )


@pytest.mark.parametrize("name", ["a b.db", "a#b.db", "a%41.db", "a;'$x.db"])
def test_the_address_that_is_shown_names_the_file_in_a_shell(name: str, repository: GitRepository) -> None:
    (shown,) = create(repository, name).splitlines()
    (address,) = shlex.split(shown.partition("--host ")[2])
    repository.write("scorer.yaml", MANIFEST)
    repository.commit()
    assert "1 to create" in Cli(repository.folder, host=address)("plan").out
    assert sorted(file.name for file in repository.folder.glob("*.db")) == [name]


def test_a_file_that_no_address_could_name_is_not_made(repository: GitRepository) -> None:
    refused = Cli(repository.folder)("registry", "create", "--db", "a?b.db", "fraud", expect=64)
    assert "'a?b.db' has a ?, which begins the switches in an address" in refused.err
    assert list(repository.folder.glob("*.db")) == []
