"""What holds in every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import canary


@pytest.fixture(autouse=True)
def planted(request: pytest.FixtureRequest) -> Iterator[set[Path]]:
    """No file that a test leaves holds the token, but for those that it adds here."""
    folder: Path | None = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    files: set[Path] = set()
    yield files
    if folder is not None:
        assert canary.files_with_it(folder, files) == []
