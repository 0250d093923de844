"""What `reconciler` applied, the vendor's own clients read back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.diff import are_same
from reconciler.registry import Behaviour
from reconciler.source.snapshot import EVERYTHING
from reconciler.source.worktree import read_work_tree
from tests.support.builders import documents, load_manifests
from tests.support.cli import TOKEN, Cli
from tests.support.git_repository import GitRepository
from tests.support.registry_server import RegistryServer
from tests.support.vendor_clients import FLAVOUR_OF, run_client

EXAMPLES = Path(__file__).parents[2] / "examples" / "team"
SCRIPT = Path(__file__).with_name("read_back.py")
ML_REPOS = ("forecasting", "fraud", "search-ranking")


@pytest.mark.parametrize("client", FLAVOUR_OF)
def test_every_declared_field_is_read_back(client: str, tmp_path: Path) -> None:
    repository = GitRepository(tmp_path / "repository")
    for file in EXAMPLES.rglob("*.*"):
        if file.is_file():
            repository.write(str(file.relative_to(EXAMPLES)), file.read_text())
    repository.commit("the examples")
    behaviour = Behaviour.from_switches({"serves": FLAVOUR_OF[client]})
    with RegistryServer(behaviour=behaviour, token=TOKEN) as server:
        for ml_repo in ML_REPOS:
            server.store.put_ml_repo({"type": "ml-repo", "name": ml_repo})
        Cli(repository.folder, server.url)("apply", "--yes")
        read = run_client(client, SCRIPT, server.url, TOKEN, *ML_REPOS)
    declared = documents(load_manifests(read_work_tree(EXAMPLES, EVERYTHING, None)))
    assert len(read) == len(declared) == 13
    for manifest in declared:
        found = next(row for row in read if _is(row, manifest.document))
        for field, value in manifest.document.items():
            assert are_same(found[field], value), (manifest.label, field)


def _is(row: dict[str, Any], document: Any) -> bool:
    keys = ("ml_repo", "name", "version" if "version" in document else "source")
    return all(are_same(row[key], document[key]) for key in keys)
