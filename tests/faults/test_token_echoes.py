"""A control plane that says the token back: in messages, in what is registered, in any form. None is shown.

That the token is not in what is printed or written is what `Cli` and every test's end look after; here it
is made sure that it was there to be shown.
"""

from __future__ import annotations

import json
import os
import subprocess
from base64 import b64encode
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support import canary
from tests.support.cli import TOKEN, Cli
from tests.support.fault_answers import (
    Forward,
    OnWrites,
    answers,
    control_plane,
    framed,
    page,
    redirects,
    refuses,
    row,
    sends,
)
from tests.support.fault_runs import declaring
from tests.support.git_repository import GitRepository
from tests.support.raw_server import RawServer, Script
from tests.support.registry_server import RegistryServer

HEADER = f"Bearer {TOKEN}"
SPELLINGS = list(
    dict.fromkeys(
        [
            *canary.spellings(TOKEN),
            *canary.spellings(HEADER),
            b64encode(HEADER.encode()).decode(),
            b64encode(f"user:{TOKEN}".encode()).decode(),
            f"{{'authorization': '{HEADER}'}}",
            f"https://user:{TOKEN}@example.com/",
        ]
    )
)
NAMES = tuple(f"scorer-{number}" for number in range(2 * len(SPELLINGS)))


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    return declaring(tmp_path / "repository", *NAMES)


def pieces(texts: Iterable[str]) -> Iterable[str]:
    """Messages as they arrive: the server's own words around the token."""
    return (f"not accepted: {text} (see the manual)" for text in texts)


@pytest.mark.parametrize(
    ("status", "command"),
    [(401, ("plan",)), (404, ("plan", "--format", "json")), (422, ("apply", "--yes")), (500, ("plan",))],
)
def test_a_refusal_that_quotes_the_token_is_reported_without_it(
    status: int, command: tuple[str, ...], repository: GitRepository
) -> None:
    said = " | ".join(pieces([TOKEN, b64encode(HEADER.encode()).decode()]))
    busy = refuses(status, said, "Retry-After: 0")
    with RawServer(control_plane(ml_repos=busy)) as server:
        ended = Cli(repository.folder, server.url)(*command, expect=1)
    assert "not accepted: *** (see the manual)" in ended.err


def refused(repository: GitRepository, messages: Iterable[str], report: Path, output: str) -> list[str]:
    """Apply, and have every other write refused with a message; what the report tells of those."""
    refusals = [refuses(422, message) for message in messages]
    with RegistryServer() as registry:
        registry.store.put_ml_repo({"type": "ml-repo", "name": "fraud"})
        forward = Forward(registry.url)
        # Five refusals in a row would end the apply.
        script = OnWrites(forward, *(each for refusal in refusals for each in (refusal, forward)))
        with RawServer(script) as server:
            arguments = ("apply", "--yes", "--concurrency", "1", "--format", output, "--report", str(report))
            ended = Cli(repository.folder, server.url)(*arguments, expect=3)
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    told = [line["message"] for line in lines if line.get("result") == "failed"]
    assert len(told) == len(refusals)
    assert ended.out.count(": 422, ") == len(refusals)
    return told


def test_a_message_that_is_cut_off_in_the_middle_of_the_token_is_reported_without_its_beginning(
    repository: GitRepository, tmp_path: Path
) -> None:
    lengths = range(500 - len(TOKEN), 500)
    messages = ("x" * length + TOKEN + "y" * 100 for length in lengths)
    told = refused(repository, messages, tmp_path / "report.jsonl", "text")
    for length, message in zip(lengths, told, strict=True):
        assert f"422, {'x' * length}" in message
        # Less than 12 characters could be anything.
        assert message.endswith("***") or len(message.rpartition("x")[2]) < 12


@pytest.mark.parametrize("output", ["text", "json"])
def test_an_apply_tells_of_outcomes_without_the_token(
    output: str, repository: GitRepository, tmp_path: Path
) -> None:
    for message in refused(repository, pieces(SPELLINGS), tmp_path / "report.jsonl", output):
        assert "***" in message
        assert message.endswith("(see the manual)")


