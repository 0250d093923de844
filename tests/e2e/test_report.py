"""`apply --report`: who applied what, by how many requests, how long each took; and `show` of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tests.support.builders import manifest
from tests.support.cli import Cli
from tests.support.git_repository import GitRepository
from tests.support.registry_server import RegistryServer

CI = {
    "GITHUB_ACTOR": "ada",
    "GITHUB_RUN_ID": "7",
    "GITHUB_SERVER_URL": "https://example.com",
    "GITHUB_REPOSITORY": "team/models",
}


class _BusyOnce:
    """Gives each write an id, and refuses the first one as what comes too soon."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._writes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "PUT":
            await self._app(scope, receive, send)
            return
        self._writes += 1
        number = self._writes

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-request-id", b"answer-%d" % number)]
            await send(message)

        busy = JSONResponse({"message": "later"}, HTTPStatus.TOO_MANY_REQUESTS, {"retry-after": "0"})
        await (busy if number == 1 else self._app)(scope, receive, send_with_id)


@pytest.fixture
def busy(repository: GitRepository) -> Iterator[Cli]:
    """The tool in a repository with two versions of an artifact, and a control plane that is busy once."""
    for version in (1, 2):
        repository.write(f"{version}.json", json.dumps(manifest(version=version)))
    repository.commit("two")
    with RegistryServer(middleware=[Middleware(_BusyOnce)]) as server:
        server.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        yield Cli(repository.folder, server.url, env=CI)


def lines_of(report: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in report.read_text().splitlines()]


def test_a_report_says_who_applied_what_and_how_each_request_went(busy: Cli, tmp_path: Path) -> None:
    report = tmp_path / "report.jsonl"
    busy("apply", "--yes", "--report", str(report))
    begin, first, second, end = lines_of(report)
    assert len(begin["source"]["commit"]) == 40
    assert begin["run"] == {"actor": "ada", "url": "https://example.com/team/models/actions/runs/7"}
    assert [first["attempts"], second["attempts"]] == [2, 1]
    assert [first["request_id"], second["request_id"]] == ["answer-2", "answer-3"]
    assert first["seconds"] > 0
    assert end["event"] == "end"
    judge = Draft202012Validator(busy("schema", "report").document)
    assert [list(judge.iter_errors(line)) for line in lines_of(report)] == [[], [], [], []]


def test_every_format_says_of_a_write_that_it_took_more_than_one_try(busy: Cli, tmp_path: Path) -> None:
    report = tmp_path / "report.jsonl"
    told = "2 attempts, request answer-2"
    assert told in busy("apply", "--yes", "--report", str(report)).out
    for output_format in ("text", "concise", "markdown", "html"):
        assert told in busy("show", str(report), "--format", output_format).out


def test_show_says_what_took_longest_and_reads_reports_without_attempts(busy: Cli, tmp_path: Path) -> None:
    report = tmp_path / "report.jsonl"
    busy("apply", "--yes", "--report", str(report))
    shown = busy("show", str(report)).out
    slowest = shown[shown.index("Slowest") :].splitlines()[1:]
    assert {line.split("  ")[-1] for line in slowest} == {
        "2 attempts, request answer-2",
        "1 attempt, request answer-3",
    }
    old = lines_of(report)
    for line in old:
        line.pop("attempts", None)
        line.pop("request_id", None)
    report.write_text("".join(f"{json.dumps(line)}\n" for line in old))
    assert "fraud/scorer:2\n" in busy("show", str(report)).out.partition("Slowest")[2]
