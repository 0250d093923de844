"""Prints the manual page of `reconciler`, made of what its commands say with `--help`."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator

import click

from reconciler import __version__
from reconciler.cli.group import Later, cli

_ESCAPED = str.maketrans(
    {"\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha", "~": r"\(ti", '"': r"\(dq"}
)


def _format_page() -> Iterator[str]:
    """The lines of the page: no date, so that the same commit makes the same page."""
    context = click.Context(
        cli, info_name="reconciler", help_option_names=cli.context_settings["help_option_names"]
    )
    about, *more = _split_help(cli)
    yield f'.TH RECONCILER 1 "" "reconciler {__version__}" "User Commands"'
    yield from (".SH NAME", f"reconciler {_escape('-')} {_escape(about.rstrip('.'))}")
    yield from (".SH SYNOPSIS", _format_usage(context), ".SH DESCRIPTION")
    yield from _format_blocks(more)
    yield from (".SH OPTIONS", *_format_options(context))
    yield ".SH COMMANDS"
    yield from _format_commands(cli, context)


def _format_commands(group: click.Group, above: click.Context) -> Iterator[str]:
    """The commands of a group, and those of the groups among them."""
    for name in group.list_commands(above):
        found = group.commands[name]
        command = found.load_command() if isinstance(found, Later) else found
        context = click.Context(command, info_name=name, parent=above)
        yield from (f".SS {_escape(context.command_path)}", _format_usage(context))
        yield from _format_blocks(_split_help(command))
        yield from _format_options(context)
        if isinstance(command, click.Group):
            yield from _format_commands(command, context)


def _format_usage(context: click.Context) -> str:
    pieces = context.command.collect_usage_pieces(context)
    return rf"\fB{_escape(context.command_path)}\fR {_escape(' '.join(pieces))}"


def _format_options(context: click.Context) -> Iterator[str]:
    for parameter in context.command.get_params(context):
        names, about = parameter.get_help_record(context) or ("", "")
        if about:
            yield from (".TP", rf"\fB{_escape(names)}\fR", _escape(" ".join(about.split())))


def _split_help(command: click.Command) -> list[str]:
    return inspect.cleandoc(command.help or "").split("\n\n")


def _format_blocks(blocks: list[str]) -> Iterator[str]:
    """Paragraphs; what is laid out by hand, which click tells by a backspace, stays so."""
    for block in blocks:
        text = block.removeprefix("\b\n")
        if text == block:
            yield from (".PP", _escape(" ".join(block.split())))
        else:
            yield from (".PP", ".nf", *map(_escape, text.splitlines()), ".fi")


def _escape(text: str) -> str:
    """A text as it stands: no request, no escape, and no typographic quotation marks."""
    return r"\&" * text.startswith(".") + text.translate(_ESCAPED)


sys.stdout.writelines(f"{line}\n" for line in _format_page())
