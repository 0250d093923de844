"""Answers of the true control plane that point at somebody else: the token does not follow them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.attacker import Attacker
from tests.support.cli import Cli
from tests.support.fault_answers import (
    API,
    FRAUD,
    ML_REPOS,
    VERSIONS,
    answers,
    control_plane,
    framed,
    page,
    redirects,
    row,
    sends,
)
from tests.support.fault_runs import declaring
from tests.support.git_repository import GitRepository
from tests.support.raw_server import Exchange, RawServer, Script

STATUSES = (301, 302, 303, 307, 308)
TARGETS = {
    "absolute": "http://{address}/api",
    "without a scheme": "//{address}/api",
    "with a user": "http://user@{address}/api",
    "with the true host as a user": "http://127.0.0.1:{true}@{address}/api",
    "with a backslash": "http://{address}\\@127.0.0.1:{true}/api",
    "by TLS": "https://{address}/api",
}
NAMES = tuple(f"scorer-{number}" for number in range(len(TARGETS)))


@pytest.fixture
def attacker() -> Iterator[Attacker]:
    with Attacker() as listening:
        yield listening


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    return declaring(tmp_path / "repository", *NAMES)


def target(form: str, attacker: Attacker, exchange: Exchange) -> str:
    return form.format(address=attacker.address, true=exchange.head.headers["host"].partition(":")[2])


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("form", TARGETS.values(), ids=TARGETS)
def test_a_read_is_not_sent_to_where_a_redirect_points(
    status: int, form: str, attacker: Attacker, repository: GitRepository
) -> None:
    def elsewhere(exchange: Exchange) -> None:
        redirects(status, target(form, attacker, exchange))(exchange)

    with RawServer(control_plane(versions=elsewhere)) as server:
        ended = Cli(repository.folder, server.url)("plan", expect=1)
        assert len([request for request in server.requests if request.path == VERSIONS]) == 1
    assert "redirects to" in ended.err
    attacker.assert_left_alone()


@pytest.mark.parametrize("status", STATUSES)
def test_a_write_is_not_sent_to_where_a_redirect_points(
    status: int, attacker: Attacker, repository: GitRepository
) -> None:
    forms = dict(zip(NAMES, TARGETS.values(), strict=True))

    def elsewhere(exchange: Exchange) -> None:
        name = json.loads(exchange.request.body)["manifest"]["name"]
        redirects(status, target(forms[name], attacker, exchange))(exchange)

    with RawServer(control_plane(put=elsewhere)) as server:
        ended = Cli(repository.folder, server.url)("apply", "--yes", "--settle", "0", expect=1)
        assert len(server.of_method("PUT")) >= 5  # then the rest is skipped
    assert ended.out.count("redirects to") == len(server.of_method("PUT"))
    attacker.assert_left_alone()


def test_a_redirect_at_the_first_step_of_an_apply_ends_it(
    attacker: Attacker, repository: GitRepository
) -> None:
    with RawServer(redirects(307, f"http://{attacker.address}")) as server:
        Cli(repository.folder, server.url)("apply", "--yes", "--api", API, expect=1)
        assert [request.method for request in server.requests] == ["GET"]
    attacker.assert_left_alone()


HEADERS = (
    "Link: <http://{address}/api?page=2>; rel=next",
    "Location: http://{address}/api",
    "Content-Location: http://{address}/api",
    "Refresh: 0; url=http://{address}/api",
    'Alt-Svc: h2="{address}", h3="{address}"',
    "Set-Cookie: host={address}; Domain=127.0.0.1; Path=/",
    'WWW-Authenticate: Bearer realm="http://{address}/token"',
    "Proxy: http://{address}",
    "X-Forwarded-Host: {address}",
    "Host: {address}",
    'NEL: {{"report_to":"{address}","max_age":1}}',
    'Report-To: {{"endpoints":[{{"url":"http://{address}"}}]}}',
)


def pointing(document: dict[str, Any], address: str) -> Script:
    """Answers with a document, and with every header and field that could lead to another host."""
    url = f"http://{address}/api"
    links: dict[str, Any] = {
        "$schema": url,
        "next": url,
        "nextPageUrl": url,
        "links": {"next": {"href": url}},
        "_links": {"next": {"href": url}},
        "host": url,
        "base_url": url,
    }
    document = document | links | {"pagination": document["pagination"] | links}
    lines = (header.format(address=address) for header in HEADERS)
    return sends(framed(json.dumps(document).encode(), 200, "application/json", *lines))


@pytest.mark.parametrize("command", [("plan",), ("apply", "--yes")])
def test_nothing_in_an_answer_leads_to_another_host(
    command: tuple[str, ...], attacker: Attacker, repository: GitRepository
) -> None:
    def put(exchange: Exchange) -> None:
        manifest = json.loads(exchange.request.body)["manifest"]
        manifest["source"]["download_url"] = f"http://{attacker.address}"
        answer = page([]) | {"data": row(1, manifest["name"]) | {"manifest": manifest}}
        pointing(answer, attacker.address)(exchange)

    elsewhere = {"type": "external", "uri": f"http://{attacker.address}/contents"}
    rows = [row(7, "other", source=elsewhere), row(8, "other", metadata={"url": elsewhere["uri"]})]
    script = control_plane(
        ml_repos=pointing(FRAUD, attacker.address),
        versions=pointing(page(rows), attacker.address),
        put=put,
    )
    with RawServer(script) as server:
        Cli(repository.folder, server.url)(*command)
        assert {request.headers["host"] for request in server.requests} == {f"127.0.0.1:{server.port}"}
    attacker.assert_left_alone()


HOSTILE_IDS = (
    "../../../../../{address}",
    "//{address}/",
    "http://{address}",
    "@{address}",
    "..",
    "a/b",
    "a?force=true",
    "a#b",
    "a%2fb",
    "a\\b",
    "a b",
    "a\nb",
    "a\r\nHost: {address}",
    "",
    "\u0430",
    "x" * 257,
)


@pytest.mark.parametrize("form", HOSTILE_IDS)
def test_an_id_that_could_lead_elsewhere_is_not_asked_for(
    form: str, attacker: Attacker, repository: GitRepository
) -> None:
    found = {"id": form.format(address=attacker.address), "manifest": {"type": "ml-repo", "name": "fraud"}}
    with RawServer(control_plane(ml_repos=answers(page([found])))) as server:
        ended = Cli(repository.folder, server.url)("plan", "--api", API, expect=1)
        assert {request.path for request in server.requests} == {ML_REPOS}
    assert ended.err.splitlines()[0].endswith("the answer is not shaped like the API's, at data.0.id")
    attacker.assert_left_alone()
