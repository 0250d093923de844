"""The bare floor: what a plan takes when nothing is checked and everything goes right.

The fastest parsers there are, a client of our own over one socket, nothing validated, nothing kept but a
digest for each version. Not a tool: it marks how near a tool comes.

    python -m tests.bench.baselines.floor plan            # in a repository; reads HEAD
"""

from __future__ import annotations

import gc
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from hashlib import blake2b
from typing import IO, Any

import orjson
import yaml_rs

AHEAD = 4
"""Requests under way at once: the next pages are made while one is parsed."""
PAGE = 100


def main() -> None:
    """Compare the manifests of HEAD with what is registered."""
    gc.disable()  # nothing here refers to itself
    declared: dict[str, bytes] = {}
    ml_repos = set()
    for data in read_blobs():
        document = yaml_rs.loads(data.decode(), parse_datetime=False)
        declared[label(document)] = digest(document)
        ml_repos.add(document["ml_repo"])
    unchanged = updated = 0
    for page in pages(sorted(ml_repos)):
        for row in page["data"]:
            document = row["manifest"]
            found = declared.get(label(document))
            if found is not None:
                is_same = found == digest(document)
                unchanged += is_same
                updated += not is_same
    counts = {"create": len(declared) - unchanged - updated, "update": updated, "unchanged": unchanged}
    sys.stdout.write(orjson.dumps(counts).decode() + "\n")


def label(document: dict[str, Any]) -> str:
    """What names a version."""
    return f"{document['ml_repo']}/{document['name']}:{document['version']}"


def digest(document: dict[str, Any]) -> bytes:
    """Of what a document says, without what the platform adds."""
    said = {field: value for field, value in document.items() if value is not None}
    said["metadata"].pop(".truefoundry", None)
    return blake2b(orjson.dumps(said, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()


def read_blobs() -> Iterator[bytes]:
    """The contents of every YAML file of HEAD."""
    listed = subprocess.run(["git", "ls-tree", "-rz", "HEAD"], check=True, capture_output=True).stdout
    oids = [line[12:52] for line in listed.split(b"\0") if line.endswith(b".yaml")]
    with subprocess.Popen(
        ["git", "cat-file", "--batch", "--buffer"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=1024 * 1024,
    ) as git:
        assert git.stdin
        assert git.stdout
        threading.Thread(target=_ask, args=(git.stdin, oids)).start()
        for _ in oids:
            yield git.stdout.read(int(git.stdout.readline()[46:]) + 1)


def _ask(stdin: IO[bytes], oids: list[bytes]) -> None:
    with stdin:
        stdin.write(b"\n".join(oids) + b"\n")


def pages(ml_repos: list[str]) -> Iterator[Any]:
    """Every page of versions of some ML repos."""
    host, _, port = os.environ["TFY_HOST"].removeprefix("http://").partition(":")
    head = f" HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {os.environ['TFY_API_KEY']}\r\n\r\n"
    with socket.create_connection((host, int(port))) as connection, connection.makefile("rb", 2**20) as said:

        def ask(path: str) -> None:
            connection.sendall(f"GET /api/ml/v1/{path}{head}".encode())

        found = pipelined((f"ml-repos?name={name}" for name in ml_repos), ask, said)
        ids = [
            row["id"]
            for name, page in zip(ml_repos, found, strict=True)
            for row in page["data"]
            if row["manifest"]["name"] == name
        ]
        versions = "artifact-versions?include_internal_metadata=true&limit=100&ml_repo_id="
        more = []
        firsts = pipelined((f"{versions}{each}&offset=0" for each in ids), ask, said)
        for each, first in zip(ids, firsts, strict=True):
            more += [f"{versions}{each}&offset={n}" for n in range(PAGE, first["pagination"]["total"], PAGE)]
            yield first
        yield from pipelined(more, ask, said)


def pipelined(paths: Iterable[str], ask: Callable[[str], None], said: Any) -> Iterator[Any]:
    """The answers to some requests, in their order, a few requests ahead of them."""
    under_way = 0
    for path in paths:
        ask(path)
        under_way += 1
        if under_way == AHEAD:
            yield answer(said)
            under_way -= 1
    for _ in range(under_way):
        yield answer(said)


def answer(said: Any) -> Any:
    """The next answer."""
    if b" 200 " not in said.readline():
        sys.exit("refused")
    length = 0
    while (line := said.readline()) != b"\r\n":
        if line.startswith(b"Content-Length:"):
            length = int(line[15:])
    return orjson.loads(said.read(length))


if __name__ == "__main__":
    main()
