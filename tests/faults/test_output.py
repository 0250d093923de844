"""Streams and reports that take nothing more: told once, and where it can be, before any write."""

from __future__ import annotations

import json
import resource
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reconciler.registry.storage.queries import VersionQuery
from tests.support import canary
from tests.support.cli import SECONDS, Cli, Ended
from tests.support.fault_answers import control_plane
from tests.support.fault_runs import MANIFEST, declaring
from tests.support.git_repository import GitRepository
from tests.support.raw_server import RawServer
from tests.support.registry_server import RegistryServer

NAMES = tuple(f"scorer-{number}" for number in range(40))
INCOMPLETE = "error: the output is incomplete: No space left on device\n"
NO_BYTECODE = {"PYTHONDONTWRITEBYTECODE": "1"}
"""Where files may not grow: Python would cut its own files off, and read them in later runs."""


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    return declaring(tmp_path / "repository", *NAMES)


def in_shell(cli: Cli, script: str, program: Path | None = None, **more: Any) -> Ended:
    """Run a script of bash, in which `$tool` is the tool, and `pipefail` holds.

    The tool is started anew, or the program is called in its place: where streams are closed, limited or of
    another encoding from the start, and once for each way to lose them, the start and the end count too.
    """
    tool = str(program or " ".join(cli.command()))
    process = subprocess.run(
        ["bash", "-o", "pipefail", "-c", script],
        cwd=cli.folder,
        env={**cli.environment(), "tool": tool},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
        **more,
    )
    ended = Ended(process.returncode, process.stdout, process.stderr)
    canary.assert_absent(ended.out, ended.err)
    assert "Traceback" not in ended.err, ended.err
    assert "Exception ignored" not in ended.err, ended.err
    assert "internal error" not in ended.err, ended.err
    return ended


PIPES = {
    "plan | head -1": ("$tool plan | head -1", 0),
    "plan | true": ("$tool plan | true", 0),
    "plan --detailed-exitcode | head -1": ("$tool plan --detailed-exitcode | head -1", 2),
    "plan --detailed-exitcode | true": ("$tool plan --detailed-exitcode | true", 2),
    "plan --format json | head -c 1": ("$tool plan --format json | head -c 1", 0),
    "schema | true": ("$tool schema | true", 0),
}


STARTED = {"$tool plan | head -1", "$tool schema | true"}


@pytest.mark.parametrize(("script", "code"), PIPES.values(), ids=PIPES)
def test_a_reader_who_has_seen_enough_changes_nothing(
    script: str, code: int, repository: GitRepository, registry: RegistryServer, forking_program: Path
) -> None:
    program = None if script in STARTED else forking_program
    ended = in_shell(Cli(repository.folder, registry.url), script, program)
    assert (ended.code, ended.err) == (code, "")


def test_a_help_that_nobody_reads_is_no_failure(repository: GitRepository) -> None:
    ended = in_shell(Cli(repository.folder), "$tool --help | (exec <&-; sleep 1)")
    assert (ended.code, ended.err) == (0, "")


def test_an_apply_whose_output_nobody_reads_applies_everything(
    repository: GitRepository, registry: RegistryServer, forking_program: Path
) -> None:
    ended = in_shell(Cli(repository.folder, registry.url), "$tool apply --yes | true", forking_program)
    assert (ended.code, ended.err) == (0, "")
    assert len(registry.writes) == len(NAMES)


@pytest.mark.parametrize(
    "command", ["plan", "plan --detailed-exitcode", "plan --format json", "schema", "--help"]
)
def test_a_full_device_is_reported_once_and_is_a_failure(
    command: str, repository: GitRepository, registry: RegistryServer, forking_program: Path
) -> None:
    program = None if command == "plan" else forking_program
    ended = in_shell(Cli(repository.folder, registry.url), f"$tool {command} >/dev/full", program)
    expected = 2 if "detailed" in command else 1
    assert (ended.code, ended.err) == (expected, INCOMPLETE)


def test_an_apply_on_a_full_device_applies_everything_and_fails(
    repository: GitRepository, registry: RegistryServer, forking_program: Path
) -> None:
    ended = in_shell(Cli(repository.folder, registry.url), "$tool apply --yes >/dev/full", forking_program)
    assert (ended.code, ended.err) == (1, INCOMPLETE)
    assert len(registry.writes) == len(NAMES)


def test_a_file_that_may_not_grow_is_reported_once(
    repository: GitRepository, registry: RegistryServer
) -> None:
    cli = Cli(repository.folder, registry.url, env=NO_BYTECODE)
    script = "ulimit -f 1; $tool plan --format json >../plan.json"
    assert in_shell(cli, script).err == "error: the output is incomplete: File too large\n"


@pytest.mark.parametrize("command", ["plan", "apply --yes", "--nonsense", "plan --host ftp://x"])
def test_errors_that_can_be_shown_to_nobody_do_not_change_the_exit_code(
    command: str, repository: GitRepository, registry: RegistryServer
) -> None:
    cli = Cli(repository.folder, registry.url)
    code = cli.run(*command.split()).code
    assert in_shell(cli, f"$tool {command} 2>/dev/full").code == code


CLOSED = ["plan --format json", "apply --yes", "--nonsense", "--help", "plan --host ftp://x"]


@pytest.mark.parametrize("closed", [">&-", "2>&-"])
@pytest.mark.parametrize("command", CLOSED)
def test_a_stream_that_is_closed_from_the_start_changes_nothing(
    closed: str, command: str, repository: GitRepository, registry: RegistryServer
) -> None:
    cli = Cli(repository.folder, registry.url)
    ended = in_shell(cli, f"$tool {command} {closed}")
    assert ended.code == {"--nonsense": 64, "plan --host ftp://x": 1}.get(command, 0)
    if "2>" in closed:
        assert ended.err == ""
    if command == "apply --yes":
        assert len(registry.writes) == len(NAMES)


