"""A plan of what is no longer declared, where the control plane does not tell all of it."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import pytest

from reconciler.client.port import MlRepo
from reconciler.errors import ControlPlaneError
from reconciler.manifest.load import Loading
from reconciler.planning.change import Plan
from reconciler.planning.orphans import Orphans, Pruning
from reconciler.workflow.plan import plan
from reconciler.workflow.read import Selection, find_ownership, read_committed
from tests.support.git_repository import GitRepository
from tests.support.manifests import MANIFEST, replaced
from tests.support.memory_reader import MemoryReader


class Refusing(MemoryReader):
    """Does not tell of the ML repo `gone`."""

    async def find_ml_repo(self, name: str) -> MlRepo | None:
        """An ML repo, but that one."""
        if name == "gone":
            raise ControlPlaneError("GET /ml-repos: 403 Forbidden", "ask for access")
        return await super().find_ml_repo(name)


class Forgetting(MemoryReader):
    """Takes a commit out of a repository as soon as it is asked for anything."""

    def __init__(self, commit: Path) -> None:
        super().__init__({"fraud": [], "gone": []})
        self._commit = commit

    async def find_ml_repo(self, name: str) -> MlRepo | None:
        """An ML repo."""
        self._commit.unlink(missing_ok=True)
        return await super().find_ml_repo(name)


def planned(
    repository: GitRepository, reader: MemoryReader | None = None, pruning: Pruning = Pruning.NONE
) -> Plan:
    selection = Selection([repository.folder], "HEAD")
    with read_committed(selection) as snapshot:
        ownership = partial(find_ownership, selection, snapshot)
        reader = reader or Refusing({"fraud": []})
        return asyncio.run(plan(Loading(snapshot), reader, ownership=ownership, pruning=pruning))[1]


@pytest.fixture
def repository(repository: GitRepository) -> GitRepository:
    repository.write("a.yaml", MANIFEST)
    repository.write("gone.yaml", replaced("ml_repo: fraud", "ml_repo: gone"))
    repository.commit()
    repository.remove("gone.yaml")
    repository.commit()
    return repository


def test_orphans_that_can_not_be_asked_for_are_not_known(repository: GitRepository) -> None:
    assert planned(repository).orphans == Orphans((), "GET /ml-repos: 403 Forbidden", "ask for access")


def test_history_is_read_before_anything_else_takes_memory(repository: GitRepository) -> None:
    first = repository.git("rev-list", "--max-parents=0", "HEAD").strip()
    reader = Forgetting(repository.folder / ".git/objects" / first[:2] / first[2:])
    assert planned(repository, reader).orphans == Orphans(())


def test_nothing_is_deleted_where_they_can_not(repository: GitRepository) -> None:
    with pytest.raises(ControlPlaneError, match="403"):
        planned(repository, pruning=Pruning.UNUSED)
