"""The distribution: its name, and that what the hints say to install is this tool."""

from __future__ import annotations

import os
import re
import shutil
import site
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from email import message_from_string
from pathlib import Path

import click
import pytest

from reconciler import __version__
from reconciler.cli.group import Later, cli
from reconciler.planfile.write import add_checksum, format_plan_json
from reconciler.report.page.page import render_plan_page
from tests.support.builders import described, manifest
from tests.support.cli import SECONDS
from tests.support.git_repository import GitRepository

PROJECT = Path.cwd()
NAME = "tfy-reconciler"
"""The public index has another package under the name of the command."""
PAGE = """
import sys
sys.argv = ["reconciler", "show", "plan.json", "--format", "html"]
from reconciler.cli import main
main()
"""
WITHOUT_REGISTRY = """
import sys
sys.modules["starlette"] = None
sys.argv = ["reconciler", "registry", "create", "--db", "registry.db", "fraud"]
from reconciler.cli import main
main()
"""

BUILD = """
import sys
sys.path += sys.argv[1:]
sys.argv = ["hatchling", "build", "-t", "wheel"]
from hatchling.cli import hatchling
hatchling()
"""
"""As a front end builds that has what it takes in a folder of its own."""
VERSION = """
import sys
sys.argv = ["reconciler", "--version"]
from reconciler.cli import main
main()
"""


