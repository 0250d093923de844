"""What libraries log is printed as everything else is."""

from __future__ import annotations

import subprocess
import sys

START = """
import logging, os, sys
from reconciler.terminal.logs import print_logs
from reconciler.terminal.terminal import Terminal

print_logs(Terminal(sys.stdout, sys.stderr, os.environ))
logger = logging.getLogger("a.library")
says = "\\x1b[31mred\\n::error::x"
"""


def printed(then: str) -> str:
    """What a process prints that logs so; pytest takes what this one would."""
    ended = subprocess.run(
        [sys.executable, "-c", START + then], capture_output=True, text=True, check=True, timeout=60
    )
    assert ended.stdout == ""
    return ended.stderr


def test_a_record_says_nothing_to_a_terminal_or_a_runner() -> None:
    assert printed('logger.warning("got %s", says)') == "got \\x1b[31mred\n\\x3a:error::x\n"


def test_nor_does_a_traceback() -> None:
    said = printed("try:\n    raise ValueError(says)\nexcept ValueError:\n    logger.exception('failed')")
    assert said.startswith("failed\nTraceback (most recent call last):\n")
    assert said.endswith("ValueError: \\x1b[31mred\n\\x3a:error::x\n")


def test_less_than_a_warning_is_not_printed() -> None:
    assert printed("logger.info(says)") == ""
