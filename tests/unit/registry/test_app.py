"""The application at its edges: who may call, what it refuses, and how it says so."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import httpx
import pytest
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Receive, Scope, Send

from reconciler.registry import Store, create_app
from reconciler.registry.errors import Busy
from reconciler.registry.requests import MAX_BODY_BYTES, MAX_LEVELS
from reconciler.wire.models import ErrorBody
from reconciler.wire.routes import FLAVOURS
from tests.support.registry_server import RegistryInProcess

VERSIONS = FLAVOURS["ml"].artifact_versions
TAGS = FLAVOURS["ml"].artifact_version_tags
ML_REPOS = "/api/svc/v1/ml-repos"
MANIFEST: dict[str, Any] = {
    "type": "artifact-version",
    "name": "scorer",
    "ml_repo": "fraud",
    "metadata": {},
    "source": {"type": "truefoundry"},
}


@pytest.fixture
def registry() -> Iterator[RegistryInProcess]:
    with RegistryInProcess() as made:
        made.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        yield made


@pytest.fixture
def store() -> Iterator[Store]:
    with Store() as opened:
        yield opened


def refusal(answer: httpx.Response) -> ErrorBody:
    """Return the body of an error answer, which has the API's shape and the answer's status."""
    body = answer.json()
    assert set(body) == {"statusCode", "message", "code", "details"}
    assert body["statusCode"] == answer.status_code
    return ErrorBody.model_validate(body)


@pytest.mark.parametrize("path", [VERSIONS, "/", "/nowhere", FLAVOURS["svc"].ml_repos])
@pytest.mark.parametrize(
    "given", [None, "Bearer wrong", "Bearer ", "secret", "Basic secret", "bearer secret", "é"]
)
def test_without_the_token_nothing_is_answered(store: Store, path: str, given: str | None) -> None:
    app = create_app(store, token="secret")  # noqa: S106  this very test's
    headers = [] if given is None else [(b"authorization", given.encode())]
    answer = asyncio.run(get(app, path, headers))
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert refusal(answer).code == "UNAUTHORIZED"


async def get(app: ASGIApp, path: str, headers: list[tuple[bytes, bytes]]) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://registry") as client:
        return await client.get(path, headers=headers)


@pytest.mark.parametrize("path", [VERSIONS, "/"])
def test_with_the_token_everything_is(store: Store, path: str) -> None:
    assert RegistryInProcess(token="secret", store=store).call("GET", path).status_code == 200  # noqa: S106  this very test's


@pytest.mark.parametrize(
    ("method", "path", "status", "allowed"),
    [
        ("GET", "/nowhere", 404, None),
        ("GET", VERSIONS + "/", 404, None),
        ("POST", VERSIONS, 405, {"GET", "HEAD", "PUT"}),
        ("PUT", VERSIONS + "/some-id", 405, {"GET", "HEAD", "DELETE"}),
        ("PUT", FLAVOURS["ml"].ml_repos, 405, {"GET", "HEAD"}),
        ("DELETE", FLAVOURS["svc"].ml_repos, 405, {"GET", "HEAD", "PUT"}),
        ("POST", "/", 405, {"GET", "HEAD"}),
    ],
)
def test_what_is_no_call_of_the_api(
    registry: RegistryInProcess, method: str, path: str, status: int, allowed: set[str] | None
) -> None:
    answer = registry.call(method, path)
    assert answer.status_code == status
    assert refusal(answer).message
    assert allowed is None or set(answer.headers["allow"].split(", ")) == allowed


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"nonsense",
        b'{"manifest": NaN}',
        b"\xff\xfe",
        b"[" * 50_000,
        b'{"a": 1e400}',
        b"1" * 5000,
        b'{"a": Infinity}',
    ],
)
def test_what_is_no_json(registry: RegistryInProcess, content: bytes) -> None:
    answer = registry.call("PUT", VERSIONS, content=content)
    assert answer.status_code == 400
    assert (refusal(answer).message or "").startswith("the body is not JSON: ")


def test_a_body_may_be_nested_so_deeply_and_no_deeper(registry: RegistryInProcess) -> None:
    def put(levels: int) -> httpx.Response:
        nested = "[" * levels + "]" * levels
        content = json.dumps({"manifest": {**MANIFEST, "metadata": {"a": None}}}).replace("null", nested)
        return registry.call("PUT", VERSIONS, content=content)

    around = 3  # body, manifest and metadata
    assert put(MAX_LEVELS - around).status_code == 200
    answer = put(MAX_LEVELS - around + 1)
    assert answer.status_code == 400
    assert refusal(answer).message == "the body is nested more than 100 levels deep"
    assert registry.call("GET", "/").status_code == 200


@pytest.mark.parametrize(
    ("path", "body", "fields"),
    [
        (VERSIONS, [], ["body"]),
        (VERSIONS, {}, ["manifest"]),
        (VERSIONS, {"manifest": {**MANIFEST, "name": "no spaces"}}, ["manifest.name"]),
        (VERSIONS, {"manifest": {**MANIFEST, "version": "1"}}, ["manifest.version"]),
        (VERSIONS, {"manifest": {**MANIFEST, "version": 0}}, ["manifest.version"]),
        (VERSIONS, {"manifest": {**MANIFEST, "metadata": None}}, ["manifest.metadata"]),
        (VERSIONS, {"manifest": {**MANIFEST, "source": {"type": "local"}}}, ["manifest.source"]),
        (
            VERSIONS,
            {"manifest": {**MANIFEST, "source": {"type": "external"}}},
            ["manifest.source.external.uri"],
        ),
        (VERSIONS, {"manifest": {**MANIFEST, "step": 2**63}}, ["manifest.step"]),
        (VERSIONS, {"manifest": {**MANIFEST, "step": -1, "version_alias": "1"}}, None),
        (ML_REPOS, {"manifest": {"type": "ml-repo", "name": "x"}}, ["manifest.name"]),
        (ML_REPOS, {"manifest": {"type": "workspace", "name": "fraud"}}, ["manifest.type"]),
        (TAGS, {"artifact_version_id": "a", "tags": "gold"}, ["tags"]),
        (TAGS, {"artifact_version_id": "a", "tags": [""]}, ["tags.0"]),
    ],
)
def test_what_breaks_a_rule_is_reported_by_field(
    registry: RegistryInProcess, path: str, body: object, fields: list[str] | None
) -> None:
    answer = registry.call("PUT", path, json=body)
    assert answer.status_code == 422
    told = [detail["field"] for detail in refusal(answer).details]
    assert told == (fields or ["manifest.version_alias", "manifest.step"])


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=-1", "limit=x", "offset=-1", "version=0", "version=x", "run_steps=x", "run_steps=nan",
     "include_internal_metadata=perhaps", "limit=99999999999999999999", f"offset={2**63}"],
)  # fmt: skip
def test_a_query_that_breaks_a_rule(registry: RegistryInProcess, query: str) -> None:
    answer = registry.call("GET", f"{VERSIONS}?{query}")
    assert answer.status_code == 422
    assert refusal(answer).details[0]["field"].split(".")[0] == query.split("=", maxsplit=1)[0]


def test_unknown_parameters_are_ignored_and_the_last_of_a_repeated_one_counts(
    registry: RegistryInProcess,
) -> None:
    answer = registry.call("GET", f"{VERSIONS}?nonsense=1&limit=5&limit=7")
    assert answer.json() == {"data": [], "pagination": {"total": 0, "offset": 0, "limit": 7}}


def test_pagination_tells_the_limit_that_was_used(registry: RegistryInProcess) -> None:
    assert registry.call("GET", f"{VERSIONS}?limit=5000").json()["pagination"]["limit"] == 1000


def test_a_body_may_be_as_large_as_the_limit_and_no_larger(registry: RegistryInProcess) -> None:
    body = json.dumps({"manifest": MANIFEST}).encode()
    padded = body + b" " * (MAX_BODY_BYTES - len(body))
    assert registry.call("PUT", VERSIONS, content=padded).status_code == 200
    answer = registry.call("PUT", VERSIONS, content=padded + b" ")
    assert answer.status_code == 413
    assert refusal(answer).message == "the body is larger than 1048576 bytes"


def test_a_body_without_end_is_refused_in_the_end(registry: RegistryInProcess) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b" " * MAX_BODY_BYTES

    assert registry.call("PUT", VERSIONS, content=endless()).status_code == 413


def test_internal_metadata_is_hidden_unless_asked_for(registry: RegistryInProcess) -> None:
    made = registry.call("PUT", VERSIONS, json={"manifest": {**MANIFEST, "metadata": {"a": 1}}}).json()[
        "data"
    ]
    assert made["manifest"]["metadata"] == {"a": 1}
    one = f"{VERSIONS}/{made['id']}"
    asked = "?include_internal_metadata=true"
    shown = {".truefoundry": {"artifact_size": 0}, "a": 1}
    assert registry.call("GET", one).json()["data"] == made
    assert registry.call("GET", one + asked).json()["data"]["manifest"]["metadata"] == shown
    assert registry.call("GET", VERSIONS).json()["data"] == [made]
    assert registry.call("GET", VERSIONS + asked).json()["data"][0]["manifest"]["metadata"] == shown


def test_a_lone_surrogate_in_metadata_comes_back_as_it_was_given(registry: RegistryInProcess) -> None:
    content = json.dumps({"manifest": {**MANIFEST, "metadata": {"odd": "\ud800"}}})
    assert registry.call("PUT", VERSIONS, content=content).status_code == 200
    (row,) = registry.call("GET", VERSIONS).json()["data"]
    assert row["manifest"]["metadata"] == {"odd": "\ud800"}
    assert registry.call("GET", "/").status_code == 200


def test_head_is_a_get(registry: RegistryInProcess) -> None:
    answer = registry.call("HEAD", VERSIONS)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")


def test_a_file_that_another_process_holds_is_answered_with_a_time_to_come_back(
    registry: RegistryInProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: object) -> None:
        raise Busy("another process is writing")

    monkeypatch.setattr(Store, "put_version", busy)
    answer = registry.call("PUT", VERSIONS, json={"manifest": MANIFEST})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert refusal(answer).code == "SERVICE_UNAVAILABLE"


def test_a_failure_of_the_registry_itself_has_the_apis_shape(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Store, "list_versions", broken)
    transport = httpx.ASGITransport(create_app(store), raise_app_exceptions=False)

    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=transport, base_url="http://registry") as client:
            return await client.get(VERSIONS)

    answer = asyncio.run(ask())
    assert answer.status_code == 500
    assert refusal(answer).message == "the registry failed"


def test_middleware_goes_round_everything_the_token_too(store: Store) -> None:
    seen: list[str] = []

    class Watch:
        def __init__(self, app: ASGIApp, name: str) -> None:
            self._app = app
            self._name = name

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            seen.append(self._name)
            await self._app(scope, receive, send)

    watchers = [Middleware(Watch, name="outer"), Middleware(Watch, name="inner")]
    app = create_app(store, token="secret", middleware=watchers)  # noqa: S106  this very test's
    assert asyncio.run(get(app, "/", [])).status_code == 401
    assert seen == ["outer", "inner"]