def run(*command: str, folder: Path = PROJECT, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def build(source: Path, folder: Path) -> Path:
    """Build the source distribution of a clone, and from it the wheel; gives the wheel, beside the other."""
    for target, top in (("sdist", source), ("wheel", folder / "unpacked")):
        built = run("-m", "hatchling", "build", "-t", target, "-d", str(folder), folder=top)
        assert built.returncode == 0, built.stderr
        if target == "sdist":
            (packed,) = folder.glob("*.tar.gz")
            shutil.unpack_archive(packed, folder, filter="data")
            (folder / packed.name.removesuffix(".tar.gz")).rename(folder / "unpacked")
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> GitRepository:
    """A clone in which everything is committed that this one has, and is not ignored."""
    clone = GitRepository(tmp_path_factory.mktemp("clone") / "source")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        file = PROJECT / name
        if file.is_file():
            clone.write(name, file.read_bytes()).chmod(file.stat().st_mode)
    clone.commit()
    return clone


@pytest.fixture(scope="module")
def wheel(clone: GitRepository, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(clone.folder, tmp_path_factory.mktemp("wheel"))


def test_a_build_is_of_the_commit_alone_and_the_same_each_time(
    clone: GitRepository, wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("again")
    again = build(clone.clone(folder / "clone").folder, folder)
    for one in wheel.parent.glob("*.*"):
        assert one.read_bytes() == (again.parent / one.name).read_bytes(), one.name


def test_a_build_finds_what_it_needs_where_its_front_end_has_put_it(
    clone: GitRepository, tmp_path: Path
) -> None:
    venv.create(tmp_path / "env", with_pip=False)
    built = subprocess.run(
        [tmp_path / "env/bin/python", "-P", "-c", BUILD, *site.getsitepackages()],
        cwd=clone.folder, capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    assert built.returncode == 0, built.stderr


def test_what_is_built_says_of_which_commit(clone: GitRepository, wheel: Path, tmp_path: Path) -> None:
    shutil.unpack_archive(wheel, tmp_path / "installed", "zip")
    ended = run("-P", "-c", VERSION, folder=tmp_path, PYTHONPATH=str(tmp_path / "installed"))
    assert ended.stdout.splitlines()[:2] == [f"reconciler, version {__version__}", f"commit {clone.head}"]


def test_in_an_archive_that_is_not_unpacked_the_commit_is_not_reported(wheel: Path, tmp_path: Path) -> None:
    ended = run("-P", "-c", VERSION, folder=tmp_path, PYTHONPATH=str(wheel))
    assert ended.stdout == f"reconciler, version {__version__}\nPython {sys.version.split()[0]}\n", (
        ended.stderr
    )


def test_it_has_a_name_of_its_own_and_the_command_keeps_its_name(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (about,) = (name for name in archive.namelist() if name.endswith("dist-info/METADATA"))
        metadata = message_from_string(archive.read(about).decode())
        commands = archive.read(about.replace("METADATA", "entry_points.txt")).decode()
    assert metadata["Name"] == NAME
    assert "registry" in metadata.get_all("Provides-Extra", [])
    assert re.search(r"^reconciler = reconciler\.cli:main$", commands, re.MULTILINE)


def test_every_file_of_the_package_is_in_it(wheel: Path) -> None:
    files = {
        str(file.relative_to(PROJECT)) for file in (PROJECT / "reconciler").rglob("*.*") if file.is_file()
    }
    with zipfile.ZipFile(wheel) as archive:
        assert {file for file in files if not file.endswith(".pyc")} - set(archive.namelist()) == set()


def list_commands(group: click.Group, above: click.Context) -> Iterator[click.Context]:
    """Each command, and those below it, as they are when they are called."""
    for name, found in group.commands.items():
        command = found.load_command() if isinstance(found, Later) else found
        context = click.Context(command, info_name=name, parent=above)
        yield context
        if isinstance(command, click.Group):
            yield from list_commands(command, context)


@pytest.mark.skipif(shutil.which("groff") is None, reason="needs groff")
def test_the_manual_page_in_it_has_every_command_and_option(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (
            name for name in archive.namelist() if name.endswith(".data/data/share/man/man1/reconciler.1")
        )
        page = Path(archive.extract(name, tmp_path))
    command = ["groff", "-man", "-Tascii", "-ww", "-rLL=1000n", "-P-cbou", str(page)]
    shown = subprocess.run(command, capture_output=True, text=True, check=True, timeout=SECONDS)
    assert shown.stderr == ""
    lines = [" ".join(line.split()) for line in shown.stdout.splitlines()]
    top = click.Context(cli, info_name="reconciler", **cli.context_settings)
    sections = [top, *list_commands(cli, top)]
    assert len(sections) > 12
    begins = [lines.index(context.command.get_usage(context).removeprefix("Usage: ")) for context in sections]
    for context, begin in zip(sections, begins, strict=True):
        section = {*lines[begin : min((other for other in begins if other > begin), default=None)]}
        records = [parameter.get_help_record(context) for parameter in context.command.get_params(context)]
        for names, about in filter(None, records):
            options, explained = " ".join(names.split()), " ".join(about.split())
            assert not about or {options, f"{options} {explained}"} & section, names
            assert any(line.endswith(explained) for line in section), about
    assert "Exit codes:" in lines
    assert "  3 applied in part          4 blocked   64 usage          130 interrupted" in shown.stdout


def test_a_page_is_made_from_the_templates_in_it(wheel: Path, tmp_path: Path) -> None:
    document = described(manifest(name="a-scorer"))
    lines = add_checksum(format_plan_json(document))
    (tmp_path / "plan.json").write_text("".join(f"{line}\n" for line in lines))
    ended = run("-P", "-c", PAGE, folder=tmp_path, PYTHONPATH=str(wheel))
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "".join(f"{line}\n" for line in render_plan_page(document))


def test_the_hint_for_the_embedded_registry_installs_this_tool(wheel: Path, tmp_path: Path) -> None:
    ended = run("-P", "-c", WITHOUT_REGISTRY, folder=tmp_path, PYTHONPATH=str(wheel))
    assert ended.returncode == 1
    assert "error: the embedded registry needs starlette" in ended.stderr
    words = re.search(r"pip install '([^']+)'", ended.stderr)
    assert words
    options = ("--dry-run", "--no-deps", "--no-index", "--no-build-isolation", "--ignore-installed")
    installed = run("-m", "pip", "install", *options, words[1])
    assert f"Would install {NAME}-" in installed.stdout, installed.stderr


def test_nothing_names_a_package_of_the_index_that_is_not_ours() -> None:
    files = [
        *PROJECT.glob("*.md"),
        *PROJECT.glob("examples/**/*"),
        *PROJECT.glob(".github/**/*"),
        *PROJECT.glob("reconciler/**/*.py"),
    ]
    found = {
        words
        for file in files
        if file.is_file()
        for words in re.findall(r"""pip"? install[^\n]*""", file.read_text(errors="replace"))
        if re.search(r"""["' ]reconciler(\[[a-z]+\])?( @|["' ]|$)""", words)
    }
    assert found == set()
