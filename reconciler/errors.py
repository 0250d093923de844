"""The errors that users meet.

    ReconcilerError
    |- InvalidManifestsError       manifests that break the rules: carries every problem found
    |- SourceError                 git or the file system: no repository, bad reference, unreadable file
    |- SettingsError               host or token missing or malformed
    |- SavedFileError              a saved plan or report that can not be relied on
    |- BlockedError                a plan that may not be applied; only of the library
    `- ControlPlaneError           the control plane could not be asked, or refused
       |- UnreachableError         no answer arrived, and nothing was sent
       |- OutOfTimeError           the time for the whole run is over, and nothing was sent
       |- InterruptedAnswerError   something was sent, and no whole answer arrived
       |  `- ConnectionDroppedError  a connection that was in use before ended without an answer
       |- UnexpectedAnswerError    an answer arrived that the API does not give
       |  |- NotTheApiError        something else than the API has answered
       |  `- WrongRowError         the API has answered, with a row that it does not give
       `- RefusedError             an error answer of the API, with its status
          |- UnauthorizedError     401 or 403: nothing more will work with this token
          `- NotFoundError         404: what was asked for does not exist

An error says what happened (`str(error)`) and what to do (`hint`). Errors never end the process:
the command line tool turns them into exit codes in one place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple, Self


class Place(NamedTuple):
    """Where in the repository: a file and, counted from 1, a line and a column."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class Problem(NamedTuple):
    """One thing that is wrong, or looks wrong, in what was read.

    An error stops plan and apply, a warning does not. `code` names the rule, which `reconciler explain`
    explains. It is one of `codes.Code`, unless another version of this program has found the problem.
    """

    place: Place
    code: str
    message: str
    hint: str = ""
    severity: Literal["error", "warning"] = "error"

    @property
    def head(self) -> str:
        """What is wrong and where, on a line that can be searched for, as compilers write it."""
        return f"{self._at}{self.severity}[{self.code}]: {self.message}"

    @property
    def _at(self) -> str:
        """Where it is; nothing for what is about a plan as a whole, which stands in no file."""
        return f"{self.place}: " if self.place.file else ""

    def __str__(self) -> str:
        label = "warning: " if self.severity == "warning" else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self._at}{label}{self.message}{hint}"


class ReconcilerError(Exception):
    """Something that the user can understand and act on.

    Args:
        message: what happened, without a final full stop.
        hint: what to do about it; empty where there is nothing to say.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint

    @property
    def full_message(self) -> str:
        """The message with all that helps to act on it."""
        return str(self)

    @property
    def fields(self) -> Mapping[str, str | int]:
        """Further facts than message and hint, for programs."""
        return {}


class InvalidManifestsError(ReconcilerError):
    """Manifests that break the rules.

    Args:
        problems: every problem found, warnings among them, in order of place.
    """

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        errors = sum(problem.severity == "error" for problem in problems)
        super().__init__(f"{errors} {'error' if errors == 1 else 'errors'} in the manifests")
        self.problems = problems


class SourceError(ReconcilerError):
    """Git or the file system does not give what was asked for."""


class SettingsError(ReconcilerError):
    """The host or the token is missing or malformed."""


class SavedFileError(ReconcilerError):
    """A saved plan or report can not be relied on, or is none."""


class BlockedError(ReconcilerError):
    """A plan may not be applied: it changes too much at once, or is not the approved one."""


class ControlPlaneError(ReconcilerError):
    """The control plane could not be asked, or refused.

    Attributes:
        request_id: the id of the request in the answer; `None` where it has none.
        is_unknown: whether a write that met this may have been applied all the same.
        is_passing: whether the same request may succeed a little later.
        is_throttled: whether it was one request too many, and nothing else is wrong: it was not looked at.
        retry_after: seconds that the server asks to be left alone; `None` where it does not ask.
    """

    request_id: str | None = None
    is_unknown: bool = False
    is_passing: bool = False
    is_throttled: bool = False
    retry_after: float | None = None

    def with_request_id(self, request_id: str | None) -> Self:
        """The same error, with the id of its request."""
        self.request_id = request_id
        return self

    @property
    def full_message(self) -> str:
        """What happened, and the id of the request, by which it is found in the logs of the control plane."""
        return f"{self} (request {self.request_id})" if self.request_id else str(self)

    @property
    def fields(self) -> Mapping[str, str | int]:
        """The id of the request, if the answer had one."""
        return {"request_id": self.request_id} if self.request_id else {}


class UnreachableError(ControlPlaneError):
    """No answer arrived, and nothing was sent.

    Args:
        message: what happened.
        hint: what to do about it.
        is_passing: false where trying again can not help, e.g. a certificate that is not trusted.
    """

    def __init__(self, message: str, hint: str = "", *, is_passing: bool = True) -> None:
        super().__init__(message, hint)
        self.is_passing = is_passing


class OutOfTimeError(ControlPlaneError):
    """The time for the whole run is over, and nothing was sent."""


class InterruptedAnswerError(ControlPlaneError):
    """Something was sent and no whole answer arrived: what became of it is not known."""

    is_unknown = True
    is_passing = True  # most interruptions pass


class ConnectionDroppedError(InterruptedAnswerError):
    """A connection that had carried requests before has ended with no byte of an answer to this one.

    Most often the server, or a proxy in front of it, closed the connection before it had read the request.
    """


class UnexpectedAnswerError(ControlPlaneError):
    """An answer arrived that the API does not give: something else listens there, or it changed.

    Args:
        message: what happened.
        hint: what to do about it.
        is_unknown: false for a redirect, which is given in place of doing anything.
    """

    def __init__(self, message: str, hint: str = "", *, is_unknown: bool = True) -> None:
        super().__init__(message, hint)
        self.is_unknown = is_unknown


class NotTheApiError(UnexpectedAnswerError):
    """What answered is not the API, e.g. the web interface: its prefix is not served there."""


class WrongRowError(UnexpectedAnswerError):
    """A row of an answer is not as the API gives it; the others, and the answer as a whole, may be."""


class RefusedError(ControlPlaneError):
    """The API answered with an error.

    Args:
        message: what happened, with the server's own words.
        status: the HTTP status.
        hint: what to do about it.
        retry_after: seconds that the server asks to be left alone.
    """

    def __init__(
        self, message: str, status: int, hint: str = "", *, retry_after: float | None = None
    ) -> None:
        super().__init__(message, hint)
        self.status = status
        self.retry_after = retry_after
        is_of_server = status >= _SERVER_ERRORS
        self.is_throttled = status == _TOO_MANY_REQUESTS or (
            status == _UNAVAILABLE and retry_after is not None
        )
        # A proxy that gives up on the server answers 408 or 5xx after it has handed the request on; a
        # conflict may be with the write's own first attempt.
        self.is_unknown = not self.is_throttled and (is_of_server or status in _UNKNOWN_REFUSALS)
        self.is_passing = status in _PASSING_REFUSALS or (is_of_server and status not in _LASTING_FAILURES)

    @property
    def fields(self) -> Mapping[str, str | int]:
        """The status of the answer, and the id of the request."""
        return {"status": self.status, **super().fields}


_SERVER_ERRORS = 500
_TOO_MANY_REQUESTS = 429
_UNAVAILABLE = 503
_UNKNOWN_REFUSALS = frozenset({408, 409})
_PASSING_REFUSALS = frozenset({408, 425, 429})
_LASTING_FAILURES = frozenset({501, 505})


class UnauthorizedError(RefusedError):
    """401 or 403: nothing more will work with this token."""


class NotFoundError(RefusedError):
    """404: what was asked for does not exist."""
