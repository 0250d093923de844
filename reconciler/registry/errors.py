"""What the registry refuses, each with the status that the API answers.

RegistryError
├── StoreError       the file cannot be opened, or is not a registry
└── Refusal          an answer of the API
    ├── BadRequest   400  ├── Unauthorized  401  ├── NotFound  404  ├── Conflict     409
    ├── TooLarge     413  ├── Invalid       422  └── Busy      503
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import ValidationError

from reconciler.wire.models import ErrorBody


class RegistryError(Exception):
    """Anything that the embedded registry raises on purpose."""


class StoreError(RegistryError):
    """The database file cannot be opened, or holds something else."""


class Refusal(RegistryError):  # noqa: N818  an answer of the API, not a mistake of ours
    """A request that is answered with an error.

    Args:
        message: What is wrong, in one sentence.
        details: One object for each problem, where there may be several.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "INTERNAL"

    def __init__(self, message: str, details: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.details = list(details)

    def make_body(self) -> ErrorBody:
        """Return the answer's body; `details` is absent, not empty, where there are none."""
        return ErrorBody(
            statusCode=self.status, message=self.message, code=self.code, details=self.details or None
        )


class BadRequest(Refusal):
    """The body is no JSON."""

    status, code = 400, "BAD_REQUEST"


class Unauthorized(Refusal):
    """The token is missing or wrong."""

    status, code = 401, "UNAUTHORIZED"


class NotFound(Refusal):
    """Nothing is registered under that id or name."""

    status, code = 404, "NOT_FOUND"


class Conflict(Refusal):
    """Another version holds what was asked for."""

    status, code = 409, "CONFLICT"


class TooLarge(Refusal):
    """The body is larger than the registry takes."""

    status, code = 413, "PAYLOAD_TOO_LARGE"


class Invalid(Refusal):
    """The body or the query breaks a rule of the API; `details` names each field."""

    status, code = 422, "UNPROCESSABLE_ENTITY"

    @classmethod
    def from_validation(cls, error: ValidationError) -> Invalid:
        """Name every field that a model refused, as `a.b.c`."""
        details = [
            {"field": ".".join(map(str, problem["loc"])) or "body", "message": problem["msg"]}
            for problem in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        return cls("; ".join(f"{detail['field']}: {detail['message']}" for detail in details), details)


class Busy(Refusal):
    """Another process holds the database for writing."""

    status, code = 503, "SERVICE_UNAVAILABLE"
