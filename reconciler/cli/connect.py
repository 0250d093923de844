"""Which control plane the caller means, and by which token: options, environment, credentials file.

Nothing is read from the repository. A token goes to the host that it was given for.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, Self

from reconciler.cli.options import ConnectionOptions
from reconciler.client.requests.connection import (
    Connection,
    is_on_this_machine,
    normalise_host,
    normalise_token,
)
from reconciler.client.requests.tracing import Trace
from reconciler.errors import SettingsError
from reconciler.terminal.terminal import Terminal
from reconciler.workflow.control_plane import EMBEDDED, ControlPlane, open_embedded

_HOST = "TFY_HOST"
_TOKEN = "TFY_API_KEY"  # noqa: S105  the name of a variable, not a token
_CREDENTIALS = "~/.truefoundry/credentials.json"
_SET_BOTH = "set TFY_HOST and TFY_API_KEY, or run tfy login --host https://HOST"


@contextmanager
def connect(terminal: Terminal, options: ConnectionOptions) -> Iterator[ControlPlane]:
    """The control plane that the caller means; with --verbose, the way to it is printed on stderr.

    Raises:
        SettingsError: as `open_control_plane`.
        ControlPlaneError: the environment names a proxy that can not be used, and the way is asked for.
    """
    with open_control_plane(terminal, options.host, options.api) as plane:
        if options.verbose:
            print_details(terminal, plane)
        yield plane


@contextmanager
def open_control_plane(terminal: Terminal, host: str | None, api: str) -> Iterator[ControlPlane]:
    """The control plane that the caller means.

    Args:
        terminal: learns the token, and prints warnings.
        host: from `--host` or `TFY_HOST`; `None` for the one of the credentials file.
        api: the flavour of its API, or `auto`.

    Raises:
        SettingsError: host or token are missing or malformed.
    """
    _leave_out_command_line()
    if host is not None and host.startswith(EMBEDDED):
        file = host.removeprefix(EMBEDDED).partition("?")[0]
        is_new = not Path(file).exists()
        with open_embedded(host, api) as found:
            if is_new:
                keep_out_of_git(terminal, file)
            yield found
    else:
        yield _find_remote(terminal, host, api)


def print_details(terminal: Terminal, plane: ControlPlane) -> None:
    """Print the way to a control plane on stderr, for --verbose.

    Raises:
        ControlPlaneError: the environment names a proxy that can not be used.
    """
    for line in plane.details():
        terminal.print_note(line)


def keep_out_of_git(terminal: Terminal, db: str) -> None:
    """Have git ignore the file of a registry, or print how that is done."""
    from reconciler.workflow import registry_file

    if not registry_file.keep_out_of_git(Path(db)):
        name = Path(db).name
        advice = f"add /{name}* to the .gitignore beside it, or give it a folder of its own"
        terminal.print_note(f"warning: git would commit {db}: {advice}, e.g. .registry/{name}")


def is_any_named(terminal: Terminal, host: str | None) -> bool:
    """Whether the caller names any control plane, even one that can not be reached.

    Args:
        terminal: learns the token.
        host: as for `open_control_plane`.

    Raises:
        SettingsError: the credentials file is malformed.
    """
    if host is not None or _TOKEN in os.environ or _HOST in os.environ:
        return True
    return _read_credentials(terminal) is not None


def _leave_out_command_line() -> None:
    """Have httpx loaded without the command line that it brings.

    That one loads rich and pygments wherever they are installed, which takes longer than all the rest.
    """
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # so Python documents it


def _find_remote(terminal: Terminal, host: str | None, api: str) -> ControlPlane:
    for name in (_TOKEN, *([] if host is not None else [_HOST])):
        if os.environ.get(name) == "":
            raise SettingsError(
                f"{name} is set, and empty",
                "set it to something, or unset it; in CI, what a fork's pull request starts gets no secrets",
            )
    token, source = os.environ.get(_TOKEN), _TOKEN
    if token is not None:
        terminal.redactor.learn(token)
    if host is not None:
        address = normalise_host(host)
        if token is None:
            token, source = _find_saved_token(terminal, address)
    elif token:
        raise SettingsError(
            "TFY_API_KEY is set, but no host is", "set TFY_HOST to the address of the control plane"
        )
    elif saved := _read_credentials(terminal):
        address, token, source = saved.host, saved.access_token, _CREDENTIALS
    else:
        raise SettingsError("no control plane is set", _SET_BOTH)
    checked_token = None if token is None else normalise_token(token)
    if checked_token != token:
        terminal.print_note(f"warning: the token in {source} has white space around it, which is left out")
    return ControlPlane(Connection(address, api, checked_token, _find_trace(terminal)), source=source)


def _find_saved_token(terminal: Terminal, address: str) -> tuple[str | None, str]:
    """The token that was saved for a control plane, and where it was; none for a registry on this machine.

    Raises:
        SettingsError: none was saved for it.
    """
    saved = _read_credentials(terminal)
    if saved and saved.host == address:
        return saved.access_token, _CREDENTIALS
    if is_on_this_machine(address):  # an embedded registry asks for none by default
        return None, ""
    raise SettingsError(f"no token for {address}", f"set TFY_API_KEY, or run tfy login --host {address}")


def _find_trace(terminal: Terminal) -> Trace | None:
    """The trace that the caller is in, as its environment says."""
    given = os.environ.get("TRACEPARENT")
    if not given:
        return None
    try:
        return Trace.parse(given, os.environ.get("TRACESTATE", ""))
    except SettingsError as error:
        terminal.print_note(f"warning: TRACEPARENT is left out: {error}")
        return None


class _Credentials(NamedTuple):
    """What `tfy login` saves; it is read and never written."""

    host: str
    access_token: str

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """The credentials in the bytes of a file.

        Raises:
            ValueError: there are none.
        """
        import json

        with suppress(RecursionError):
            match json.loads(data):
                case {"host": str(host), "access_token": str(token)}:
                    return cls(host, token)
        raise ValueError


def _read_credentials(terminal: Terminal) -> _Credentials | None:
    try:
        file = Path(_CREDENTIALS).expanduser()
    except RuntimeError:  # the user has no home folder
        return None
    try:
        saved = _Credentials.parse(file.read_bytes())
        terminal.redactor.learn(saved.access_token)
        return saved._replace(host=normalise_host(saved.host))
    except FileNotFoundError:
        return None
    except SettingsError as error:
        raise SettingsError(f"{_CREDENTIALS}: {error}", "run tfy login again") from None
    except OSError as error:
        raise SettingsError(f"can not read {_CREDENTIALS}: {error.strerror}", _SET_BOTH) from None
    except ValueError:
        # The error's own text may quote the file, which holds a token.
        raise SettingsError(f"{_CREDENTIALS} has no host and access_token", "run tfy login again") from None
