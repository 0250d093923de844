"""Fuzzes the reading of files with atheris: `python -m tests.fuzz.drive [ARGUMENTS OF LIBFUZZER]`.

`.ci/fuzz` calls it with the corpus and with bounds of time and memory for each input.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

# By name: there is no wheel of it for every Python, so it is no dependency of the tests.
atheris: Any = import_module("atheris")

with atheris.instrument_imports(include=["reconciler.manifest", "tomllib"]):
    from tests.fuzz.oracle import check_in_part


def main() -> None:
    """Feed the oracle until libFuzzer has enough or something is found."""
    atheris.Setup(sys.argv, check_in_part)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
