"""What the tests of faults share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.fault_runs import declaring
from tests.support.git_repository import GitRepository


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    """A committed repository that declares one version, `fraud/scorer:1`."""
    return declaring(tmp_path / "repository")
