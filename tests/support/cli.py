"""The command line tool as a process, in an environment of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.support import canary
from tests.support.forked import MAX_SECONDS, run_command

TOKEN = canary.TOKEN
SECONDS = MAX_SECONDS


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """What it printed, as JSON."""
        return json.loads(self.out)


@dataclass(frozen=True)
class Cli:
    """Runs `reconciler` in a folder, against one control plane.

    Args:
        folder: where it runs.
        host: what `TFY_HOST` says; `None` leaves it unset, and the token with it.
        home: the home folder, where a credentials file may be.
        env: more of the environment; with settings of Python's own, or of the locale, each command is started
            anew, because these count at the start alone. Others run in a process that ran one before.
    """

    folder: Path
    host: str | None = None
    home: Path | None = None
    env: Mapping[str, str] | None = None

    def __call__(self, *arguments: str, expect: int = 0) -> Ended:
        """Run one command to its end; its exit code has to be `expect`."""
        ended = self.run(*arguments)
        assert ended.code == expect, f"exit code {ended.code}\n{ended.out}\n{ended.err}"
        return ended

    def run(self, *arguments: str) -> Ended:
        """Run one command to its end, whatever its exit code."""
        if any(name.startswith(("PYTHON", "LC_")) for name in self.env or ()):
            return self.start(*arguments)
        with TemporaryDirectory() as folder:
            out, err = Path(folder, "out"), Path(folder, "err")
            code = run_command(arguments, self.folder, self.environment(), out, err)
            return check_output(Ended(code, out.read_text(), err.read_text()))

    def start(self, *arguments: str) -> Ended:
        """Run one command to its end in a Python that is started for it, as on the command line."""
        return run_program(self.command(*arguments), self.folder, self.environment())

    def forked(self, *arguments: str) -> list[str]:
        """The words of a command that is forked."""
        return ["reconciler", *arguments]

    def command(self, *arguments: str) -> list[str]:
        """The words of a command: -P, because -m alone lets the folder it runs in stand in for any module."""
        return [sys.executable, "-P", "-m", "reconciler", *arguments]

    def environment(self) -> dict[str, str]:
        """The whole environment of a command: nothing of this machine's settings for git or TrueFoundry."""
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home or self.folder / "no-home"),
            "LC_ALL": "C.UTF-8",
            "COLUMNS": "100",
        }
        if self.host is not None:
            environment |= {"TFY_HOST": self.host, "TFY_API_KEY": TOKEN}
        return {**environment, **(self.env or {})}


def run_program(words: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Ended:
    """Run a program to its end, in a folder, with no more of an environment than it is given."""
    process = subprocess.run(
        words,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return check_output(Ended(process.returncode, process.stdout, process.stderr))


def check_output(ended: Ended) -> Ended:
    """The same, if it shows no token and no mistake of ours."""
    canary.assert_absent(ended.out, ended.err)
    assert "Traceback" not in ended.err, ended.err
    return ended


@contextmanager
def served_registry(database: Path, *ml_repos: str, options: tuple[str, ...] = ()) -> Iterator[str]:
    """`reconciler registry serve` as a process; gives its URL."""
    cli = Cli(database.parent)
    if ml_repos:
        cli("registry", "create", "--db", str(database), *ml_repos)
    process = subprocess.Popen(
        cli.command("registry", "serve", "--db", str(database), "--port", "0", *options),
        env=cli.environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    stderr = process.stderr
    assert stderr
    try:
        words = stderr.readline().split()
        assert words[:1] == ["serving"], words
        yield next(word for word in words if word.startswith("http"))
    finally:
        process.terminate()
        assert process.wait(timeout=10) == 0
        stderr.close()
