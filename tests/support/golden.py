"""Golden files: whole reports, byte for byte as they were last looked at.

`UPDATE_GOLDEN=1` writes them anew; look at the difference before committing it.
"""

from __future__ import annotations

import os
from pathlib import Path

GOLDEN = Path(__file__).parents[1] / "golden"


def check(name: str, found: str) -> None:
    """Compare with a golden file, which is only written where that is asked for."""
    check_file(GOLDEN / name, found)


def check_file(file: Path, found: str) -> None:
    """The same with a file that lies elsewhere."""
    if os.environ.get("UPDATE_GOLDEN") == "1" and not os.environ.get("CI"):
        file.write_bytes(found.encode())
    assert found.encode() == file.read_bytes()
