"""What the README says of the first five minutes with a repository of one's own, as it is typed there."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.cli import SECONDS

README = (Path(__file__).parents[2] / "README.md").read_text()
PORT = "8080"
END = "a command has ended:"


def commands() -> list[str]:
    """The lines of the section, as they stand there."""
    section = README.partition("\n## Your own repository\n")[2].partition("\n## ")[0]
    (block,) = re.findall(r"^```\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    return str(block).splitlines()


@contextmanager
def free_port() -> Iterator[str]:
    """A port that only the server of this test can take: it is bound, and nobody listens."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        holder.bind(("127.0.0.1", 0))
        yield str(holder.getsockname()[1])


class Shell:
    """A shell that commands are typed into, one after another, with nothing of this machine's settings.

    Args:
        home: where it begins, which has what git has to know of whoever commits.
    """

    def __init__(self, home: Path) -> None:
        home.mkdir()
        (home / ".gitconfig").write_text("[user]\nname = Ada Example\nemail = ada@example.com\n")
        tools = Path(sys.executable).parent
        self.server = 0
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=home,
            env={"PATH": f"{tools}:{os.environ['PATH']}", "HOME": str(home), "LC_ALL": "C.UTF-8"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def type(self, command: str) -> str:
        """Type a command and wait for its end, or for what it starts to serve; it has to end well."""
        is_left_running = command.endswith("&")
        told = "$!" if is_left_running else "$?"
        printed = self._until(f"{command}\necho '{END}' {told}\n", END)
        number = int(re.findall(f"{END} ([0-9]+)", printed)[0])
        if is_left_running:
            self.server = number
            printed = printed if "serving" in printed else self._until("", "serving", "error:")
            assert "serving" in printed, printed
        else:
            assert number == 0, printed
        return printed

    def _until(self, typed: str, *marks: str) -> str:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin
        assert stdout
        stdin.write(typed)
        stdin.flush()
        printed = ""
        while not any(mark in printed for mark in marks):
            line = stdout.readline()
            assert line, printed
            printed += line
        return printed

    def end(self) -> None:
        """End the shell and, where a test has failed before, the server that it has left."""
        try:
            self._process.communicate(f"kill {self.server or ''}\nwait\n", timeout=SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    shell = Shell(tmp_path / "home")
    try:
        yield shell
    finally:
        shell.end()


def test_the_commands_of_the_readme_lead_from_an_empty_folder_to_nothing_to_do(
    shell: Shell, tmp_path: Path
) -> None:
    """As they stand there, but for the first line, whose work is done, and the port, which may be taken."""
    install, *typed = commands()
    assert install.startswith("pip install '.[registry]' ")
    with free_port() as port:
        printed = {line: shell.type(line.replace(PORT, port)) for line in typed}
    shell.type(f"wait {shell.server}")
    plans = [shown for line, shown in printed.items() if line.startswith("reconciler plan")]
    assert len(plans) == 2
    assert "Plan: 1 to create, 0 to update" in plans[0]
    assert "Nothing to do" in plans[1]
    repository = tmp_path / "home/models"
    committed = subprocess.run(
        ["git", "ls-files"], cwd=repository, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert committed == [".reconciler/artifact-version.schema.json", "fraud/scorer/1.yaml"]
    assert (repository / ".registry/registry.db").exists()
