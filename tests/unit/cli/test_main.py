"""The last boundary: mistakes of our own are told by kind and place, and no stream shows the token."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

import pytest

import reconciler
from tests.support import canary
from tests.support.cli import SECONDS, TOKEN, Cli, Ended

PACKAGE = Path(reconciler.__file__).parent


def probed(folder: Path, broken: str, *arguments: str, **env: str) -> Ended:
    """Run a command in which something goes wrong: `broken` is a body for `workflow.read.read_offline`."""
    probe = dedent("""
        import sys
        from reconciler.cli import main
        from reconciler.workflow import read

        def broken(*_):
        {body}

        read.read_offline = broken
        sys.argv = ["reconciler", *{arguments}]
        main()
    """)
    body = "\n".join(f"    {line}" for line in dedent(broken).strip().splitlines())
    program = probe.format(body=body, arguments=list(arguments or ("validate",)))
    return run_python(program, folder, Cli(folder, "https://example.com", env=env).environment())


def run_python(program: str, folder: Path, environment: Mapping[str, str]) -> Ended:
    """Run a program in Python that can import this package."""
    process = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    canary.assert_absent(process.stdout, process.stderr)
    return Ended(process.returncode, process.stdout, process.stderr)


QUOTING = """
import os
try:
    raise ValueError("Illegal header value b'Bearer " + os.environ["TFY_API_KEY"] + "'")
except ValueError as error:
    error.add_note("noted: " + os.environ["TFY_API_KEY"])
    raise KeyError("::error::\\x1b[31m" + os.environ["TFY_API_KEY"]) from error
"""


def test_a_mistake_of_ours_is_reported_by_kind_and_place_and_not_by_its_text(tmp_path: Path) -> None:
    ended = probed(tmp_path, QUOTING)
    message, hint = ended.err.splitlines()
    assert message.startswith("internal error: KeyError at reconciler.workflow.validate:")
    assert hint == "  this is a mistake in reconciler; RECONCILER_TRACEBACK=1 shows the way to it"
    assert (ended.code, ended.out) == (1, "")


def test_the_place_is_the_last_one_in_this_package(tmp_path: Path) -> None:
    """What a library raises is told by where it was called."""
    broken = """
        from reconciler.terminal.redact import Redactor
        redactor = Redactor()
        redactor.learn('long enough')
        redactor.redact(None)
        """
    assert "TypeError at reconciler.terminal.redact:" in probed(tmp_path, broken).err


def test_a_traceback_is_shown_on_request_without_the_token_and_with_nothing_to_obey(tmp_path: Path) -> None:
    ended = probed(tmp_path, QUOTING, RECONCILER_TRACEBACK="1")
    assert "Traceback (most recent call last):" in ended.err
    assert "ValueError: Illegal header value b'Bearer ***'" in ended.err
    assert "noted: ***" in ended.err
    assert "\x1b" not in ended.err
    assert not [line for line in ended.err.splitlines() if line.lstrip().startswith("::")]


OTHER_WAYS = {
    "print": "print(token)",
    "print in parts": "print('a', token, 'b', sep='\\n')",
    "the stream": "sys.stdout.write(token)",
    "lines": "sys.stderr.writelines([token, token])",
    "click": "import click; click.echo(token); click.secho(token, err=True, fg='red')",
    "logging": "import logging; logging.getLogger('httpx').error('%s', token)",
    "a warning": "import warnings; warnings.warn(token)",
    "asyncio": """
        import asyncio
        async def lost():
            asyncio.get_running_loop().call_exception_handler({"message": token})
        asyncio.run(lost())
        """,
    "a task that nobody awaits": """
        import asyncio
        async def fails(): raise ValueError(token)
        async def forgets(): asyncio.ensure_future(fails()); await asyncio.sleep(0)
        asyncio.run(forgets())
        """,
    "a finaliser": """
        class Bad:
            def __del__(self): raise ValueError(token)
        Bad()
        """,
    "a thread": """
        import threading
        def fails(): raise ValueError(token)
        thread = threading.Thread(target=fails); thread.start(); thread.join()
        """,
    "the end of the interpreter": """
        import atexit
        def fails(): raise ValueError(token)
        atexit.register(fails)
        """,
    "the interpreter's own words": "raise BaseException(token)",
    "an exit": "sys.exit(token)",
}


CHATTY = {"PYTHONUNBUFFERED": "1", "PYTHONDEVMODE": "1"}


@pytest.mark.parametrize(
    ("way", "env"),
    [*((way, {}) for way in OTHER_WAYS), *((way, CHATTY) for way in ("print", "asyncio", "a warning"))],
)
def test_no_other_way_to_the_streams_shows_it(way: str, env: dict[str, str], tmp_path: Path) -> None:
    broken = f"import os, sys\ntoken = os.environ['TFY_API_KEY']\n{dedent(OTHER_WAYS[way])}\nraise KeyError"
    ended = probed(tmp_path, broken, **env)
    assert ended.code == (0 if way == "an exit" else 1)
    assert ("***" in ended.out + ended.err) != (way == "an exit")


@pytest.mark.parametrize(
    "arguments",
    [(TOKEN,), ("plan", f"--{TOKEN}"), ("plan", "--api", TOKEN), ("apply", "--settle", TOKEN)],
    ids=["command", "option", "choice", "number"],
)
def test_what_is_not_understood_is_reported_on_one_line_without_the_token(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    given = [f"{argument}\n::error::\x1b[31m" for argument in arguments[-1:]]
    ended = Cli(tmp_path, "https://example.com")(*arguments[:-1], *given, expect=64)
    assert ended.err.splitlines()[-1].startswith("error: ")
    assert "***" in ended.err
    assert "\x1b" not in ended.err
    assert not [line for line in ended.err.splitlines() if line.lstrip().startswith("::")]


def test_nothing_but_the_streams_and_the_report_writes() -> None:
    """What is printed passes one place, which this holds on to: no other module prints by itself."""
    printing = {"print", "print_exc", "print_exception", "print_stack", "print_tb", "basicConfig"}
    found = set()
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call):
                called = node.func
                name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
                if name in printing or ast.unparse(called) in {"sys.stdout.write", "sys.stderr.write"}:
                    found.add(f"{file.relative_to(PACKAGE)}: {name}")
            if isinstance(node, ast.Attribute) and ast.unparse(node) in {"sys.__stdout__", "sys.__stderr__"}:
                found.add(f"{file.relative_to(PACKAGE)}: {ast.unparse(node)}")
    assert found == set()


def test_where_there_is_no_posix_one_sentence_says_where_there_is(tmp_path: Path) -> None:
    """As on Windows: the modules of POSIX are missing."""
    probe = """
import os, sys
os.name = "nt"
for missing in ("fcntl", "grp", "pwd", "resource", "termios", "tty"):
    sys.modules[missing] = None
from reconciler.cli import main
main()
"""
    ended = run_python(probe, tmp_path, Cli(tmp_path).environment())
    assert ended == Ended(
        1, "", "error: reconciler runs on Linux and macOS\n  on Windows, install and run it in WSL\n"
    )
