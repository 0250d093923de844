"""The distribution: its name, and that what the hints say to install is this tool."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import zipfile
from email import message_from_string
from pathlib import Path

import pytest

from reconciler.planfile.write import add_checksum, format_plan_json
from reconciler.report.page.page import render_plan_page
from tests.support.builders import described, manifest
from tests.support.cli import SECONDS

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


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    built = run("-c", f"import hatchling.build as build; build.build_wheel({str(folder)!r})")
    assert built.returncode == 0, built.stderr
    (found,) = folder.glob("*.whl")
    return found


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
