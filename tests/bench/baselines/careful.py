"""The careful script: what a good engineer makes of it for this one job.

It reads the commit in bulk, parses with libyaml, validates with the same rules, asks for all pages at
once, and writes 32 at a time. Both sides are held as objects, and compared by `==`.

    python -m tests.bench.baselines.careful plan|apply    # in a repository; reads HEAD
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Annotated, Any, Literal

import aiohttp
import orjson
import uvloop
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

API = os.environ.get("TFY_HOST", "") + "/api/ml/v1"
AT_ONCE = 32
PAGE = 100
INTERNAL = ".truefoundry"

Key = tuple[str, str, int]
Document = dict[str, Any]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ManagedSource(_Strict):
    """Contents in the platform's own storage."""

    type: Literal["truefoundry"]
    uri: Annotated[str, Field(min_length=1)] = "?"


class ExternalSource(_Strict):
    """Contents in storage of one's own."""

    type: Literal["external"]
    uri: Annotated[str, Field(min_length=1)]


class Manifest(_Strict):
    """The rules of a manifest."""

    type: Literal["artifact-version"]
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_\-]+$", max_length=256)]
    ml_repo: Annotated[str, Field(pattern=r"^[a-zA-Z][a-zA-Z0-9\-]{1,98}[a-zA-Z0-9]$")]
    metadata: dict[str, Any]
    source: Annotated[ManagedSource | ExternalSource, Field(discriminator="type")]
    version: Annotated[int, Field(ge=1, le=2**31 - 1)]
    version_alias: Annotated[
        str | None, Field(pattern=r"^v[a-zA-Z0-9.-]*([a-zA-Z0-9]+)$", max_length=128)
    ] = None
    description: Annotated[str | None, Field(max_length=512)] = None
    step: Annotated[int, Field(ge=0)] = 0
    run_id: str | None = None


def main(verb: str) -> None:
    """Compare the manifests of HEAD with what is registered, and apply what differs."""
    declared = declared_manifests()
    uvloop.run(reconcile(declared, is_apply=verb == "apply"))


def declared_manifests() -> dict[Key, Document]:
    """Every manifest of the commit, valid and declared once; what is wrong ends the script."""
    declared: dict[Key, Document] = {}
    aliases = set()
    problems = []
    for path, data in read_blobs():
        try:
            document = yaml.load(data, Loader=yaml.CSafeLoader)
        except yaml.YAMLError as error:
            problems.append(f"{path}: {error}")
            continue
        if not isinstance(document, dict) or document.get("type") != "artifact-version":
            continue
        try:
            manifest = Manifest.model_validate(document)
        except ValidationError as error:
            problems.append(f"{path}: {error}")
            continue
        key = (manifest.ml_repo, manifest.name, manifest.version)
        alias = (manifest.ml_repo, manifest.name, manifest.version_alias)
        if key in declared or (manifest.version_alias and alias in aliases):
            problems.append(f"{path}: declared twice")
        if any(name.startswith(INTERNAL) for name in manifest.metadata):
            problems.append(f"{path}: metadata of the platform's own")
        declared[key] = document
        aliases.add(alias)
    if problems:
        sys.exit("\n".join(problems))
    return declared


def read_blobs() -> Iterator[tuple[str, bytes]]:
    """Path and contents of every YAML file of HEAD, by two processes of git in all."""
    listed = subprocess.run(["git", "ls-tree", "-rz", "HEAD"], check=True, capture_output=True).stdout
    entries = [line.split("\t", 1) for line in listed.decode().split("\0") if line]
    wanted = [(path, about.split()[2]) for about, path in entries if path.endswith((".yaml", ".yml"))]
    with subprocess.Popen(
        ["git", "cat-file", "--batch", "--buffer"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        bufsize=1024 * 1024,
    ) as git:
        assert git.stdin
        assert git.stdout
        asking = threading.Thread(target=_ask, args=(git.stdin, [oid for _, oid in wanted]))
        asking.start()
        for path, _ in wanted:
            size = int(git.stdout.readline().split()[2])
            yield path, git.stdout.read(size)
            git.stdout.read(1)
        asking.join()


def _ask(stdin: Any, oids: list[str]) -> None:
    with stdin:
        stdin.write("\n".join(oids).encode() + b"\n")


async def reconcile(declared: dict[Key, Document], *, is_apply: bool) -> None:
    """List what is registered, compare, and write what differs."""
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=AT_ONCE),
        headers={"Authorization": f"Bearer {os.environ['TFY_API_KEY']}"},
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=60),
    ) as session:
        ml_repos = sorted({ml_repo for ml_repo, _, _ in declared})
        listings = await asyncio.gather(*(list_versions(session, ml_repo) for ml_repo in ml_repos))
        registered = {
            (row["manifest"]["ml_repo"], row["manifest"]["name"], row["manifest"]["version"]): row["manifest"]
            for rows in listings
            for row in rows
        }
        counts = {"create": 0, "update": 0, "unchanged": 0}
        writes = []
        for key, document in declared.items():
            before = registered.get(key)
            after = document if before is None else desired(document, before)
            action = "create" if before is None else "unchanged" if before == after else "update"
            counts[action] += 1
            if action != "unchanged":
                writes.append((action, key, after))
        if is_apply:
            await asyncio.gather(*(put(session, *write) for write in writes))
        else:
            for action, (ml_repo, name, version), _ in writes:
                sys.stdout.write(f"{action} {ml_repo}/{name}:{version}\n")
        sys.stdout.write(orjson.dumps(counts).decode() + "\n")


def desired(document: Document, before: Document) -> Document:
    """What is declared, over what is registered and not declared."""
    internal = {name: value for name, value in before["metadata"].items() if name.startswith(INTERNAL)}
    return {**before, **document, "metadata": {**internal, **document["metadata"]}}


async def list_versions(session: aiohttp.ClientSession, ml_repo: str) -> list[Any]:
    """Every registered version of an ML repo: the first page tells how many more there are."""
    found = (await get(session, "ml-repos", name=ml_repo))["data"]
    ids = [row["id"] for row in found if row["manifest"]["name"] == ml_repo]
    if not ids:
        sys.exit(f"no ML repo {ml_repo}")
    query = {"ml_repo_id": ids[0], "limit": PAGE, "include_internal_metadata": "true"}
    first = await get(session, "artifact-versions", **query, offset=0)
    offsets = range(PAGE, first["pagination"]["total"], PAGE)
    others = await asyncio.gather(
        *(get(session, "artifact-versions", **query, offset=offset) for offset in offsets)
    )
    return [row for page in (first, *others) for row in page["data"]]


async def get(session: aiohttp.ClientSession, path: str, **query: str | int) -> Any:
    """One answer of the API."""
    async with session.get(f"{API}/{path}", params=query) as answer:
        answer.raise_for_status()
        return orjson.loads(await answer.read())


async def put(session: aiohttp.ClientSession, action: str, key: Key, document: Document) -> None:
    """Write one version, and see that it is the one that was asked for."""
    data = orjson.dumps({"manifest": document})
    headers = {"Content-Type": "application/json"}
    async with session.put(f"{API}/artifact-versions", data=data, headers=headers) as answer:
        answer.raise_for_status()
        given = orjson.loads(await answer.read())["data"]["manifest"]
    ml_repo, name, version = key
    if given["version"] != version:
        sys.exit(f"{ml_repo}/{name}:{version} became version {given['version']}")
    sys.stdout.write(f"{action} {ml_repo}/{name}:{version}\n")


if __name__ == "__main__":
    main(sys.argv[1])
