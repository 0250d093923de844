"""Real git repositories for tests: the same ids on every machine, whatever its git is set up to do."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

_WHO = {
    f"GIT_{role}_{field}": value
    for role in ("AUTHOR", "COMMITTER")
    for field, value in (
        ("NAME", "Tester"),
        ("EMAIL", "tester@example.com"),
        ("DATE", "2026-01-02T03:04:05Z"),
    )
}
_ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "HOME": "/nonexistent",
    "LC_ALL": "C",
    "TZ": "UTC",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_PARAMETERS": "'maintenance.auto=false'",  # else each commit starts two more processes
    "GIT_TERMINAL_PROMPT": "0",
    **_WHO,
}


@cache
def _make_template(object_format: str) -> TemporaryDirectory[str]:
    """An empty repository to copy, which takes a tenth of the time that `git init` takes.

    The cache has to hold the folder: from Python 3.13 on, a process that is forked from this one drops what
    is to be done at exit, and would remove a folder that nothing else holds.
    """
    folder = TemporaryDirectory(prefix="template-")
    atexit.register(folder.cleanup)
    command = ["git", "init", "--quiet", "--template=", "-b", "main", f"--object-format={object_format}"]
    subprocess.run(command, cwd=folder.name, env=_ENVIRONMENT, check=True)
    return folder


class GitRepository:
    """A git repository in a folder, made if the folder is none yet.

    Args:
        folder: its top folder.
        object_format: `sha1` or `sha256`, where it has to be made.
    """

    def __init__(self, folder: Path, object_format: str = "sha1") -> None:
        self.folder = folder
        if not (folder / ".git").exists():
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copytree(_make_template(object_format).name, folder, dirs_exist_ok=True)

    def git(self, *arguments: str, stdin: str = "") -> str:
        """Run git in the repository; what it printed, without the last line end."""
        ended = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env=_ENVIRONMENT,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode:
            raise AssertionError(f"git {' '.join(arguments)} ended with {ended.returncode}: {ended.stderr}")
        return ended.stdout.rstrip("\n")

    @property
    def environment(self) -> dict[str, str]:
        """With which another git makes the same commits in it."""
        return dict(_ENVIRONMENT)

    def write(self, path: str, content: str | bytes = "") -> Path:
        """Write a file, and the folders that it needs."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def remove(self, path: str) -> None:
        """Remove a file from the work tree."""
        (self.folder / path).unlink()

    def commit(self, message: str = "change") -> str:
        """Commit the whole work tree; the full id of the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--no-verify", f"--message={message}")
        return self.head

    def store(self, kind: str, data: bytes) -> str:
        """Store an object as it is, whatever git would say of it; its id."""
        command = ["git", "hash-object", "-w", "--literally", "--stdin", "-t", kind]
        ended = subprocess.run(
            command, cwd=self.folder, env=_ENVIRONMENT, input=data, capture_output=True, check=True
        )
        return ended.stdout.decode().strip()

    def store_tree(self, *entries: tuple[str, bytes, str]) -> str:
        """Store a tree of modes, names and ids that git itself would not make; its id."""
        return self.store(
            "tree", b"".join(b"%s %s\0%s" % (m.encode(), name, bytes.fromhex(i)) for m, name, i in entries)
        )

    def commit_tree(self, tree: str) -> str:
        """Commit a stored tree on the current branch, past the work tree; the full id of the commit."""
        commit = self.git("commit-tree", "-m", "made by hand", tree)
        self.git("update-ref", "HEAD", commit)
        return commit

    @property
    def head(self) -> str:
        """The full id of the commit at `HEAD`, from its file where there is one: that starts no process."""
        folder = self.folder / ".git"
        try:
            branch = (folder / "HEAD").read_text().strip().removeprefix("ref: ")
            return (folder / branch).read_text().strip()
        except OSError:
            return self.git("rev-parse", "HEAD")

    def branch(self, name: str) -> None:
        """Make a branch at `HEAD` and switch to it."""
        self.git("switch", "--quiet", "--create", name)

    def switch(self, name: str) -> None:
        """Switch to a branch."""
        self.git("switch", "--quiet", name)

    def tag(self, name: str, *, annotated: bool = False) -> None:
        """Tag `HEAD`."""
        self.git("tag", *(("--annotate", "--message=tag") if annotated else ()), name)

    def configure(self, name: str, value: str) -> None:
        """Set a value in the repository's own configuration."""
        self.git("config", name, value)

    def clone(self, folder: Path, *, shallow: bool = False) -> GitRepository:
        """Clone it into a folder; a shallow clone has only the last commit."""
        depth = ("--depth=1",) if shallow else ()
        self.git("clone", "--quiet", "--template=", *depth, self.folder.as_uri(), str(folder))
        return GitRepository(folder)

    def link_worktree(self, folder: Path, branch: str) -> GitRepository:
        """Add a linked work tree on a new branch."""
        self.git("worktree", "add", "--quiet", "-b", branch, str(folder))
        return GitRepository(folder)
