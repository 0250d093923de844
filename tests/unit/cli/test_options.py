"""Options that every command has, wherever it is called from."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest

from reconciler.cli.group import Later, cli


def commands(group: click.Group) -> Iterator[click.Command]:
    """Every command that does something, those of groups too."""
    for later in group.commands.values():
        command = later.load_command() if isinstance(later, Later) else later
        if isinstance(command, click.Group):
            yield from commands(command)
        else:
            yield command


@pytest.mark.parametrize("command", [*commands(cli)], ids=lambda command: str(command.name))
def test_every_command_can_be_had_without_colour_and_notes(command: click.Command) -> None:
    options = {option for parameter in command.params for option in parameter.opts}
    assert options >= {"--no-color", "--quiet", "-q"}
