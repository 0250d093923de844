"""Has a build say which commit it is of, in `reconciler/COMMIT`, which `reconciler --version` shows."""

from __future__ import annotations

import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CommitHook(BuildHookInterface):
    """Adds the file to a build from a clone; a source distribution has it already, and hands it on."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Write the file where git knows the commit; what is installed in place changes, and says none."""
        if version == "editable" or not Path(self.root, ".git").exists():
            return
        command = ["git", "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]
        ended = subprocess.run(command, cwd=self.root, capture_output=True, text=True, check=False)  # noqa: S603
        if ended.returncode:
            return
        self._folder = TemporaryDirectory()
        file = Path(self._folder.name, "COMMIT")
        file.write_text(ended.stdout, encoding="utf-8")
        file.chmod(0o644)
        build_data["force_include"][str(file)] = "reconciler/COMMIT"
