"""What a raw server answers: well, or in one of the ways that things go wrong.

Every function here gives a script for `RawServer`, or a part of one.
"""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit

from reconciler.wire.routes import FLAVOURS
from tests.support.raw_server import Exchange, Received, Script

API = os.environ.get("RECONCILER_TEST_API", "ml")
"""The flavour that these servers serve, and no other."""
ML_REPOS = FLAVOURS[API].ml_repos
VERSIONS = FLAVOURS[API].artifact_versions
LOGIN_PAGE = b"<!doctype html><html><title>Sign in</title><form action=/login></form></html>"


def row(version: int, name: str = "scorer", **more: Any) -> dict[str, Any]:
    """A registered version of `fraud`, as a listing shows it."""
    manifest = {
        "type": "artifact-version",
        "ml_repo": "fraud",
        "name": name,
        "version": version,
        "metadata": {},
        "source": {"type": "external", "uri": f"s3://example/fraud/{name}/{version}"},
        **more,
    }
    return {
        "id": f"id-{name}-{version}",
        "fqn": f"artifact:local/fraud/{name}:{version}",
        "ml_repo_id": "ml-repo-1",
        "artifact_id": f"artifact-{name}",
        "manifest": manifest,
    }


def page(rows: Sequence[Any], total: int | None = None) -> dict[str, Any]:
    """The document of a list call."""
    return {"data": rows, "pagination": {"total": len(rows) if total is None else total}}


FRAUD = page([{"id": "ml-repo-1", "manifest": {"type": "ml-repo", "name": "fraud"}}])


def head(status: int, *headers: str) -> bytes:
    """Status line and headers, with the empty line after them."""
    return "\r\n".join((f"HTTP/1.1 {status} Some reason", *headers, "", "")).encode("latin-1")


def framed(body: bytes, status: int = 200, kind: str = "application/json", *headers: str) -> bytes:
    """A whole answer, with its length."""
    return head(status, f"Content-Type: {kind}", f"Content-Length: {len(body)}", *headers) + body


def sends(data: bytes) -> Script:
    """Answers with these bytes, and keeps the connection."""

    def script(exchange: Exchange) -> None:
        assert exchange.request.is_whole
        exchange.send(data)

    return script


def answers(document: Any, status: int = 200, *headers: str) -> Script:
    """Answers with a document."""
    return sends(framed(json.dumps(document).encode(), status, "application/json", *headers))


def refuses(status: int, message: str = "", *headers: str) -> Script:
    """Answers as the API refuses; without a message, as a proxy does."""
    if not message:
        return sends(framed(b"<html>no</html>", status, "text/html", *headers))
    return answers({"statusCode": status, "message": message}, status, *headers)


def redirects(status: int, target: str) -> Script:
    """Points elsewhere."""
    return sends(framed(b"", status, "text/html", f"Location: {target}"))


def breaks(data: bytes, how: Callable[[Exchange], None]) -> Script:
    """Reads the request, sends some bytes, and ends the connection, e.g. by `Exchange.reset`."""

    def script(exchange: Exchange) -> None:
        assert exchange.request.is_whole
        if data:
            exchange.send(data)
        how(exchange)

    return script


def in_turn(*scripts: Script) -> Script:
    """One script for each request; the last one for all that follow."""
    left = list(scripts)

    def script(exchange: Exchange) -> None:
        (left.pop(0) if len(left) > 1 else left[0])(exchange)

    return script


def control_plane(
    *, ml_repos: Script | None = None, versions: Script | None = None, put: Script | None = None
) -> Script:
    """A control plane with one empty ML repo, `fraud`, but for the calls given; it serves one flavour."""
    calls = {
        ("GET", ML_REPOS): ml_repos or answers(FRAUD),
        ("GET", VERSIONS): versions or answers(page([])),
        ("PUT", VERSIONS): put or refuses(422, "nothing can be written here"),
    }

    def script(exchange: Exchange) -> None:
        if exchange.head.path.startswith(FLAVOURS[API].root):
            calls[exchange.head.method, exchange.head.path](exchange)
        else:
            refuses(404)(exchange)

    return script


def lists(rows: Callable[[int, int], tuple[Sequence[Any], int]]) -> Script:
    """A listing, of which `rows(offset, limit)` gives a page and the total."""

    def script(exchange: Exchange) -> None:
        query = exchange.request.query
        found, total = rows(int(query["offset"]), int(query["limit"]))
        exchange.send(framed(json.dumps(page(found, total)).encode()))

    return script


class Forward:
    """Hands requests on to a registry.

    Args:
        url: where it is.
    """

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url).netloc

    def __call__(self, exchange: Exchange) -> None:
        """Hand a request on, and its answer back."""
        exchange.send(self.answer(exchange.request))

    def answer(self, request: Received) -> bytes:
        """The whole answer of the registry, which has committed by then."""
        connection = http.client.HTTPConnection(self._address, timeout=10)
        try:
            target = request.path + ("?" + urlencode(request.query) if request.query else "")
            headers = {"Content-Type": "application/json"}
            connection.request(request.method, target, request.body or None, headers)
            answer = connection.getresponse()
            return framed(answer.read(), answer.status, answer.headers["Content-Type"])
        finally:
            connection.close()


class OnWrites:
    """Hands everything on, but does something else to the first writes.

    Args:
        forward: who is asked for everything else.
        faults: what is done to the first writes, in turn.

    Attributes:
        writes: how many there were, read or not.
    """

    def __init__(self, forward: Forward, *faults: Script) -> None:
        self.writes = 0
        self._forward = forward
        self._faults = list(faults)

    def __call__(self, exchange: Exchange) -> None:
        """Do with a request what is its turn."""
        is_write = exchange.begins_with(b"PUT ")
        self.writes += is_write
        (self._faults.pop(0) if self._faults and is_write else self._forward)(exchange)
