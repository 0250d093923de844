"""What unit tests of several folders share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from reconciler.terminal.terminal import Terminal


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    """What a command prints through, on the descriptors that `capfd` reads, with the test's environment."""
    with (
        os.fdopen(1, "w", buffering=1, encoding="utf-8", closefd=False) as out,
        os.fdopen(2, "w", buffering=1, encoding="utf-8", closefd=False) as err,
    ):
        yield Terminal(out, err, os.environ)
