"""What is given and empty is never read as something that was not given."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from reconciler.cli.group import cli as group
from tests.support.cli import Cli
from tests.support.git_repository import GitRepository
from tests.support.manifests import MANIFEST


@pytest.fixture
def team(repository: GitRepository) -> GitRepository:
    repository.write("a.yaml", MANIFEST)
    repository.commit()
    return repository


def options() -> list[tuple[str, ...]]:
    """Every option of every command that takes a value, behind the words of its command."""
    found: list[tuple[str, ...]] = []

    def visit(words: tuple[str, ...], command: click.Command) -> None:
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                _, below, _ = command.resolve_command(context, [name])
                assert below
                visit((*words, name), below)
        taking = (each for each in command.params if isinstance(each, click.Option) and not each.is_flag)
        found.extend((*words, max(option.opts, key=len)) for option in taking)

    visit((), group)
    return found


def test_every_option_that_is_given_and_empty_is_refused() -> None:
    told = options()
    assert len(told) > 40
    for *words, option in told:
        for given in ((option, ""), (f"{option}=",)):
            with pytest.raises(click.UsageError, match=f"^{option} is empty: is a variable not set"):
                group.main([*words, *given], standalone_mode=False)


def test_the_command_says_what_is_empty_and_does_nothing(team: GitRepository) -> None:
    for given, name in ((("plan", "--ref", ""), "--ref"), (("validate", ""), "an argument")):
        ended = Cli(team.folder)(*given, expect=64)
        assert (ended.out, ended.err) == ("", f"error: {name} is empty: is a variable not set?\n")
    assert "is empty" not in Cli(team.folder)("validate", "--format=text", "a.yaml").err
    assert "is empty" not in Cli(team.folder)("plan", "--select=a=", expect=1).err


@pytest.mark.parametrize("name", ["RECONCILER_API", "RECONCILER_LOG_FORMAT"])
def test_a_variable_that_stands_for_an_option_is_refused_where_it_is_empty(
    team: GitRepository, name: str
) -> None:
    ended = Cli(team.folder, env={name: ""})("validate", expect=64)
    assert f"{name} is set, and empty" in ended.err


@pytest.mark.parametrize("command", [("plan",), ("apply", "--yes"), ("import",)])
@pytest.mark.parametrize("name", ["TFY_HOST", "TFY_API_KEY"])
def test_no_other_control_plane_is_asked_where_a_variable_is_empty(
    team: GitRepository, tmp_path: Path, command: tuple[str, ...], name: str
) -> None:
    saved = tmp_path / "home/.truefoundry/credentials.json"
    saved.parent.mkdir(parents=True)
    saved.write_text('{"host": "https://example.com", "access_token": "x"}')
    env = {"TFY_HOST": "https://example.org", "TFY_API_KEY": "y", name: ""}
    ended = Cli(team.folder, home=tmp_path / "home", env=env)(*command, expect=1)
    assert f"error: {name} is set, and empty\n" in ended.err
    assert Cli(team.folder, env=env)("validate").code == 0
