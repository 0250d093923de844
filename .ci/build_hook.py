"""Adds to a build what is made for it: the commit that it is of, and the manual page."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BuildHook(BuildHookInterface):
    """Adds files to a build; what is installed in place changes, and gets none."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the files, and say where they go."""
        if version == "editable":
            return
        self._folder = TemporaryDirectory()
        if Path(self.root, ".git").exists():  # a source distribution has it already, and hands it on
            command = ["git", "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]
            ended = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)  # noqa: S603
            if not ended.returncode:
                build_data["force_include"][self._write("COMMIT", ended.stdout)] = "reconciler/COMMIT"
        if self.target_name == "wheel":
            command = [sys.executable, "-P", ".ci/man_page.py"]
            # What builds may have its packages in a place of its own, as pip does.
            path = os.pathsep.join([self.root, *filter(None, sys.path)])
            environment = {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
            page = subprocess.check_output(command, cwd=self.root, env=environment, text=True)  # noqa: S603
            build_data["shared_data"][self._write("reconciler.1", page)] = "share/man/man1/reconciler.1"

    def _write(self, name: str, text: str) -> str:
        file = Path(self._folder.name, name)
        file.write_text(text, encoding="utf-8")
        file.chmod(0o644)
        return str(file)
