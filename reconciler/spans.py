"""What takes time, as spans that somebody may watch: the stages of a run, and its requests.

Nobody watches unless the command line is asked to (`cli/telemetry/`); then nothing is made of any of this.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import ContextVar
from typing import Protocol, TypeVar

_Opened = TypeVar("_Opened")


class Span(Protocol):
    """One of them, while it lasts; an error that ends it is noted."""

    def count(self, **counts: int) -> None:
        """Note how many there are of something."""

    def note_status(self, status: int) -> None:
        """Note the status of the answer to a request."""

    def make_headers(self) -> Mapping[str, str]:
        """By which the server that a request goes to knows the span; none where nobody watches."""


class Watcher(Protocol):
    """Who watches."""

    def open_stage(self, name: str) -> AbstractContextManager[Span]:
        """The span of a stage, below the one that is open."""

    def open_request(self, method: str, path: str) -> AbstractContextManager[Span]:
        """The span of a request, whose path is without its query, below the one that is open."""


class _Unwatched:
    """A span that nobody watches."""

    def __enter__(self) -> Span:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def count(self, **counts: int) -> None:
        pass

    def note_status(self, status: int) -> None:
        pass

    def make_headers(self) -> Mapping[str, str]:
        return {}


_UNWATCHED = _Unwatched()
_watcher: ContextVar[Watcher | None] = ContextVar("watcher", default=None)


@contextmanager
def watched_by(watcher: Watcher) -> Iterator[None]:
    """Have the spans that are opened within `with` watched."""
    token = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(token)


def open_stage(name: str) -> AbstractContextManager[Span]:
    """The span of a stage of a run."""
    watcher = _watcher.get()
    return watcher.open_stage(name) if watcher else _UNWATCHED


def open_request(method: str, path: str) -> AbstractContextManager[Span]:
    """The span of a request."""
    watcher = _watcher.get()
    return watcher.open_request(method, path) if watcher else _UNWATCHED


@contextmanager
def enter_in_stage(name: str, opening: AbstractContextManager[_Opened]) -> Iterator[_Opened]:
    """What a context manager opens, the opening of which is a stage."""
    with ExitStack() as stack:
        with open_stage(name):
            opened = stack.enter_context(opening)
        yield opened
