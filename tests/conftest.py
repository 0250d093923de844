"""What holds in every test."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from hypothesis import HealthCheck, settings

from tests.support import canary, forked
from tests.support.certificates import trust_authority
from tests.support.git_repository import GitRepository
from tests.support.registry_server import RegistryServer
from tests.support.scale import ALLOWANCE, LAWS_SECONDS, TIER

# The same examples for each commit, so that it fails for what it changes; new ones elsewhere, where a failure
# prints what replays it. No deadlines, because machines are noisy.
settings.register_profile(
    "reconciler",
    deadline=None,
    derandomize=TIER == "quick",
    print_blob=True,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
settings.load_profile("reconciler")

SLOWEST_FIRST = (
    "faults/test_kill.py",
    "e2e/test_action.py",
    "e2e/test_terminal.py",
)
"""Modules that take longest, which begin first: whatever begins last is waited for."""
MAX_NEW_OBJECTS = 20_000
"""After which garbage is looked for."""
MAX_SECONDS_OF_A_LAW = {"quick": 120, "laws": 1_200, "long": 7_200}


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "law: holds of anything, and is tried at random; `.ci/laws` runs it")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the slowest modules first, and give the laws the time that their tier takes."""
    places = {name: place for place, name in enumerate(SLOWEST_FIRST)}
    items.sort(key=lambda item: places.get("/".join(item.path.parts[-2:]), len(places)))
    laws = [item for item in items if item.get_closest_marker("law")]
    for item in laws:
        item.add_marker(pytest.mark.timeout(MAX_SECONDS_OF_A_LAW[TIER]))
    if laws:
        workers = int(getattr(laws[0].config, "workerinput", {}).get("workercount", 1))
        ALLOWANCE.share = LAWS_SECONDS * workers / len(laws)


def pytest_collection_finish() -> None:
    """Have the garbage collector pass over what is there by now, and stays: it took a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(MAX_NEW_OBJECTS)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Let a law have its share of the time for all of them."""
    if not item.get_closest_marker("law"):
        return (yield)
    ALLOWANCE.begin()
    try:
        return (yield)
    finally:
        ALLOWANCE.end()


@pytest.fixture(autouse=True)
def planted(request: pytest.FixtureRequest) -> Iterator[set[Path]]:
    """No file that a test leaves holds the token, but for those that it adds here."""
    folder: Path | None = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    files: set[Path] = set()
    yield files
    if folder is not None:
        assert canary.files_with_it(folder, files) == []


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    """An empty repository, without a commit."""
    return GitRepository(tmp_path / "repository")


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A certificate authority that nobody trusts yet."""
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path) -> dict[str, str]:
    """An environment that trusts the authority."""
    return trust_authority(authority, tmp_path / "authority.pem")


@pytest.fixture
def registry() -> Iterator[RegistryServer]:
    """A registry over HTTP, in memory, with the ML repo `fraud` and nothing in it."""
    with RegistryServer() as server:
        server.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        yield server


@pytest.fixture(scope="session")
def forking_program() -> Iterator[Path]:
    """A program for scripts that is as `reconciler`, and starts at once."""
    with forked.serve_forking_program() as program:
        yield program
