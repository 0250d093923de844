"""`reconciler demo`: the whole cycle, on the example repository and an embedded registry."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from reconciler.cli import options
from reconciler.cli.exits import Exit

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.terminal.terminal import Terminal

_ML_REPOS = ("forecasting", "fraud", "search-ranking")
_NOT_INHERITED = ("GIT_", "TFY_", "RECONCILER_")
_EDITED = "fraud/scorer/2.yaml"
_GIT_IDENTITY = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    **{f"GIT_{role}_NAME": "Demo" for role in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{role}_EMAIL": "demo@example.com" for role in ("AUTHOR", "COMMITTER")},
}


@click.command()
@options.printing
def demo(terminal: Terminal) -> int:
    """Show the whole cycle in a temporary folder.

    Plan, apply, edit, plan, apply, nothing left to do. It needs no control plane: an embedded
    registry in one SQLite file plays that part. Every command is run as it is shown.

    \b
    Example:
      reconciler demo
    """
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory(prefix="reconciler-demo-") as folder:
        _Demo(terminal, Path(folder)).run_steps()
    return Exit.DONE


class _Demo:
    """One run in a folder of its own."""

    def __init__(self, terminal: Terminal, folder: Path) -> None:
        self._terminal = terminal
        self._repository = folder / "team"
        database = folder / "registry.db"
        # Without settings that would change what is shown, and without tokens.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)}
        plain = {"NO_COLOR": "1"} if terminal.is_plain else {}
        self._environment = {**inherited, **plain, **_GIT_IDENTITY, "TFY_HOST": f"sqlite:///{database}"}
        self._database = str(database)

    def run_steps(self) -> None:
        """Every step, in order."""
        import shutil

        _print_comment(
            self._terminal, "A git repository with the manifests of three ML repos, and an empty registry."
        )
        shutil.copytree(_find_examples(), self._repository)
        self._run_command("git", "init", "--quiet", "--initial-branch=main")
        self._run_command("git", "add", ".")
        self._run_command("git", "commit", "--quiet", "--message=Declare what we have")
        self._run_command("reconciler", "registry", "create", "--db", self._database, *_ML_REPOS)
        _print_command(self._terminal, f"export TFY_HOST=sqlite:///{self._database}")

        _print_comment(self._terminal, "What would apply do?")
        self._run_command("reconciler", "plan")
        _print_comment(self._terminal, "Do it.")
        self._run_command("reconciler", "apply", "--yes")

        _print_comment(self._terminal, f"Edit the description in {_EDITED}, and commit.")
        self._edit_manifest()
        self._run_command("git", "commit", "--quiet", "--all", "--message=Describe the scorer better")
        self._run_command("reconciler", "plan")
        self._run_command("reconciler", "apply", "--yes")

        _print_comment(self._terminal, "Nothing is left to do, now and whenever it is asked again.")
        self._run_command("reconciler", "plan")

    def _edit_manifest(self) -> None:
        file = self._repository / _EDITED
        lines = file.read_text().splitlines(keepends=True)
        edited = [
            "description: Reviewed, and in production.\n" if line.startswith("description:") else line
            for line in lines
        ]
        file.write_text("".join(edited))

    def _run_command(self, name: str, *arguments: str) -> None:
        import subprocess

        from reconciler.errors import SourceError

        shown = [f'"{argument}"' if " " in argument else argument for argument in (name, *arguments)]
        _print_command(self._terminal, " ".join(shown))
        command = [sys.executable, "-m", "reconciler"] if name == "reconciler" else [name]
        try:
            subprocess.run([*command, *arguments], cwd=self._repository, env=self._environment, check=True)
        except FileNotFoundError:
            raise SourceError(f"{name} is not installed", "the demo needs git") from None
        except subprocess.CalledProcessError as error:
            raise SourceError(f"{name} ended with {error.returncode}", "its own message is above") from None


def _find_examples() -> Path:
    """The example repository: in the installed package, or beside it in a checkout."""
    from pathlib import Path

    packaged = Path(__file__).parents[1] / "example"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "examples" / "team"


def _print_comment(terminal: Terminal, text: str) -> None:
    from reconciler.report.text.plan import BLANK, Line

    terminal.print_lines([BLANK, Line(f"# {text}", "strong")])


def _print_command(terminal: Terminal, command: str) -> None:
    from reconciler.escape import for_terminal
    from reconciler.report.text.plan import Line

    terminal.print_lines([Line(f"$ {for_terminal(command)}", "strong")])
