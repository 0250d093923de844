"""Several processes on one file, and one that is killed while it writes."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from reconciler.registry import Store
from reconciler.registry.storage.queries import VersionQuery

WRITER = """
import sys
from reconciler.registry import Behaviour, Store
from reconciler.wire.models import VersionManifest

path, writes = sys.argv[1], int(sys.argv[2])
manifest = VersionManifest.model_validate({
    "type": "artifact-version", "name": "scorer", "ml_repo": "fraud", "metadata": {},
    "source": {"type": "truefoundry"},
})
with Store(path, patience=30) as store:
    store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
    for _ in range(writes):
        print(store.put_version(manifest, Behaviour()).manifest["version"])
"""

SERVER = """
import sys
from reconciler.registry import Store, create_app, serve

serve(create_app(Store(sys.argv[1])), "127.0.0.1", 0, ready=lambda url: print(url, flush=True))
"""


def test_two_processes_write_one_file_that_neither_made_before(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    command = [sys.executable, "-c", WRITER, str(path), "100"]
    writers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    given = [int(line) for writer in writers for line in writer.communicate(timeout=60)[0].split()]
    assert [writer.returncode for writer in writers] == [0, 0]
    assert sorted(given) == list(range(1, 201)), "no number is given twice, none is lost"
    with Store(path) as store:
        assert store.list_versions(VersionQuery()).total == 200


@pytest.mark.parametrize("answered_before", [1, 40, 150])
def test_what_was_answered_survives_kill_9(tmp_path: Path, answered_before: int) -> None:
    path = tmp_path / "registry.db"
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(path)], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    answered = write_until_killed(server.stdout.readline().strip(), server, answered_before)
    assert server.wait(timeout=10) == -signal.SIGKILL
    server.stdout.close()

    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    database.close()
    with Store(path) as store:
        found = {row.id for row in store.list_versions(VersionQuery(limit=1000)).rows}
        assert len(answered) >= answered_before
        assert answered <= found
        assert len(found) <= len(answered) + 1, "at most the write under way was not answered"


def write_until_killed(url: str, server: subprocess.Popen[str], answered_before: int) -> set[str]:
    """Write until the server is gone, which is killed beside a write; return the ids answered."""
    answered: set[str] = set()
    manifest = {
        "type": "artifact-version",
        "name": "scorer",
        "ml_repo": "fraud",
        "metadata": {"filler": "x" * 2000},
        "source": {"type": "truefoundry"},
    }
    with httpx.Client(base_url=url, trust_env=False) as client:
        client.put("/api/svc/v1/ml-repos", json={"manifest": {"type": "ml-repo", "name": "fraud"}})
        try:
            while True:
                answer = client.put("/api/ml/v1/artifact-versions", json={"manifest": manifest})
                answered.add(answer.json()["data"]["id"])
                if len(answered) == answered_before:
                    server.kill()
        except httpx.TransportError:
            return answered
