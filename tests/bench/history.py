"""What it costs to ask git whose versions are: `python -m tests.bench.history [--commits N] [--repeats N]`.

10,000 commits edit 4,000 manifests, and the last one removes ten of them. In turns: `git log --raw` over the
same files, and `plan --prune` against a registry that has the ten as well: without a cache, and then with one
that remembers the history. Each plan is a process of its own that says how long it looked for orphans; the
quickest of each turn is held against the quickest `git log`, as other work on the machine only adds to it.
Memory is that of the whole process, beside the one of a plan in a shallow clone, which reads no history.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from reconciler.registry import Behaviour, Store
from reconciler.wire.models import VersionManifest
from tests.bench import corpus
from tests.bench.turns import take_turns

MANIFESTS = 4_000
REMOVED = 10
COMMITS = 10_000
GOAL = 3.0
"""Times as long as `git log`, at most."""
GOAL_AGAIN = 0.2
"""Of that, where it is remembered, at most."""
GOAL_MIB = 150.0
"""That history may add to the memory of the process."""
_BEGAN = 1_767_323_045
_RECONCILER = str(Path(sys.executable).with_name("reconciler"))


_TIMED = """
import sys, time
from reconciler.workflow.orphans import Search

complete = Search.complete


async def timed(*given):
    began = time.perf_counter()
    try:
        return await complete(*given)
    finally:
        print(f"orphans took {time.perf_counter() - began} s", file=sys.stderr)


Search.complete = timed
from reconciler.cli import main
main()
"""
_TOOK = re.compile(r"^orphans took (\S+) s$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured.

    Attributes:
        git_log: seconds that `git log` takes.
        history: seconds that a plan looks for orphans, of all that it takes.
        history_again: the same, where the history is remembered.
        more_mib: memory that this plan takes beyond one that reads no history.
    """

    git_log: float
    history: float
    history_again: float
    more_mib: float

    @property
    def times(self) -> float:
        """How many times as long as `git log` the history takes a plan."""
        return self.history / self.git_log

    @property
    def share_again(self) -> float:
        """The part of the time of the history that it takes again."""
        return self.history_again / self.history


def measure(commits: int, manifests: int, repeats: int) -> Figures:
    """Measure in turns.

    Raises:
        AssertionError: a command failed, or did not find what there is.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        repository = Path(folder) / "repository"
        make_repository(repository, commits, manifests)
        shallow = Path(folder) / "shallow"
        clone = ["git", "clone", "--quiet", "--template=", "--depth=1", repository.as_uri(), str(shallow)]
        subprocess.run(clone, check=True)
        database = Path(folder) / "registry.db"
        _register(database, manifests)
        log = ["git", "log", "--raw", "-z", "--format=%H", "HEAD", "--", "models"]
        plan = ["plan", "--ref", "HEAD", "--allow-mass-change", "--host", f"sqlite:///{database}"]
        prune = [*plan, "--prune-used"]
        runs = (
            partial(_time_log, log, repository),
            partial(_time_orphans, prune, repository),
            partial(_time_orphans, [*prune, "--cache"], repository),
        )
        git_log, history, history_again = map(min, take_turns(runs, repeats))
        more_mib = _peak_mib([_RECONCILER, *prune], repository) - _peak_mib([_RECONCILER, *plan], shallow)
        return Figures(git_log, history, history_again, more_mib)


def make_repository(folder: Path, commits: int, manifests: int) -> None:
    """A repository in which each commit but the first and the last edits one manifest or two.

    Raises:
        subprocess.CalledProcessError: git failed.
    """
    subprocess.run(["git", "init", "--quiet", "--template=", "-b", "main", str(folder)], check=True)
    command = ["git", "-C", str(folder), "fast-import", "--quiet"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin
        for number, changes in enumerate(_history(commits, manifests)):
            _commit(process.stdin, number, changes)
        process.stdin.close()
        if process.wait():
            raise subprocess.CalledProcessError(process.returncode, command)


def _history(commits: int, manifests: int) -> Iterator[dict[str, bytes | None]]:
    """What each commit writes, and with `None` removes."""
    every = [(each.path, each.text.encode()) for each in corpus.manifests(manifests)]
    yield dict(every)
    for number in range(1, commits - 1):
        edited = [every[(number * 7_919 + more) % manifests] for more in range(2 if number % 5 == 0 else 1)]
        # Another owner each time: what is registered says so only for the last one.
        yield {path: text.replace(b"# Written", b"# Edit %d, written" % number) for path, text in edited}
    yield dict.fromkeys((path for path, _ in every[:REMOVED]), None)


def _commit(stream: IO[bytes], number: int, changes: dict[str, bytes | None]) -> None:
    stream.write(
        b"commit refs/heads/main\ncommitter Tester <tester@example.com> %d +0000\n" % (_BEGAN + number)
    )
    stream.write(b"data 4\nedit\n")
    for path, data in changes.items():
        if data is None:
            stream.write(b"D %s\n" % path.encode())
        else:
            stream.write(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(data), data))


def _register(database: Path, manifests: int) -> None:
    """A registry on disk that has all manifests as they are declared first."""
    with Store(str(database)) as store:
        for name in corpus.ml_repos(manifests):
            store.put_ml_repo({"type": "ml-repo", "name": name})
        for number in range(manifests):
            manifest = VersionManifest.model_validate(corpus.manifest(number).document)
            store.put_version(manifest, Behaviour())


def _time_log(command: list[str], folder: Path) -> float:
    began = time.perf_counter()
    _run(command, folder)
    return time.perf_counter() - began


def _time_orphans(arguments: list[str], folder: Path) -> float:
    """The seconds that a command looks for orphans, all of which it has to find."""
    ended = _run([sys.executable, "-c", _TIMED, *arguments], folder)
    assert f" {REMOVED} to delete" in ended.stdout, ended.stdout[-500:]
    took = _TOOK.search(ended.stderr)
    assert took, ended.stderr
    return float(took[1])


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    ended = subprocess.run(
        command, cwd=folder, env=_environment(folder), capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended


def _environment(folder: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8", "CI": "true"}


def _peak_mib(command: list[str], folder: Path) -> float:
    """The most memory that a process of its own, or one that it started, held at a time."""
    measured = (
        "import sys, resource, subprocess; subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)"
    )
    return float(_run([sys.executable, "-c", measured, *command], folder).stdout)


def _judged(found: float, goal: float, unit: str) -> str:
    verdict = "reached" if found <= goal else "missed"
    return f"{found:6.2f}{unit}; goal: at most {goal:g}, {verdict}"


def main() -> int:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.history", description=__doc__)
    parser.add_argument("--commits", type=int, default=COMMITS, help="in the repository (10000)")
    parser.add_argument("--repeats", type=int, default=5, help="turns that count (5)")
    parser.add_argument("--manifests", type=int, default=MANIFESTS, help="in the first commit (4000)")
    asked = parser.parse_args()
    found = measure(asked.commits, asked.manifests, asked.repeats)
    sys.stdout.write(
        f"git log --raw, {asked.commits:,} commits   {found.git_log:6.2f} s\n"
        f"plan, looking for orphans     {found.history:6.2f} s; again {found.history_again:6.2f} s\n"
        f"history                       {_judged(found.times, GOAL, ' x git log')}\n"
        f"history, remembered           {_judged(found.share_again, GOAL_AGAIN, ' of that')}\n"
        f"more memory, of the process   {_judged(found.more_mib, GOAL_MIB, ' MiB')}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