ANSWERS: dict[str, Script] = {
    "a redirect": redirects(302, f"https://user:{TOKEN}@example.com/{TOKEN}"),
    "a content type": sends(framed(b"", 200, f"text/{TOKEN}")),
    "a page": sends(framed(TOKEN.encode() * 10, 200, "text/html")),
    "a message that is no JSON": sends(framed(TOKEN.encode() * 10)),
    "a field's name": answers({"data": [{TOKEN: 1, "id": TOKEN}], "pagination": {"total": TOKEN}}),
    "a reason": sends(f"HTTP/1.1 599 {TOKEN}\r\nContent-Length: 0\r\n\r\n".encode()),
    "a status line": sends(f"{TOKEN} {TOKEN} {TOKEN}\r\n\r\n".encode()),
    "a header": sends(framed(b"", 200, "application/json", f"{TOKEN}: {TOKEN}")),
    "a broken header": sends(framed(b"", 200, "application/json", f"X {TOKEN}")),
    "an encoding": sends(framed(b"x", 200, "application/json", f"Content-Encoding: {TOKEN}")),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_no_part_of_an_answer_shows_the_token(name: str, repository: GitRepository) -> None:
    with RawServer(ANSWERS[name]) as server:
        ended = Cli(repository.folder, server.url)("plan", "--timeout", "1", expect=1)
    assert ended.err.startswith("error: ")


@pytest.fixture
def registered() -> list[dict[str, Any]]:
    """Versions whose every field holds the token, each in another spelling."""
    rows = []
    for number, spelling in enumerate(SPELLINGS):
        metadata = {"owner": spelling, spelling: [spelling, {"deep": spelling}], "long": "x" * 70 + spelling}
        name = f"scorer-{number}"
        uri = f"s3://example/fraud/{name}/{1 if number % 2 else spelling}"
        source = {"type": "external", "uri": uri}
        rows.append(row(1, name, description=spelling, metadata=metadata, source=source))
    return rows


@pytest.mark.parametrize(
    ("output", "columns"),
    [("text", "80"), ("text", "120"), ("text", "400"), ("json", "80"), ("markdown", "80"), ("html", "80")],
)
def test_a_plan_shows_what_is_registered_without_the_token(
    output: str, columns: str, registered: list[dict[str, Any]], repository: GitRepository
) -> None:
    with RawServer(control_plane(versions=answers(page(registered)))) as server:
        cli = Cli(repository.folder, server.url, env={"COLUMNS": columns})
        ended = cli("plan", "--format", output, expect=4)
    assert ended.out.count("***") > len(SPELLINGS)
    if output == "json":
        assert len(ended.document["changes"]) == len(NAMES)


# What people type


MISTYPED: dict[str, Callable[[str], tuple[str, ...]]] = {
    "a command": lambda token: (token,),
    "an option": lambda token: ("plan", f"--{token}"),
    "the value of an option": lambda token: ("plan", "--timeout", token),
    "a choice": lambda token: ("plan", "--api", token),
    "a path": lambda token: ("plan", token),
    "a commit": lambda token: ("plan", "--ref", token),
    "a host": lambda token: ("plan", "--host", token),
    "a host with it": lambda token: ("plan", "--host", f"https://{token}@example.com"),
    "a host behind it": lambda token: ("plan", "--host", f"https://example.com/{token}"),
    "a repository": lambda token: ("plan", "--repo", f"https://user:{token}@example.com/x.git"),
    "a report": lambda token: ("apply", "--yes", "--report", f"/nonexistent/{token}"),
    "a registry": lambda token: ("plan", "--host", f"sqlite:////nonexistent/{token}"),
    "a switch": lambda token: ("plan", "--host", f"sqlite:///x.db?{token}=1"),
    "a switch of the registry": lambda token: ("registry", "serve", "--db", "x.db", "--switch", token),
    "an ML repo": lambda token: ("registry", "create", "--db", "x.db", token),
}


@pytest.mark.parametrize("name", MISTYPED)
def test_what_is_typed_in_the_wrong_place_is_not_repeated(name: str, tmp_path: Path) -> None:
    repository = declaring(tmp_path / "repository")
    cli = Cli(repository.folder, "https://control-plane.invalid")
    is_usage = name in {"a command", "an option", "the value of an option", "a choice"}
    ended = cli(*MISTYPED[name](TOKEN), expect=64 if is_usage else 1)
    assert "error: " in ended.err


TOKENS = {
    "with a line end": (f"{TOKEN}\n", True),
    "with a line end of Windows": (f"{TOKEN}\r\n", True),
    "with a blank before it": (f" {TOKEN}", True),
    "with a tab around it": (f"\t{TOKEN}\t", True),
    "with a line end in it": (f"{TOKEN}\n{TOKEN}", False),
    "with a blank in it": (f"Bearer {TOKEN}", False),
    "with a control character in it": (f"{TOKEN}\x1b[31m", False),
    "with another letter in it": (f"{TOKEN}ü", False),
}


@pytest.mark.parametrize("name", TOKENS)
@pytest.mark.parametrize("saved", [False, True])
def test_a_malformed_token_is_mended_with_a_warning_or_refused(
    name: str, tmp_path: Path, *, saved: bool
) -> None:
    repository = declaring(tmp_path / "repository")
    token, is_mended = TOKENS[name]
    home = tmp_path / "home"
    with RawServer(control_plane()) as server:
        env = {"TFY_HOST": server.url}
        if saved:
            file = home / ".truefoundry" / "credentials.json"
            file.parent.mkdir(parents=True)
            file.write_text(json.dumps({"host": server.url, "access_token": token}))
        else:
            env["TFY_API_KEY"] = token
        ended = Cli(repository.folder, home=home, env=env)("plan", expect=0 if is_mended else 1)
        sent = {request.headers["authorization"] for request in server.requests}
    source = "~/.truefoundry/credentials.json" if saved else "TFY_API_KEY"
    if is_mended:
        assert sent == {f"Bearer {TOKEN}"}
        assert ended.err == f"warning: the token in {source} has white space around it, which is left out\n"
    else:
        assert sent == set()
        assert "the token holds characters that no token has" in ended.err


def test_a_token_is_known_even_where_its_host_is_refused(tmp_path: Path) -> None:
    """The saved host holds the token as a password, so that a message about it could show it."""
    repository = declaring(tmp_path / "repository")
    file = tmp_path / "home" / ".truefoundry" / "credentials.json"
    file.parent.mkdir(parents=True)
    saved = {"host": f"https://example.com/{TOKEN}", "access_token": TOKEN}
    file.write_text(json.dumps(saved))
    ended = Cli(repository.folder, home=tmp_path / "home")("plan", expect=1)
    assert "https://example.com/*** has a path behind the host" in ended.err


# Processes of our own


def test_the_demo_hands_no_token_on(tmp_path: Path) -> None:
    """A git that stands before the real one tells what the demo, and the commands it runs, hand on."""
    seen = tmp_path / "seen"
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    spy = bin_folder / "git"
    spy.write_text(f'#!/bin/sh\nenv >>"{seen}"\nPATH="${{PATH#*:}}" exec git "$@"\n')
    spy.chmod(0o755)
    env = {"PATH": f"{bin_folder}:{os.environ['PATH']}", "RECONCILER_REGISTRY_TOKEN": TOKEN}
    assert "Nothing to do" in Cli(tmp_path, "https://control-plane.invalid", env=env)("demo").out
    inherited = seen.read_text()
    assert "GIT_AUTHOR_NAME=Demo" in inherited
    canary.assert_absent(inherited)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are looked at by /proc")
def test_a_served_registry_starts_no_process_and_hands_no_token_on(tmp_path: Path) -> None:
    cli = Cli(tmp_path, env={"RECONCILER_REGISTRY_TOKEN": TOKEN})
    command = cli.command("registry", "serve", "--db", str(tmp_path / "registry.db"), "--port", "0")
    with subprocess.Popen(command, env=cli.environment(), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        line = process.stderr.readline()
        url = next(word for word in line.split() if word.startswith("http"))
        refused = httpx.get(f"{url}/api/ml/v1/ml-repos", trust_env=False)
        served = httpx.get(f"{url}/api/ml/v1/ml-repos", trust_env=False, headers={"Authorization": HEADER})
        assert (refused.status_code, served.status_code) == (401, 200)
        assert Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text() == ""
        process.terminate()
        canary.assert_absent(line, process.stderr.read(), refused.content, served.content)
