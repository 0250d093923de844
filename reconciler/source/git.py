"""Git as a process: the few commands that are run, in an environment that is made for them.

GitPython starts it. Only commands are run that start no hook, filter, pager or file system monitor,
whatever the repository's configuration says: `rev-parse`, `ls-files`, `ls-tree`, `cat-file`, `check-attr`,
`check-ignore`, `merge-base`, `config`, `version` and, with the options in `history/commits.py`, `log`; and in
a repository of our own making, `init` and `fetch`. Of this process's environment git sees what is on a list
in `environment.py`; the token is not.
"""

from __future__ import annotations

import errno
import io
import os
import re
import resource
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, Self

from reconciler.errors import SourceError
from reconciler.source.environment import (
    UNCONFIGURED,
    make_variables,
    reduce_environment,
    with_reduced_environment,
)

_LARGER_CACHES = {"log": ("-c", "core.deltaBaseCacheLimit=64m", "-c", "core.packedGitLimit=16m")}
"""It compares each tree of a long history with the next, and runs alone. With the caches of all others
it unpacks trees again and again: 10,000 commits of 100,000 files take 2.0 s of a core, not 0.6 s."""
_NOTHING: Mapping[str, str] = MappingProxyType({})
_MAX_SILENCE_SECONDS = 60.0
"""Seconds after which a git that says nothing is ended: a pipe in a file's place may hold it for ever."""
_MAX_STDERR_BYTES = 64 * 1024
_MAX_COMPLAINT_CHARACTERS = 400
_OLDEST_GIT = "2.36"
"""The first version that has all the options and settings used here."""
_UNKNOWN_OPTION = re.compile(r"unknown (option|switch)|unrecognized argument|^usage: git", re.MULTILINE)


class GitNotInstalledError(SourceError):
    """There is no git to run."""

    def __init__(self) -> None:
        super().__init__("git is not installed", "install git, and see that it is on the PATH")


class Git:
    """Runs git in a folder.

    Args:
        folder: where.
        environment: variables that git gets besides the usual ones.
        settings: that outrank those of any file.
        is_configured: whether the system's and the user's own settings count.

    Raises:
        SourceError: git is not installed, or can not be started.
    """

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str] = _NOTHING,
        *,
        settings: Mapping[str, str] = _NOTHING,
        is_configured: bool = False,
    ) -> None:
        with with_reduced_environment():
            try:
                import git  # noqa: PLC0415  70 ms that `validate` and `--help` do without
            except ImportError as error:
                if isinstance(error.__cause__, OSError):
                    raise _make_start_error(error.__cause__) from None
                raise GitNotInstalledError from None
        self._not_found = git.GitCommandNotFound
        self._gitpython: Any = git.Git(folder)
        unread = {} if is_configured else UNCONFIGURED
        self._environment = {**unread, **make_variables(environment, settings, is_configured=is_configured)}

    def read_output(self, command: str, *arguments: str, absent_with: int = 0) -> str:
        """What a command prints, without the last line end; nothing where it ends with `absent_with`.

        Raises:
            SourceError: it failed.
        """
        with self.start(command, *arguments) as running:
            printed = os.fsdecode(running.stdout.read()).removesuffix("\n")
            status = running.wait()
        if status == absent_with:
            return printed if status == 0 else ""
        if status:
            raise running.make_error(f"git {command} failed")
        return printed

    def start(self, command: str, *arguments: str, has_input: bool = False) -> Running:
        """Start a command; `has_input` where something will be written to it."""
        try:
            with with_reduced_environment():
                process = self._gitpython.execute(
                    ["git", *_LARGER_CACHES.get(command, ()), command, *arguments],
                    istream=subprocess.PIPE if has_input else None,
                    as_process=True,
                    env=self._environment,
                    # A group of its own can be ended as a whole, and has no terminal to ask a person on.
                    start_new_session=True,
                )
        except self._not_found:
            raise GitNotInstalledError from None
        except OSError as error:
            raise _make_start_error(error) from None
        # GitPython's own wrapper would end the process as soon as nobody holds it.
        started, process.proc = process.proc, None
        return Running(started)


