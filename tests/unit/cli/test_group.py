"""What stands in for a command until it is called says the same as the command."""

from __future__ import annotations

import sys

import click
import pytest

from reconciler import __version__
from reconciler.cli.group import Later, cli
from tests.support.cli import Cli, Ended

COMMANDS = (
    "apply",
    "demo",
    "doctor",
    "explain",
    "import",
    "new",
    "plan",
    "registry",
    "schema",
    "show",
    "validate",
)
LISTED = """\
Commands:
  apply     Register and update artifact versions as a commit declares them.
  demo      Show the whole cycle in a temporary folder.
  doctor    Check git, host, token and all else around a run.
  explain   Tell what the code of a problem means; list all codes.
  import    Write manifests for registered versions.
  new       Write a manifest for the next free version.
  plan      Show what apply would change; change nothing.
  registry  Run the embedded control plane.
  schema    Print the JSON Schema of a manifest, a plan, a report or the settings.
  show      Show a saved plan or report, in any format.
  validate  Check manifests, offline, and report every problem at once.
"""


@pytest.fixture
def run(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    return Cli(tmp_path_factory.mktemp("nothing"))


def test_the_commands_are_listed_in_order(run: Cli) -> None:
    assert run("--help").out.endswith(f"\n\n{LISTED}")
    assert tuple(sorted(cli.commands)) == COMMANDS


def test_the_version_says_which_python_runs_it(run: Cli) -> None:
    assert run("--version").out == f"reconciler, version {__version__}\nPython {sys.version.split()[0]}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_is_listed_by_what_it_says_itself(name: str) -> None:
    later = cli.commands[name]
    assert isinstance(later, Later)
    command = later.load_command()
    assert (command.name, command.hidden, command.deprecated) == (name, later.hidden, later.deprecated)
    # As much of it is shown as there is room for, and up to 45 characters to a shell.
    for limit in range(10, 120):
        assert later.get_short_help_str(limit) == command.get_short_help_str(limit)


@pytest.mark.parametrize("name", COMMANDS)
def test_what_is_called_is_the_command_and_not_what_stands_in_for_it(name: str) -> None:
    with click.Context(cli) as context:
        found_name, found, rest = cli.resolve_command(context, [name, "--help"])
    assert (found_name, rest) == (name, ["--help"])
    assert isinstance(found, click.Command)
    assert not isinstance(found, Later)
    assert found.callback is not None


def test_what_a_slip_may_mean_is_shown(run: Cli) -> None:
    ended = run("plam", expect=64)
    assert ended.err.endswith("\nerror: No such command 'plam'. Did you mean 'plan'?\n")


def completed(run: Cli, *words: str) -> Ended:
    """What a shell is told at the last of some words."""
    told = {"COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    return Cli(run.folder, env={**told, "_RECONCILER_COMPLETE": "bash_complete"})()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("reconciler", "p"), ["plan"]),
        (("reconciler", ""), list(COMMANDS)),
        (("reconciler", "registry", ""), ["create", "serve"]),
        (("reconciler", "validate", "--r"), ["--ref", "--repo"]),
    ],
    ids=" ".join,
)
def test_a_shell_completes_commands_and_their_options(
    run: Cli, words: tuple[str, ...], expected: list[str]
) -> None:
    assert completed(run, *words).out.split() == [f"plain,{each}" for each in expected]
