"""A clock that is years off decides nothing: times are measured, never read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.cli import Cli
from tests.support.git_repository import GitRepository
from tests.support.registry_server import RegistryServer

# Every Python process takes this in at its start. The wall clock is moved, and jumps on at each look.
SHIFTED = """
import datetime, itertools, time
_now, _steps = time.time, itertools.count()
time.time = lambda: _now() + {years} * 365.25 * 86400 + 3600 * next(_steps)
class _Shifted(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls.fromtimestamp(time.time(), tz)
datetime.datetime = _Shifted
"""


@pytest.mark.parametrize("years", [-10, 10])
def test_a_run_under_a_wrong_clock_is_like_any_other(tmp_path: Path, years: int) -> None:
    (tmp_path / "sitecustomize.py").write_text(SHIFTED.format(years=years))
    repository = GitRepository(tmp_path / "repository")
    for number in (1, 2, 3):
        repository.write(
            f"{number}.yaml",
            f"type: artifact-version\nname: scorer\nml_repo: fraud\nversion: {number}\nmetadata: {{}}\n"
            f"source: {{type: external, uri: 's3://example/{number}'}}\n",
        )
    repository.commit("one")
    with RegistryServer() as server:
        server.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        cli = Cli(repository.folder, server.url, env={"PYTHONPATH": str(tmp_path)})
        assert "Apply: 3 created" in cli("apply", "--yes", "--timeout", "30", "--api", "ml").out
        reads = [request for request in server.requests if request.method == "GET"]
        assert len(reads) == 2  # the ML repo and its listing: nothing looked too old to be relied on
        assert "Nothing to do" in cli("plan").out