def start_alone(
    folder: Path,
    environment: Mapping[str, str],
    settings: Mapping[str, str],
    command: Sequence[str],
    given: IO[bytes] | None = None,
) -> Running:
    """Start a command without GitPython, whose import takes half as long as `validate` of 100 manifests.

    Args:
        folder: where.
        environment: variables that git gets besides the usual ones.
        settings: that outrank those of any file; the system's and the user's own count too.
        command: the command and its arguments.
        given: a file that it reads; `None` for nothing.

    Raises:
        GitNotInstalledError: there is no git.
    """
    variables = {**reduce_environment(os.environ), **make_variables(environment, settings)}
    try:
        return Running(
            subprocess.Popen(  # noqa: S603  what is run is written here, and no shell
                ["git", *command],  # noqa: S607  where it is, differs by machine
                cwd=folder,
                env=variables,
                stdin=given or subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        )
    except OSError as error:
        raise _make_start_error(error) from None


class Running:
    """A git that was started; `with` ends it, and whatever it has started, in every case.

    Attributes:
        stdin: its input, where it has one.
        stdout: what it prints; reading raises `SourceError` when nothing comes for too long.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdout
        assert process.stderr
        self._process = process
        self.stdin: IO[bytes] | None = process.stdin
        self.stdout = io.BufferedReader(_Pipe(process.stdout), 1024 * 1024)
        self._stderr = b""
        self._last_heard = time.monotonic()
        # Read in a thread: git would wait for room in a full pipe, and its reader for git.
        self._listener = threading.Thread(target=self._listen, args=(process.stderr,), daemon=True)
        self._listener.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()
        for stream in (self.stdin, self._process.stdout, self._process.stderr):
            if stream:
                with suppress(OSError):
                    stream.close()

    @property
    def complaint(self) -> str:
        """What git prints on stderr from its first error on, escaped and within bounds."""
        lines = [line.strip() for line in self.stderr_text.splitlines() if line.strip()]
        first = (number for number, line in enumerate(lines) if line.startswith(("fatal:", "error:")))
        chosen = " ".join(lines[next(first, 0) :])[:_MAX_COMPLAINT_CHARACTERS]
        return ascii(chosen)[1:-1] if chosen else "it did not say why"

    def make_error(self, what: str, hint: str = "see what git status and git fsck say here") -> SourceError:
        """The error for a command that failed.

        Args:
            what: what went wrong.
            hint: what to do about it, where git is new enough to know what it was asked.
        """
        if _UNKNOWN_OPTION.search(self.stderr_text):
            hint = f"install git {_OLDEST_GIT} or newer: reconciler doctor shows which this is"
        return SourceError(f"{what}: {self.complaint}", hint)

    @property
    def stderr_text(self) -> str:
        """What it printed on stderr so far, the last of it where that is much."""
        return self._stderr.decode(errors="replace")

    @property
    def found_no_repository(self) -> bool:
        """Whether it found no repository, by what it says."""
        no_repository = ("not a git repository", "invalid gitfile format")
        return any(text in self.stderr_text for text in no_repository)

    def wait(self) -> int:
        """Its exit status, when it has ended.

        Raises:
            SourceError: it does not end.
        """
        try:
            status = self._process.wait(_MAX_SILENCE_SECONDS)
        except subprocess.TimeoutExpired:
            raise _make_silence_error() from None
        self._listener.join(_MAX_SILENCE_SECONDS)
        return status

    def wait_while_printing(self, end: float) -> int | None:
        """Its exit status; `None` where it printed nothing for too long, or did not end in time.

        Args:
            end: when it has to have ended, by `time.monotonic`.
        """
        while (left := min(self._last_heard + _MAX_SILENCE_SECONDS, end) - time.monotonic()) > 0:
            with suppress(subprocess.TimeoutExpired):
                status = self._process.wait(left)
                self._listener.join(_MAX_SILENCE_SECONDS)
                return status
        return None

    def limit_memory(self, most: int) -> None:
        """Bound the bytes of memory that it may take; only Linux can limit a process that runs already."""
        if sys.platform == "linux":
            with suppress(OSError, ValueError):  # it has ended, or may not have as many anyway
                resource.prlimit(self._process.pid, resource.RLIMIT_DATA, (most, most))

    def end(self) -> None:
        """End it now, and what it has started."""
        if self._process.poll() is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._listener.join(_MAX_SILENCE_SECONDS)

    def _listen(self, stderr: IO[bytes]) -> None:
        with suppress(OSError, ValueError):
            while chunk := os.read(stderr.fileno(), _MAX_STDERR_BYTES):
                self._stderr = (self._stderr + chunk)[-_MAX_STDERR_BYTES:]
                self._last_heard = time.monotonic()


class _Pipe(io.RawIOBase):
    """The end of a pipe to read from; waiting for it has a limit."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._descriptor = pipe.fileno()
        self._poll = select.poll()
        self._poll.register(self._descriptor, select.POLLIN)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._poll.poll(_MAX_SILENCE_SECONDS * 1000):
            raise _make_silence_error()
        data = os.read(self._descriptor, len(buffer))
        buffer[: len(data)] = data
        return len(data)


def _make_silence_error() -> SourceError:
    return SourceError(
        f"git has said nothing for {_MAX_SILENCE_SECONDS:.0f} s, and was ended",
        "see whether git status works here",
    )


def _make_start_error(error: OSError) -> SourceError:
    if isinstance(error, FileNotFoundError):
        return GitNotInstalledError()
    is_limited = error.errno in {errno.EMFILE, errno.ENFILE}
    hint = "allow more open files: ulimit -n 256" if is_limited else "see whether git status works here"
    return SourceError(f"can not start git: {error.strerror}", hint)
