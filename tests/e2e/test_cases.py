"""Cases that are folders: files, commands, and what these print.

Each folder below `cases/` holds `repo/`, the files of a repository, which are committed to begin with; and
`script`, of which each line is run by the shell in that repository. Whatever else is there lies beside the
repository, for the script to take. The registry is empty but for the ML repo `fraud`.

`output.txt` says what all of it prints, the lines of stderr behind `2> `. `UPDATE_GOLDEN=1` writes it anew;
look at the difference before committing it.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import golden
from tests.support.cli import Cli, run_program
from tests.support.git_repository import GitRepository
from tests.support.registry_server import RegistryServer

CASES = Path(__file__).parent / "cases"


@pytest.mark.parametrize("name", sorted(folder.name for folder in CASES.iterdir()))
def test_a_case_prints_what_it_did(
    name: str, registry: RegistryServer, forking_program: Path, tmp_path: Path
) -> None:
    shutil.copytree(CASES / name, tmp_path, dirs_exist_ok=True)
    repository = GitRepository(tmp_path / "repo")
    repository.commit("declare")
    environment = {
        **repository.environment,
        **Cli(repository.folder, registry.url).environment(),
        "COLUMNS": "80",
        "PATH": f"{forking_program.parent}:{os.environ['PATH']}",
    }
    script = (CASES / name / "script").read_text().splitlines()
    printed = "".join(text for line in script for text in run_line(line, repository.folder, environment))
    golden.check_file(CASES / name / "output.txt", hide_what_differs(printed, registry.url))


def run_line(line: str, folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """Run a line of a script; what a reader of the case is shown of it. Comments and empty lines stay."""
    if not line or line.startswith("#"):
        yield f"{line}\n"
        return
    ended = run_program(["/bin/sh", "-c", line], folder, environment)
    yield f"$ {line}\n"
    yield ended.out
    yield from (f"2> {each}\n" for each in ended.err.splitlines())
    if ended.code:
        yield f"[exit {ended.code}]\n"


def hide_what_differs(printed: str, url: str) -> str:
    """The same without the registry's port, and with the digests counted: they cover the ids that it made."""
    digests: dict[str, str] = {}

    def count(found: re.Match[str]) -> str:
        return digests.setdefault(found[0], f"(digest {len(digests) + 1})")

    printed = printed.replace(url, "http://registry").replace(url.removeprefix("http://"), "registry")
    return re.sub(r"\b[0-9a-f]{64}\b", count, printed)
