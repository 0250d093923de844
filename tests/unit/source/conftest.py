"""What holds in every test of what reads repositories."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.source.git import Running


@pytest.fixture(autouse=True)
def ended(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each git that a test has started is ended, by what started it: also where an error is still held."""
    running = set[Running]()
    enter, leave = Running.__enter__, Running.__exit__

    def note_start(self: Running) -> Running:
        running.add(self)
        return enter(self)

    def note_end(self: Running, *about: Any) -> None:
        leave(self, *about)
        running.discard(self)

    monkeypatch.setattr(Running, "__enter__", note_start)
    monkeypatch.setattr(Running, "__exit__", note_end)
    yield
    assert running == set()
