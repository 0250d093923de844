"""A registry in memory, in a process of its own, that is quick enough never to be what is waited for.

    python -m tests.bench.registry        # prints its port; ends when its stdin does

It answers what the contenders ask (ML repos, listings, writes, and what `tfy apply` calls), and counts.
`POST /_begin?manifests=N&registered=M&latency_ms=L` forgets everything and registers M versions, of which
the first N are those of manifests; `GET /_stats` tells what has been asked since.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, cast
from urllib.parse import parse_qsl

from tests.bench import corpus

TOKEN = "tfy_bench"  # noqa: S105  begins as a personal token does, or tfy would take it apart
_ROOTS = ("/api/ml/v1", "/api/svc/v1")
_INTERNAL = b'".truefoundry":{"artifact_size":0},'
_TIME = "2026-01-02T03:04:05.678Z"
_SUBJECT = {
    "subjectId": "bench",
    "subjectType": "user",
    "subjectSlug": "bench@example.com",
    "subjectDisplayName": "Benchmark",
}
_OPEN: Mapping[str, object] = {
    "/min-cli-version": {"minVersion": "0.0.1", "truefoundryCliMinVersion": "0.0.1"},
    "/tenant-id": {"tenantName": "bench", "auth_server_url": "http://127.0.0.1"},
}
_PLAIN: Mapping[str, object] = {
    **_OPEN,
    "/session": {"user": {"tenantName": "bench", "email": "bench@example.com", "subject": _SUBJECT}},
}
_OK = 200
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_AUTHORISED = re.compile(rb"\r\nauthorization: *Bearer %s\r\n" % TOKEN.encode(), re.IGNORECASE)


@dataclass(slots=True)
class Stats:
    """What has been asked since the beginning of a run.

    Attributes:
        requests: how many.
        puts: how many of them were writes.
        refused: how many were not answered with a success.
        connections: how many they came over.
        peak_in_flight: the most that waited for an answer at once; 1 where there is no latency.
        created: versions that did not exist.
        updated: versions that did.
        registered: versions that exist now.
    """

    requests: int = 0
    puts: int = 0
    refused: int = 0
    connections: int = 0
    peak_in_flight: int = 0
    created: int = 0
    updated: int = 0
    registered: int = 0


@dataclass(slots=True)
class World:
    """What is registered: each version as the JSON that answers hold, the oldest first."""

    rows: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    indices: dict[tuple[str, str, int], tuple[int, int]] = field(default_factory=dict)
    is_as_filled: bool = True

    def put(self, document: dict[str, Any]) -> tuple[bytes, bool]:
        """Register a version; its row, and whether it is new."""
        repo, name = document["ml_repo"], document["name"]
        whole, artifact = self.rows[repo], self.rows[f"{repo}/{name}"]
        version = document.get("version") or len(artifact) + 1
        row = _row({**document, "version": version})
        found = self.indices.setdefault((repo, name, version), (len(whole), len(artifact)))
        is_new = found[0] == len(whole)
        for rows, index in zip((whole, artifact), found, strict=True):
            rows[index : index + 1] = [row]
        return row, is_new

    def page(self, query: Mapping[str, str]) -> bytes:
        """A page of versions, the newest first."""
        repo = query["ml_repo_id"].removeprefix("repo-")
        rows = self.rows.get(f"{repo}/{query['name']}" if "name" in query else repo, [])
        limit, offset = min(int(query.get("limit", 100)), 1000), int(query.get("offset", 0))
        end = len(rows) - offset
        data = b",".join(reversed(rows[max(end - limit, 0) : end])) if end > 0 else b""
        if query.get("include_internal_metadata") != "true":
            data = data.replace(_INTERNAL, b"")
        return b'{"data":[%s],"pagination":{"total":%d,"offset":%d,"limit":%d}}' % (
            data, len(rows), offset, limit
        )  # fmt: skip


class Registry:
    """Answers requests, and counts them."""

    def __init__(self) -> None:
        self.stats = Stats()
        self.latency = 0.0
        self._ml_repos: tuple[str, ...] = ()
        self._filled = (0, 0)
        self._world = World()

    def begin(self, query: Mapping[str, str]) -> None:
        """Forget what was asked and written, and register anew what is to be there."""
        registered, declared = int(query["registered"]), int(query["manifests"])
        if (registered, declared) != self._filled or not self._world.is_as_filled:
            self._world, self._filled = World(), (registered, declared)
            for document in corpus.registered(registered, declared):
                self._world.put(document)
        self._ml_repos = tuple(corpus.ml_repos(declared))
        self.latency = float(query["latency_ms"]) / 1000
        self.stats = Stats()

    def told(self) -> dict[str, int]:
        """What has been asked since."""
        self.stats.registered = len(self._world.indices)
        return asdict(self.stats)

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, bytes]:
        """Answer one request."""
        path, _, given = target.partition("?")
        query = dict(parse_qsl(given))
        root = next((root for root in _ROOTS if path.startswith(root)), "")
        match method, path.removeprefix(root):
            case "GET", "/ml-repos":
                return _OK, _json(self._found(query.get("name")))
            case "GET", "/artifact-versions" if "ml_repo_id" in query:
                return _OK, self._world.page(query)
            case "PUT", "/artifact-versions":
                return _OK, b'{"data":%s}' % self._put(json.loads(body)["manifest"])
            case "PUT", "/apply":
                asked = json.loads(body)
                if asked["dryRun"]:
                    self.stats.puts += 1
                    return _OK, _json({"existingManifest": asked["manifest"]})
                return _OK, b'{"data":%s}' % self._put(asked["manifest"])
            case "POST", "/dependency-tree":
                return _OK, _json(
                    {"data": [_without_dependencies(each) for each in json.loads(body)["manifests"]]}
                )
            case "GET", plain if plain in _PLAIN:
                return _OK, _json(_PLAIN[plain])
            case _:
                return 404, _json({"statusCode": 404, "message": f"no {method} {path}"})

    def _put(self, document: dict[str, Any]) -> bytes:
        row, is_new = self._world.put(document)
        self._world.is_as_filled = False
        self.stats.puts += 1
        self.stats.created += is_new
        self.stats.updated += not is_new
        return row

    def _found(self, part: str | None) -> dict[str, Any]:
        """The ML repos in whose names `part` is found, as the API's filter may match it."""
        names = [name for name in self._ml_repos if part is None or part in name]
        return {
            "data": [_ml_repo(name) for name in names[:100]],
            "pagination": {"total": len(names), "offset": 0, "limit": 100},
        }


