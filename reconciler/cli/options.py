"""Options and arguments that several commands share."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import wraps
from inspect import signature
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from reconciler.cli.completion import complete_refs, complete_selection
from reconciler.cli.telemetry.watch import Command, watch_runs

if TYPE_CHECKING:
    from pathlib import Path

    from reconciler.compare.selector import Selector
    from reconciler.planning.orphans import Pruning
    from reconciler.terminal.terminal import Terminal
    from reconciler.workflow.options import PlanOptions
    from reconciler.workflow.read import Selection


def as_path(_context: click.Context, _parameter: click.Parameter, given: str | None) -> Path | None:
    """What an option names; where help is shown, nothing is loaded that makes paths."""
    if given is None:
        return None
    from pathlib import Path

    return Path(given)


def choose_file(*names: str, about: str) -> Callable[[Command], Command]:
    """An option that names a file, which need not be there; `about` is its help."""
    file = click.Path(dir_okay=False)
    return click.option(*names, type=file, callback=as_path, metavar="FILE", help=about)


def as_paths(_context: click.Context, _parameter: click.Parameter, given: Sequence[str]) -> tuple[Path, ...]:
    """What an argument names that can be given several times."""
    if not given:
        return ()
    from pathlib import Path

    return tuple(map(Path, given))


_paths = click.argument("paths", nargs=-1, type=click.Path(), callback=as_paths, metavar="[PATH]...")
_ref = click.option(
    "--ref",
    metavar="REV",
    shell_complete=complete_refs,
    help="Read this commit (branch, tag or id) instead of the work tree.",
)
_repo = click.option(
    "--repo",
    metavar="URL",
    help="Read a remote repository, https or ssh, at REV or its HEAD; PATH is then a path in it.",
)
_host = click.option(
    "--host",
    envvar="TFY_HOST",
    metavar="URL",
    help="Control plane, e.g. https://example.com, or sqlite:///FILE for an embedded one."
    "  [env: TFY_HOST; the token comes from TFY_API_KEY]",
)
_api = click.option(
    "--api",
    envvar="RECONCILER_API",
    type=click.Choice(["auto", "ml", "svc"]),
    default="auto",
    show_default=True,
    help="Flavour of the API: the prefix that the control plane serves it under; auto takes the first that is"
    " served.  [env: RECONCILER_API]",
)
timeout = click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=3600.0,
    show_default=True,
    metavar="SECONDS",
    help="For the whole run; whatever the network does, it ends by then.",
)

_select = click.option(
    "--select",
    multiple=True,
    metavar="GLOB",
    shell_complete=complete_selection,
    help="Only what it names, e.g. 'fraud/*' or 'fraud/scorer:4'; with ! in front, all but that."
    "  Can be given several times.",
)
_prune = click.option(
    "--prune",
    is_flag=True,
    help="Delete registered versions that an earlier commit declared, and none does now; last of all, and"
    " none whose alias or tags are in use.",
)
_prune_used = click.option(
    "--prune-used", is_flag=True, help="Delete these too, also those whose alias or tags are in use."
)
owned_by = click.option(
    "--owned-by",
    multiple=True,
    shell_complete=complete_refs,
    metavar="REF",
    help="A further branch that is ours, e.g. of a release: what one of its commits declared, and neither its"
    " last one nor the one planned does, is no longer declared either. Can be given several times.",
)
into = click.option(
    "--into",
    type=click.Path(file_okay=False),
    default=".",
    callback=as_path,
    metavar="DIR",
    help="Folder that files are written below.  [default: the current one]",
)
_shard = click.option(
    "--shard",
    metavar="K/N",
    help="Only the K-th of N parts, which together are everything; no artifact is in two of them.",
)
_verbose = click.option(
    "-v",
    "--verbose",
    is_flag=True,
    default=lambda: os.environ.get("RUNNER_DEBUG") == "1",
    help="Tell where requests go: host, proxy, certificates, and what gave the token.",
)


def _combine(*decorators: Callable[[Any], Any]) -> Callable[[Command], Command]:
    def decorate(command: Command) -> Command:
        for decorator in reversed(decorators):
            command = decorator(command)
        return command

    return decorate


def merge_options(
    name: str, build: Callable[..., object], *declared: Callable[[Any], Any]
) -> Callable[[Command], Command]:
    """Options that a command gets as one value.

    Args:
        name: of the command's argument.
        build: makes the value; its arguments have the names of the options, which the command then does not
            get. An argument with a default may be of an option that the command does not have.
        declared: the options, unless the command declares them, for another order in its help.
    """
    names = signature(build).parameters.keys()

    def decorate(command: Command) -> Command:
        @wraps(command)
        def call(*arguments: Any, **options: Any) -> Any:
            taken = {option: options.pop(option) for option in names & options.keys()}
            return command(*arguments, **{name: build(**taken)}, **options)

        return _combine(*declared)(call)  # type: ignore[return-value]  # it takes what click gives

    return decorate


def _make_selection(*, paths: Sequence[Path], ref: str | None, repo: str | None) -> Selection:
    from reconciler.workflow.read import Selection

    return Selection(paths, ref, repo)


def _make_selector(*, select: tuple[str, ...], shard: str | None) -> Selector:
    from reconciler.compare.selector import Selector, Shard

    return Selector(select, Shard.parse(shard) if shard is not None else None)


def _make_pruning(*, prune: bool, prune_used: bool) -> Pruning:
    from reconciler.planning.orphans import Pruning

    unused = Pruning.UNUSED if prune else Pruning.NONE
    return Pruning.ALL if prune_used else unused


def _make_plan_options(
    *,
    selection: Selection,
    selector: Selector,
    pruning: Pruning,
    owned_by: tuple[str, ...],
    allow_mass_change: bool,
    timeout: float,
) -> PlanOptions:
    from reconciler.workflow.options import PlanOptions

    return PlanOptions(selection, selector, pruning, owned_by, allow_mass_change, timeout)


class ConnectionOptions(NamedTuple):
    """Which control plane is meant, by the options of `connection`.

    Args:
        host: its address; `None` for the one of the credentials file.
        api: the flavour of its API, or `auto`.
        verbose: whether the way to it is printed.
    """

    host: str | None
    api: str
    verbose: bool


def find_terminal(context: click.Context) -> Terminal:
    """The terminal that a command prints through, which the boundary gave to click."""
    terminal: Terminal = context.obj
    return terminal


def _set_plain(context: click.Context, _parameter: click.Parameter, given: bool) -> None:  # noqa: FBT001  so click calls it
    if given:
        find_terminal(context).is_plain = True


def _set_quiet(context: click.Context, _parameter: click.Parameter, given: bool) -> None:  # noqa: FBT001  as above
    if given:
        find_terminal(context).is_quiet = True


def _set_log_format(context: click.Context, _parameter: click.Parameter, given: str) -> None:
    find_terminal(context).is_logged = given == "json"


_logging = click.option(
    "--log-format",
    envvar="RECONCILER_LOG_FORMAT",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    expose_value=False,
    is_eager=True,  # errors in other options are printed so as well
    callback=_set_log_format,
    help="How stderr is written: json for one object a line.  [env: RECONCILER_LOG_FORMAT]",
)
_no_color = click.option(
    "--no-color",
    is_flag=True,
    expose_value=False,
    callback=_set_plain,
    help="Print without colour, as with NO_COLOR; FORCE_COLOR has files and pipes coloured too.",
)
_quiet = click.option(
    "-q",
    "--quiet",
    is_flag=True,
    expose_value=False,
    callback=_set_quiet,
    help="Print only errors and the data asked for: no notes, no warnings, no progress.",
)
full = click.option(
    "--full", is_flag=True, help="As text, show every change with its fields, and long values as they are."
)

mass_change = click.option(
    "--allow-mass-change",
    is_flag=True,
    help="Allow more than 30 % of the registered versions in scope to be updated, or deleted, at once.",
)


def choose_output(*formats: str) -> Callable[[Command], Command]:
    """`--format`: text, or one of those that the command prints beside it."""
    return click.option(
        "--format",
        "output_format",
        type=click.Choice(["text", *formats]),
        default="text",
        show_default=True,
        help="How to print.",
    )


class PastOptions(NamedTuple):
    """What a run may use of earlier commits and runs, by the options of `choose_base` and `cache`.

    Args:
        base: the commit that a branch is compared with, if the caller names one.
        cache: whether what was read is remembered; `None` where the caller does not say.
    """

    base: str | None
    cache: bool | None


def choose_base(what: str) -> Callable[[Command], Command]:
    """`--base`: the commit that a branch is compared with, and what for."""
    return click.option("--base", metavar="REV", shell_complete=complete_refs, help=what)


cache = click.option(
    "--cache/--no-cache",
    default=None,
    help="Remember what was read, in ~/.cache/reconciler, so that the next run need not parse it again."
    "  [default: yes, unless CI is set]",
)
selection = merge_options("selection", _make_selection, _paths, _ref, _repo)
select = merge_options("selector", _make_selector, _select, _shard)
prune = merge_options("pruning", _make_pruning, _prune, _prune_used)
connection = merge_options("connection", ConnectionOptions, _host, _api, _verbose)
printing = _combine(_quiet, _logging, _no_color, click.pass_obj, watch_runs)
"""The options of every command that prints; its first argument is the terminal."""
past = merge_options("past", PastOptions)
"""Of `base` and `cache`."""
plan_options = merge_options("asked", _make_plan_options)
"""Of `selection`, `select`, `prune`, `owned_by`, `mass_change` and `timeout`."""

summary = click.option(
    "--summary",
    is_flag=True,
    help="In a job of GitHub Actions, add to the summary of the step, however the command ends, and set its"
    " outputs: exit_code and, of plan and apply, changes, create, update, delete, conflict and digest.",
)
