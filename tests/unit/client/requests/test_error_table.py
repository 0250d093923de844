"""The table of results: which failures leave a write unknown, and which can pass. It has no gaps."""

from __future__ import annotations

import httpx
import pytest

from reconciler.client.pages import MovingListingError
from reconciler.client.requests.answer import check_answer, describe_refusal
from reconciler.client.requests.unreachable import NOT_SENT as NOT_SENT_BY_CODE
from reconciler.errors import (
    ConnectionDroppedError,
    ControlPlaneError,
    InterruptedAnswerError,
    NotFoundError,
    NotTheApiError,
    OutOfTimeError,
    RefusedError,
    UnauthorizedError,
    UnexpectedAnswerError,
    UnreachableError,
    WrongRowError,
)
from reconciler.wire.answers import PUT_ANSWER

NOT_SENT = {
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.ProxyError,
    httpx.UnsupportedProtocol,
}
"""Raised before a byte of the request is out: not applied."""
SENT = {
    httpx.CloseError,
    httpx.DecodingError,
    httpx.HTTPStatusError,
    httpx.LocalProtocolError,
    httpx.ReadError,
    httpx.ReadTimeout,
    httpx.RemoteProtocolError,
    httpx.TooManyRedirects,
    httpx.WriteError,
    httpx.WriteTimeout,
}
"""Raised when a part of the request may be out: unknown."""


def concrete(kind: type[httpx.HTTPError]) -> set[type[httpx.HTTPError]]:
    """The classes below one that have none below themselves."""
    below = [each for each in kind.__subclasses__() if each.__module__.partition(".")[0] == "httpx"]
    return {kind} if not below else set().union(*map(concrete, below))


def test_every_error_of_httpx_is_on_one_side_of_the_table() -> None:
    known = {kind for kind in concrete(httpx.HTTPError) if kind.__module__.partition(".")[0] == "httpx"}
    assert known == NOT_SENT | SENT
    assert not NOT_SENT & SENT


def test_the_code_has_the_table_s_sides() -> None:
    assert set(NOT_SENT_BY_CODE) == NOT_SENT
    for kind in SENT:
        assert not issubclass(kind, NOT_SENT_BY_CODE), kind


UNKNOWN = {408, 409, *range(500, 600)}
"""The write may have been applied: a proxy gave up on the server, or the write met its own first try."""
PASSING = {408, 425, 429, *range(500, 600)} - {501, 505}
"""The same request may succeed a little later."""


@pytest.mark.parametrize("status", range(400, 600))
def test_every_status_of_an_error_has_its_two_marks(status: int) -> None:
    error = describe_refusal(httpx.Response(status), b"", "PUT /path", 60)
    assert isinstance(error, RefusedError)
    assert (error.is_unknown, error.is_passing) == (status in UNKNOWN, status in PASSING)


@pytest.mark.parametrize("status", [*range(100, 200), *range(300, 400)])
def test_an_answer_that_is_neither_success_nor_error_says_that_nothing_was_done(status: int) -> None:
    error = describe_refusal(httpx.Response(status), b"", "PUT /path", 60)
    assert isinstance(error, UnexpectedAnswerError)
    assert (error.is_unknown, error.is_passing) == (False, False)


@pytest.mark.parametrize("status", range(200, 300))
def test_a_success_that_does_not_say_what_was_done_leaves_it_unknown(status: int) -> None:
    answer = httpx.Response(status, headers={"content-type": "text/html"})
    with pytest.raises(UnexpectedAnswerError) as caught:
        check_answer(answer, b"<html>", PUT_ANSWER, "PUT /path")
    assert (caught.value.is_unknown, caught.value.is_passing) == (True, False)


KINDS: dict[ControlPlaneError, tuple[bool, bool]] = {
    ControlPlaneError("x"): (False, False),
    UnreachableError("x"): (False, True),
    UnreachableError("x", is_passing=False): (False, False),
    OutOfTimeError("x"): (False, False),
    MovingListingError("fraud", "x"): (False, False),
    InterruptedAnswerError("x"): (True, True),
    ConnectionDroppedError("x"): (True, True),
    UnexpectedAnswerError("x"): (True, False),
    UnexpectedAnswerError("x", is_unknown=False): (False, False),
    NotTheApiError("x"): (True, False),
    WrongRowError("x"): (True, False),
    UnauthorizedError("x", 401): (False, False),
    UnauthorizedError("x", 403): (False, False),
    NotFoundError("x", 404): (False, False),
}


@pytest.mark.parametrize(("error", "marks"), KINDS.items(), ids=lambda value: type(value).__name__)
def test_every_kind_of_error_has_its_two_marks(error: ControlPlaneError, marks: tuple[bool, bool]) -> None:
    assert (error.is_unknown, error.is_passing) == marks


def test_no_kind_of_error_is_left_out() -> None:
    def below(kind: type[ControlPlaneError]) -> set[type[ControlPlaneError]]:
        return {kind}.union(*map(below, kind.__subclasses__()))

    shown = {type(error) for error in KINDS} | {RefusedError}
    ours = {kind for kind in below(ControlPlaneError) if kind.__module__.startswith("reconciler.")}
    assert ours == shown
