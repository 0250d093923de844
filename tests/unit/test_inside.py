"""`reconciler/README.md`, which tells where in the package things are."""

from __future__ import annotations

import re
from pathlib import Path

import reconciler

PACKAGE = Path(reconciler.__file__).parent
TEXT = (PACKAGE / "README.md").read_text()
MAX_MODULES = 15


def test_every_path_that_it_names_is_there() -> None:
    named = set(re.findall(r"`([a-z_/]+(?:\.(?:py|css|js)|/))`", TEXT))
    assert len(named) > 60
    assert {path for path in named if not (PACKAGE / path).exists()} == set()


def test_every_folder_of_the_package_is_named() -> None:
    folders = {file.parent.name for file in PACKAGE.glob("*/__init__.py")} - {"library"}
    assert {folder for folder in folders if f"`{folder}/" not in TEXT} == set()


def test_no_folder_holds_more_than_can_be_looked_over() -> None:
    folders = {file.parent for file in PACKAGE.rglob("*.py")}
    modules = {folder: {file.stem for file in folder.glob("*.py")} - {"__init__"} for folder in folders}
    assert {folder: names for folder, names in modules.items() if len(names) > MAX_MODULES} == {}
