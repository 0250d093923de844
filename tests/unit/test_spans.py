"""Spans, with and without somebody who watches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

from reconciler.spans import Span, enter_in_stage, open_request, open_stage, watched_by


class _Noting:
    """A watcher that notes what is opened and closed, and itself is each span."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    @contextmanager
    def open_stage(self, name: str) -> Iterator[Span]:
        self.seen.append(name)
        try:
            yield self
        finally:
            self.seen.append(f"end of {name}")

    def open_request(self, method: str, path: str) -> AbstractContextManager[Span]:
        return self.open_stage(f"{method} {path}")

    def count(self, **counts: int) -> None:
        self.seen.append(str(counts))

    def note_status(self, status: int) -> None:
        self.seen.append(str(status))

    def make_headers(self) -> dict[str, str]:
        return {"traceparent": "x"}


def test_where_nobody_watches_a_span_is_nothing() -> None:
    with open_stage("read") as stage, open_request("GET", "/a") as request:
        stage.count(files=1)
        request.note_status(200)
        assert request.make_headers() == {}


def test_who_watches_is_kept_informed_until_the_end_of_it() -> None:
    noting = _Noting()
    with watched_by(noting), open_stage("observe") as stage, open_request("GET", "/a") as request:
        request.note_status(200)
        stage.count(rows=3)
    with open_stage("plan"):
        pass
    assert noting.seen == ["observe", "GET /a", "200", "{'rows': 3}", "end of GET /a", "end of observe"]


def test_what_opening_takes_is_a_stage_and_what_follows_is_not() -> None:
    noting = _Noting()

    @contextmanager
    def opening() -> Iterator[int]:
        noting.seen.append("opened")
        try:
            yield 7
        finally:
            noting.seen.append("closed")

    with watched_by(noting), enter_in_stage("read", opening()) as opened:
        noting.seen.append(str(opened))
    assert noting.seen == ["read", "opened", "end of read", "7", "closed"]
