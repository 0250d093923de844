"""The id of each request, and the trace that the caller of this program is in.

Each try is a request with an id of its own, by which a server's log shows it. The id in the answer, which may
be another, is shown with an error. The trace is that of W3C Trace Context (`traceparent`, `tracestate`): each
request is a span of its own below the caller's.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import NamedTuple, Self

from reconciler.errors import SettingsError

REQUEST_ID = "x-request-id"
_REPEATABLE_ID = re.compile(r"[\x21-\x7e]{1,128}")
_TRACEPARENT = re.compile(
    r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})(-.*)?"
)
_TRACESTATE = re.compile(r"[\x20-\x7e\t]{1,512}")


class Trace(NamedTuple):
    """The trace that requests belong to.

    Attributes:
        trace_id: 32 hexadecimal digits.
        flags: two of them.
        state: the `tracestate` to pass on; empty for none.
    """

    trace_id: str
    flags: str
    state: str

    @classmethod
    def parse(cls, traceparent: str, tracestate: str = "") -> Self:
        """The trace that a caller names; an invalid state is left out, as the standard demands.

        Raises:
            SettingsError: it names none.
        """
        found = _TRACEPARENT.fullmatch(traceparent)
        if found is None or (found[1] == "00" and found[4]):
            shown = ascii(traceparent[:60])[1:-1]
            raise SettingsError(f"{shown} is no traceparent", "give it as 00-TRACE-SPAN-FLAGS, or unset it")
        return cls(found[2], found[3], tracestate if _TRACESTATE.fullmatch(tracestate) else "")

    def make_headers(self) -> dict[str, str]:
        """The headers of one request: a new span of this trace."""
        headers = {"traceparent": f"00-{self.trace_id}-{os.urandom(8).hex()}-{self.flags}"}
        return {**headers, "tracestate": self.state} if self.state else headers


def make_request_id() -> str:
    """An id for one request: 32 hexadecimal digits."""
    return os.urandom(16).hex()


def read_request_id(headers: Mapping[str, str]) -> str | None:
    """The id that an answer gives its request; `None` without one, or where it can not be printed."""
    request_id = headers.get(REQUEST_ID, "")
    return request_id if _REPEATABLE_ID.fullmatch(request_id) else None
