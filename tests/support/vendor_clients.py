"""The vendor's own Python clients: versions of one package, so each in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).parents[2]
FLAVOUR_OF = {"0.6.0": "svc", "0.4.0": "svc", "0.2.1": "ml", "0.1.20": "ml"}
"""The flavour of the API that each version calls."""


def run_client(version: str, script: Path, *arguments: str) -> Any:
    """Run a script that prints JSON with one version of `truefoundry_sdk` on its path; what it printed."""
    folder = _ROOT / ".venv" / "clients" / version
    if not (folder / "truefoundry_sdk").is_dir():
        pytest.fail(f"the vendor's client {version} is not installed; run .ci/test, which sets it up")
    process = subprocess.run(
        [sys.executable, str(script), *arguments],
        env={"PYTHONPATH": str(folder), "NO_PROXY": "*"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout)
