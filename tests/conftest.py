"""What holds in every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support import canary
from tests.support.scale import IS_LONG

# The same examples for each commit, so that it fails for what it changes; new ones in the long run, where a
# failure prints what replays it. No deadlines, because machines are noisy.
settings.register_profile("reconciler", deadline=None, derandomize=not IS_LONG, print_blob=True)
settings.load_profile("reconciler")


@pytest.fixture(autouse=True)
def planted(request: pytest.FixtureRequest) -> Iterator[set[Path]]:
    """No file that a test leaves holds the token, but for those that it adds here."""
    folder: Path | None = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    files: set[Path] = set()
    yield files
    if folder is not None:
        assert canary.files_with_it(folder, files) == []