def test_an_apply_without_any_stream_applies_everything(
    repository: GitRepository, registry: RegistryServer
) -> None:
    assert in_shell(Cli(repository.folder, registry.url), "$tool apply --yes <&- >&- 2>&-").code == 0
    assert len(registry.writes) == len(NAMES)


def test_a_closed_input_is_no_terminal(repository: GitRepository, registry: RegistryServer) -> None:
    ended = in_shell(Cli(repository.folder, registry.url), "$tool apply <&-")
    assert ended.code == 64
    assert "give --yes" in ended.err


NO_REPORTS: dict[str, tuple[Callable[[Path], str], str]] = {
    "below a file": (lambda folder: str(folder / "scorer-0.yaml" / "report.jsonl"), "Not a directory"),
    "in a folder that is not there": (lambda folder: str(folder / "none" / "report.jsonl"), "No such file"),
    "with too long a name": (lambda folder: str(folder / ("x" * 300)), "File name too long"),
    "on a full device": (lambda _: "/dev/full", "No space left on device"),
}


@pytest.mark.parametrize(("place", "said"), NO_REPORTS.values(), ids=NO_REPORTS)
def test_a_report_that_can_not_be_written_stops_the_apply_before_any_write(
    place: Callable[[Path], str], said: str, repository: GitRepository, registry: RegistryServer
) -> None:
    report = place(repository.folder)
    ended = Cli(repository.folder, registry.url)("apply", "--yes", "--report", report, expect=1)
    message, hint = ended.err.splitlines()
    assert message.startswith(f"error: can not write the report {report}: ")
    assert said in message
    assert hint == "  give another --report"
    assert registry.writes == []


def test_a_folder_for_a_report_is_refused_as_usage(repository: GitRepository) -> None:
    with RawServer(control_plane()) as server:
        ended = Cli(repository.folder, server.url)("apply", "--yes", "--report", ".", expect=64)
        assert server.requests == []
    assert "is a directory" in ended.err


def test_a_report_that_ends_midway_is_reported_and_what_was_begun_is_finished(
    repository: GitRepository, registry: RegistryServer, tmp_path: Path
) -> None:
    report = tmp_path / "report.jsonl"

    def small_files() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))

    cli = Cli(repository.folder, registry.url, env=NO_BYTECODE)
    ended = in_shell(cli, f"$tool apply --yes --report {report}", preexec_fn=small_files)
    assert (ended.code, ended.err) == (1, "error: the report is incomplete: File too large\n")
    assert f"Apply: {len(NAMES)} created" in ended.out
    assert len(registry.writes) == len(NAMES)
    assert report.stat().st_size == 2000


def test_a_report_on_a_pipe_that_nobody_reads_is_reported(
    repository: GitRepository, registry: RegistryServer
) -> None:
    script = "$tool apply --yes --report >(true)"
    ended = in_shell(Cli(repository.folder, registry.url), script)
    assert ended.code == 1
    assert "the report" in ended.err
    assert "Broken pipe" in ended.err


def test_a_report_is_readable_by_its_owner_only_and_replaces_an_older_one(
    repository: GitRepository, registry: RegistryServer, tmp_path: Path
) -> None:
    report = tmp_path / "report.jsonl"
    cli = Cli(repository.folder, registry.url)
    for count in (len(NAMES), 0):
        cli("apply", "--yes", "--report", str(report))
        begin, *outcomes, end = [json.loads(line) for line in report.read_text().splitlines()]
        assert (begin["event"], begin["changes"], len(outcomes)) == ("begin", count, count)
        assert (end["event"], end["exit_code"]) == ("end", 0)
        assert report.stat().st_mode & 0o777 == 0o600


ENCODINGS = {
    "LC_ALL=C and no UTF-8": ({"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}, "ascii"),
    "ASCII": ({"PYTHONIOENCODING": "ascii"}, "ascii"),
    "latin-1": ({"PYTHONIOENCODING": "latin-1"}, "latin-1"),
}
FOREIGN = "Über 模型 😀"


@pytest.mark.parametrize(("env", "encoding"), ENCODINGS.values(), ids=ENCODINGS)
def test_what_a_stream_can_not_show_is_escaped(
    env: dict[str, str], encoding: str, tmp_path: Path, registry: RegistryServer
) -> None:
    repository = GitRepository(tmp_path / "foreign")
    text = MANIFEST.format(name="scorer", version=1) + f"description: {FOREIGN}\n"
    repository.write("scorer.yaml", text + "version_alias: v-é\n")
    cli = Cli(repository.folder, registry.url, env=env)
    refused = in_shell(cli, "$tool validate", encoding=encoding)
    assert (refused.code, "version_alias" in refused.out) == (1, True)
    repository.write("scorer.yaml", text)
    repository.commit()
    report = tmp_path / "report.jsonl"
    shown = in_shell(cli, "$tool plan", encoding=encoding).out
    assert FOREIGN.encode(encoding, "backslashreplace").decode(encoding) in shown
    after = in_shell(cli, "$tool plan --format json", encoding=encoding).document["changes"][0]["after"]
    assert after["description"].replace("\\U0001f600", "😀") == FOREIGN
    assert in_shell(cli, f"$tool apply --yes --report {report}", encoding=encoding).code == 0
    assert [row.manifest["description"] for row in registry.store.list_versions(VersionQuery()).rows] == [
        FOREIGN
    ]
    assert len(report.read_bytes().splitlines()) == 3
