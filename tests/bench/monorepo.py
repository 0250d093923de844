"""What it costs to find manifests in a large repository: `python -m tests.bench.monorepo [--files N]`.

100,000 files of 2 GiB, all YAML and JSON by their names, a hundred of them manifests. In turns: `git grep`
with `-lF` for the two words that tell a manifest, and `reconciler validate` without a cache; both of files of
these names, in the work tree and in the commit.
"""

from __future__ import annotations

import argparse
import random
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from tests.bench import corpus, launch
from tests.bench.turns import take_turns

FILES = 100_000
MIB = 2_048
MANIFESTS = 100
GOAL = 2.0
"""Times as long as `git grep`, at most."""
MOST_MIB = 150
"""Of memory, at most, of the largest process of `validate`."""
_FOLDERS = 1_000
_RECONCILER = str(Path(sys.executable).with_name("reconciler"))
_GREP = ("grep", "-lF", "-e", "artifact-version", "-e", "ml_repo")
_NAMES = ("--", "*.yaml", "*.yml", "*.json")


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds, medians, of `git grep` and `validate`, each of a work tree and a commit; and MiB of memory."""

    grep: tuple[float, float]
    validate: tuple[float, float]
    mib: float

    @property
    def times(self) -> tuple[float, float]:
        """How many times as long as `git grep` it takes."""
        return self.validate[0] / self.grep[0], self.validate[1] / self.grep[1]


def measure(files: int, mib: int, repeats: int) -> Figures:
    """Measure in turns.

    Raises:
        AssertionError: a command failed, or did not find what there is.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        repository = Path(folder) / "repository"
        make_repository(repository, files, mib)
        found = f"{MANIFESTS} valid manifests in {MANIFESTS} files, {files - MANIFESTS} other files"
        validate = (_RECONCILER, "validate", "--no-cache")
        commands = (
            (("git", *_GREP, "--untracked", *_NAMES), str(MANIFESTS)),
            ((*validate,), found),
            (("git", *_GREP, "HEAD", *_NAMES), str(MANIFESTS)),
            ((*validate, "--ref", "HEAD"), found),
        )
        turns = take_turns([partial(_run, repository, *command) for command in commands], repeats)
        medians = [median(seconds for seconds, _ in taken) for taken in turns]
        most = max(used for taken in (turns[1], turns[3]) for _, used in taken)
        return Figures((medians[0], medians[2]), (medians[1], medians[3]), most)


def make_repository(folder: Path, files: int, mib: int) -> None:
    """A repository of so many files and MiB."""
    choose = random.Random(1)  # noqa: S311  sizes of files
    line = (
        b'    "resolved": "https://example.com/packages/lodash-4.17.21.tgz", "integrity": "sha512-v2kDEe57"\n'
    )
    mean = mib * 1024 * 1024 // files
    for number in range(files):
        place = folder / f"{number % _FOLDERS}"
        place.mkdir(parents=True, exist_ok=True)
        if number < MANIFESTS:
            (place / f"{number}.yaml").write_text(corpus.manifest(number).text)
        else:
            name = f"{number}.{('json', 'yaml', 'yml')[number % 3]}"
            (place / name).write_bytes(line * max(1, choose.randrange(2 * mean) // len(line)))
    for command in (("init", "-q"), ("add", "."), ("commit", "-qm", "files")):
        subprocess.run(["git", "-C", folder, *_IDENTITY, *command], check=True)


_IDENTITY = ("-c", "user.name=Bench", "-c", "user.email=bench@example.com", "-c", "gc.auto=0")


def _run(folder: Path, command: tuple[str, ...], found: str) -> tuple[float, float]:
    """Run a command that has to find what there is; its seconds, and the MiB of its largest process."""
    out, err = folder.parent / "out", folder.parent / "err"
    words = (shutil.which(command[0]) or command[0], *command[1:])
    starter = (sys.executable, "-I", "-S", launch.__file__, "alone", "600", out, err, folder)
    ended = subprocess.run((*starter, *words), capture_output=True, text=True, check=True, timeout=900)
    code, wall, _, mib, _ = map(float, ended.stdout.split())
    told = err.read_text() if command[0] == _RECONCILER else str(len(out.read_text().splitlines()))
    assert code == 0, err.read_text()
    assert found in told, told[-500:]
    return wall, mib


def main() -> int:
    """Measure, and print what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.monorepo", description=__doc__)
    parser.add_argument("--files", type=int, default=FILES, help="in the repository (100000)")
    parser.add_argument("--mib", type=int, default=MIB, help="of all of them together (2048)")
    parser.add_argument("--repeats", type=int, default=3, help="turns that count (3)")
    asked = parser.parse_args()
    figures = measure(asked.files, asked.mib, asked.repeats)
    for what, grep, validate, times in zip(
        ("work tree", "commit"), figures.grep, figures.validate, figures.times, strict=True
    ):
        verdict = "reached" if times <= GOAL else "missed"
        sys.stdout.write(
            f"{what:10}  git grep {grep:6.2f} s  validate {validate:6.2f} s  {times:5.2f} x;"
            f" goal: at most {GOAL:g}, {verdict}\n"
        )
    verdict = "reached" if figures.mib <= MOST_MIB else "missed"
    sys.stdout.write(f"memory {figures.mib:.0f} MiB; goal: at most {MOST_MIB}, {verdict}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
