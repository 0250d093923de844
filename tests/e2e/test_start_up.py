"""What a command imports, asked of the process itself; and what an interruption meanwhile looks like."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path
from tempfile import NamedTemporaryFile
from textwrap import dedent

import pytest

from tests.support.cli import SECONDS, Cli, Ended, served_registry
from tests.support.git_repository import GitRepository

ASKED = """
import os, sys
known = set(sys.modules)
try:
    {}
finally:
    with open(os.environ["MODULES"], "w") as file:
        file.write(" ".join(set(sys.modules) - known))
"""
RUN = "from reconciler.cli import main; main()"
MANIFEST = """\
type: artifact-version
ml_repo: fraud
name: scorer
version: 1
source: {type: external, uri: s3://example-models/1}
metadata: {}
"""
OF_CLICK = """
    import click
    group = click.Group("x", commands=[click.Command("y", help="Y.")])
    group.context_settings = {"help_option_names": ["-h", "--help"], "terminal_width": 80}
    click.version_option("1")(group)()
"""
AT_START = frozenset(
    {
        "reconciler",
        "reconciler.cli",
        "reconciler.terminal",
        *(f"reconciler.cli.{name}" for name in ("boundary", "exits", "group", "main", "signals")),
        *(f"reconciler.terminal.{name}" for name in ("redact", "streams", "terminal", "width")),
    }
)
LIBRARIES = frozenset(
    {
        "git",
        "httpx",
        "jinja2",
        "jsonpatch",
        "markupsafe",
        "pydantic",
        "pydantic_core",
        "rich",
        "starlette",
        "yaml",
    }
)
NETWORK = frozenset({"asyncio", "http", "socket", "ssl"})
"""Of the standard library, and slow to import."""


def imported(cli: Cli, *arguments: str, code: str = RUN) -> set[str]:
    """The modules that a process imports after it has started, as it knows them at its end."""
    with NamedTemporaryFile("r") as file:
        process = subprocess.run(
            [sys.executable, "-P", "-c", ASKED.replace("{}", code.strip()), *arguments],
            cwd=cli.folder,
            env={**cli.environment(), "MODULES": file.name},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert process.returncode == 0, process.stderr
        return set(file.read().split())


def packages(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


def ours(modules: set[str]) -> set[str]:
    return {name for name in modules if name.startswith("reconciler")}


@pytest.fixture
def repository(tmp_path: Path) -> GitRepository:
    made = GitRepository(tmp_path / "repository")
    made.write("scorer.yaml", MANIFEST)
    made.commit("one")
    return made


def test_a_module_that_is_imported_is_noticed(tmp_path: Path) -> None:
    found = imported(Cli(tmp_path), code="import yaml, asyncio")
    assert packages(found) >= {"yaml", "asyncio"}


@pytest.mark.parametrize("arguments", [("--help",), ("-h",), ("--version",)], ids=" ".join)
def test_help_and_version_import_click_and_next_to_nothing_else(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    found = imported(Cli(tmp_path), *arguments)
    assert ours(found) == AT_START
    assert found - AT_START - imported(Cli(tmp_path), *arguments, code=OF_CLICK) <= {"gc", "signal"}


COMMANDS = {
    "validate": {"commands.validate"},
    "schema": {"commands.schema"},
    "plan": {"commands.plan", "views", "views.formats"},
    "apply": {"approval", "commands.apply", "views", "views.formats"},
    "show": {"commands.show", "views", "views.formats"},
    "explain": {"commands.explain"},
    "demo": {"commands.demo"},
    "doctor": {"commands.doctor"},
    "import": {"commands.adopt"},
    "new": {"commands.new"},
    "registry": {"commands.registry"},
    "registry serve": {"commands.registry"},
    "registry create": {"commands.registry"},
}


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_imports_its_own_module(command: str, tmp_path: Path) -> None:
    found = imported(Cli(tmp_path), *command.split(), "--help")
    own = {"commands", "completion", "options", "telemetry", "telemetry.watch", *COMMANDS[command]}
    assert ours(found) == AT_START | {f"reconciler.cli.{name}" for name in own}
    heavy = {"dataclasses", "pathlib", "shutil", "subprocess", "tempfile"}
    assert packages(found) & (LIBRARIES | NETWORK | heavy) == set()


def test_completion_imports_no_command(tmp_path: Path) -> None:
    told = {"COMP_WORDS": "reconciler ", "COMP_CWORD": "1", "_RECONCILER_COMPLETE": "bash_complete"}
    found = imported(Cli(tmp_path, env=told))
    assert ours(found) == AT_START | {"reconciler.cli.bash"}
    assert packages(found) & (LIBRARIES | NETWORK) == set()


def test_validate_imports_neither_network_nor_git_nor_what_makes_plans(repository: GitRepository) -> None:
    found = imported(Cli(repository.folder), "validate")
    assert packages(found) & (LIBRARIES | NETWORK | {"tempfile"}) == {"yaml"}
    assert {name for name in found if name.startswith(("reconciler.client", "reconciler.planning"))} == set()


def test_validate_of_a_commit_imports_git_and_no_network(repository: GitRepository) -> None:
    found = imported(Cli(repository.folder), "validate", "--ref", "HEAD")
    assert "git" in found
    assert packages(found) & {"httpx", "jsonpatch", "pydantic", "asyncio"} == set()


def test_a_plan_imports_what_it_uses(repository: GitRepository, tmp_path: Path) -> None:
    with served_registry(tmp_path / "registry.db", "fraud") as url:
        cli = Cli(repository.folder, url)
        cli("apply", "--yes")
        found = imported(cli, "plan")
        written = imported(cli, "plan", "--format", "json", "--out", "plan.json")
    assert packages(found) >= {"asyncio", "git", "httpx", "yaml"}
    unused = {
        "jinja2",
        "jsonpatch",
        "opentelemetry",
        "pydantic",
        "pygments",
        "rich",
        "starlette",
        "uvicorn",
        "sqlite3",
    }
    assert packages(found) & unused == set()
    assert packages(written) & unused == set()
    # What an outcome is, the text renderer knows; how one comes about, nobody here.
    applying = {name for name in found if name.startswith("reconciler.applying")}
    assert applying <= {"reconciler.applying", "reconciler.applying.document", "reconciler.applying.outcome"}
    # Those of the formats that were not asked for.
    assert found & {f"reconciler.report.{name}" for name in ("ci", "markdown", "page")} == set()


# Interruptions


@pytest.fixture
def interrupting(tmp_path: Path) -> Path:
    """A folder whose `sitecustomize` has a process send itself a signal where a module is looked for."""
    folder = tmp_path / "interrupting"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        dedent("""
        import os, sys

        class Interrupting:
            def find_spec(self, name, path=None, target=None):
                if name == os.environ["INTERRUPTED_AT"]:
                    sys.meta_path.remove(self)
                    os.kill(os.getpid(), int(os.environ["INTERRUPTED_BY"]))

        sys.meta_path.insert(0, Interrupting())
        """)
    )
    return folder


def interrupted(
    repository: GitRepository, interrupting: Path, module: str, number: signal.Signals, code: int
) -> Ended:
    told = {"PYTHONPATH": str(interrupting), "INTERRUPTED_AT": module, "INTERRUPTED_BY": str(int(number))}
    return Cli(repository.folder, env=told)("validate", expect=code)


MODULES = (
    "click",
    "reconciler.cli.group",
    "reconciler.cli.commands.validate",
    "reconciler.workflow.validate",
    "reconciler.manifest.rules.schema",
    "yaml",
)
EARLIER = (
    "reconciler.cli.boundary",
    "reconciler.terminal.redact",
    "reconciler.terminal.streams",
    "reconciler.terminal.terminal",
    "typing",
)


@pytest.mark.parametrize("module", [*EARLIER, *MODULES])
def test_ctrl_c_during_an_import_is_no_traceback(
    module: str, repository: GitRepository, interrupting: Path
) -> None:
    ended = interrupted(repository, interrupting, module, signal.SIGINT, 130)
    # Click begins a new line, after the ^C that a terminal shows.
    assert (ended.out, ended.err.lstrip("\n")) == ("", "interrupted\n")


@pytest.mark.parametrize("module", MODULES)
def test_a_request_to_terminate_during_an_import_is_no_traceback(
    module: str, repository: GitRepository, interrupting: Path
) -> None:
    ended = interrupted(repository, interrupting, module, signal.SIGTERM, 143)
    assert (ended.out, ended.err) == ("", "interrupted\n")