class _Connection(asyncio.Protocol):
    """HTTP/1.1, as much as is needed: bodies with a length, answers in the order of the requests."""

    in_flight = 0

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._received = bytearray()
        self._is_counted = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            head = bytes(self._received[: end + 4])
            length = _LENGTH.search(head)
            whole = end + 4 + (int(length[1]) if length else 0)
            if len(self._received) < whole:
                return
            body = bytes(self._received[end + 4 : whole])
            del self._received[:whole]
            method, target, _ = head[: head.index(b"\r\n")].decode().split(" ")
            if target.startswith("/_"):
                self._control(target)
            else:
                self._count()
                status, answer = (
                    self._registry.answer(method, target, body)
                    if _AUTHORISED.search(head) or target.partition("?")[0].endswith(tuple(_OPEN))
                    else (401, b'{"statusCode":401,"message":"no token"}')
                )
                if self._registry.latency:
                    loop = asyncio.get_running_loop()
                    loop.call_later(self._registry.latency, self._answer, status, answer)
                else:
                    self._answer(status, answer)

    def _control(self, target: str) -> None:
        path, _, query = target.partition("?")
        if path == "/_begin":
            self._registry.begin(dict(parse_qsl(query)))
        self._send(_OK, _json(self._registry.told()))

    def _count(self) -> None:
        stats = self._registry.stats
        stats.requests += 1
        stats.connections += not self._is_counted
        self._is_counted = True
        _Connection.in_flight += 1
        stats.peak_in_flight = max(stats.peak_in_flight, _Connection.in_flight)

    def _answer(self, status: int, body: bytes) -> None:
        _Connection.in_flight -= 1
        self._registry.stats.refused += status != _OK
        self._send(status, body)

    def _send(self, status: int, body: bytes) -> None:
        head = b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
        if not self._transport.is_closing():
            self._transport.write(head % (status, len(body)) + body)


def _row(document: dict[str, Any]) -> bytes:
    """A version as answers hold it; what the platform keeps of its own comes first in its metadata."""
    repo, name, version = document["ml_repo"], document["name"], document["version"]
    fqn = f"artifact:bench/{repo}/{name}:{version}"
    manifest = {
        "type": "artifact-version",
        "name": name,
        "ml_repo": repo,
        "version": version,
        "version_alias": None,
        "description": None,
        "run_id": None,
        "step": 0,
        **document,
    }
    row = _json(
        {
            "id": f"version-{repo}-{name}-{version}",
            "fqn": fqn,
            "created_by_subject": _SUBJECT,
            "manifest": manifest,
            "ml_repo_id": f"repo-{repo}",
            "artifact_id": f"artifact-{repo}-{name}",
            "created_at": _TIME,
            "updated_at": _TIME,
            "usage_code_snippet": f'client.get_artifact_version_by_fqn("{fqn}").download(path=".")',
            "tags": [],
        }
    )
    return row.replace(b'"metadata":{"', b'"metadata":{' + _INTERNAL + b'"', 1)


def _ml_repo(name: str) -> dict[str, Any]:
    return {
        "id": f"repo-{name}",
        "tenant_name": "bench",
        "account_id": "bench",
        "created_at": _TIME,
        "created_by_subject": _SUBJECT,
        "manifest": {"type": "ml-repo", "name": name, "collaborators": []},
    }


def _without_dependencies(document: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": document["type"], "resourceName": document["name"], "dependencies": []}


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


async def _serve() -> None:
    registry = Registry()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Connection(registry), "127.0.0.1", 0, backlog=1024)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


def _end_with_stdin() -> None:
    while sys.stdin.buffer.read(1024):
        pass
    os._exit(0)


def main() -> None:
    """Serve, on the quicker event loop where there is one, until stdin ends."""
    threading.Thread(target=_end_with_stdin, daemon=True).start()
    try:
        import uvloop  # noqa: PLC0415  not every environment has it
    except ImportError:
        asyncio.run(_serve())
    else:
        uvloop.run(_serve())


if __name__ == "__main__":
    main()
