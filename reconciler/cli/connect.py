"""Which control plane the caller means, and by which token: options, environment, credentials file.

Nothing of the repository is asked. A token goes to the host that it was given for.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple, Self

from reconciler.cli import redact
from reconciler.cli.output import print_note
from reconciler.client.connection import Connection, checked_host, checked_token
from reconciler.errors import SettingsError
from reconciler.wire import rules
from reconciler.wire.routes import FLAVOURS

if TYPE_CHECKING:
    from reconciler.client.http import HttpReader, HttpWriter
    from reconciler.client.patience import Deadline, Patience
    from reconciler.client.transport import Application

EMBEDDED = "sqlite:///"
_TOKEN = "TFY_API_KEY"  # noqa: S105  the name of a variable, not a token
_CREDENTIALS = "~/.truefoundry/credentials.json"
_REGISTRY_FILE = "give a file that reconciler registry made, or a new one"
_SET_BOTH = "set TFY_HOST and TFY_API_KEY, or run tfy login --host https://HOST"


@dataclass(frozen=True)
class ControlPlane:
    """A control plane that can be opened for reading, and for writing.

    Args:
        connection: where it is, and the token for it.
        app: an application that is the control plane, in this process.
        source: what gave the token, if anything did.
    """

    connection: Connection
    app: Application | None = None
    source: str = ""

    def details(self) -> Iterator[str]:
        """The way to it, a line each; nothing of it is secret.

        Raises:
            ControlPlaneError: the environment names a proxy that can not be used.
        """
        from reconciler.client.transport import proxy_shown, trusted_shown

        yield f"control plane: {self.connection.host} (api {self.connection.flavour.name})"
        if self.app is None:
            yield f"token: from {self.source}"
            yield f"proxy: {proxy_shown(self.connection.host) or 'none'}"
            yield f"certificate authorities: {trusted_shown()}"

    def reader(self, deadline: Deadline, patience: Patience) -> AbstractAsyncContextManager[HttpReader]:
        """Open it for reading only."""
        _leave_out_command_line()
        from reconciler.client.http import open_reader

        return open_reader(self.connection, deadline, patience, self.app)

    def writer(
        self, deadline: Deadline, patience: Patience, connections: int
    ) -> AbstractAsyncContextManager[HttpWriter]:
        """Open it for writing."""
        _leave_out_command_line()
        from reconciler.client.http import open_writer

        return open_writer(self.connection, deadline, patience, self.app, connections=connections)


def _leave_out_command_line() -> None:
    """Have httpx loaded without the command line that it brings.

    That one loads rich and pygments wherever they are installed, which takes longer than all the rest.
    """
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # so Python documents it


@contextmanager
def control_plane(host: str | None, api: str) -> Iterator[ControlPlane]:
    """The control plane that the caller means.

    Args:
        host: from `--host` or `TFY_HOST`; `None` for the one of the credentials file.
        api: the flavour of its API.

    Raises:
        SettingsError: host or token are missing or malformed.
    """
    if host is not None and host.startswith(EMBEDDED):
        with _embedded(host, api) as found:
            yield found
    else:
        yield _remote(host, api)


def _remote(host: str | None, api: str) -> ControlPlane:
    token, source = os.environ.get(_TOKEN), _TOKEN
    if token is not None:
        redact.learn(token)
    if host is not None:
        address = checked_host(host)
        if token is None:
            saved = _saved_credentials()
            if saved is None or saved.host != address:
                raise SettingsError(
                    f"no token for {address}", f"set TFY_API_KEY, or run tfy login --host {address}"
                )
            token, source = saved.access_token, _CREDENTIALS
    elif token:
        raise SettingsError(
            "TFY_API_KEY is set, but no host is", "set TFY_HOST to the address of the control plane"
        )
    elif saved := _saved_credentials():
        address, token, source = saved.host, saved.access_token, _CREDENTIALS
    else:
        raise SettingsError("no control plane is set", _SET_BOTH)
    checked = checked_token(token)
    if checked != token:
        print_note(f"warning: the token in {source} has white space around it, which is left out")
    return ControlPlane(Connection(address, FLAVOURS[api], checked), source=source)


class _Credentials(NamedTuple):
    """What `tfy login` leaves; it is read and never written."""

    host: str
    access_token: str

    @classmethod
    def of(cls, data: bytes) -> Self:
        """What a file says.

        Raises:
            ValueError: it says something else.
        """
        import json

        try:
            document = json.loads(data)
        except RecursionError:
            raise ValueError from None
        if not isinstance(document, dict):
            raise ValueError  # noqa: TRY004  it is the file that is wrong
        host, token = document.get("host"), document.get("access_token")
        if not isinstance(host, str) or not isinstance(token, str):
            raise ValueError  # noqa: TRY004  as above
        return cls(host, token)


def _saved_credentials() -> _Credentials | None:
    file = Path(_CREDENTIALS).expanduser()
    try:
        saved = _Credentials.of(file.read_bytes())
        redact.learn(saved.access_token)
        return saved._replace(host=checked_host(saved.host))
    except FileNotFoundError:
        return None
    except SettingsError as error:
        raise SettingsError(f"{_CREDENTIALS}: {error}", "run tfy login again") from None
    except OSError as error:
        raise SettingsError(f"can not read {_CREDENTIALS}: {error.strerror}", _SET_BOTH) from None
    except ValueError:
        # The error's own text may quote the file, which holds a token.
        raise SettingsError(f"{_CREDENTIALS} has no host and access_token", "run tfy login again") from None


@contextmanager
def _embedded(address: str, api: str) -> Iterator[ControlPlane]:
    from urllib.parse import parse_qsl

    path, _, query = address.removeprefix(EMBEDDED).partition("?")
    if not path:
        raise SettingsError(f"{EMBEDDED} names no file", f"give it as {EMBEDDED}registry.db")
    with open_registry(path, dict(parse_qsl(query, keep_blank_values=True))) as app:
        yield ControlPlane(Connection(f"{EMBEDDED}{path}", FLAVOURS[api], None), app)


@contextmanager
def open_registry(path: str, switches: dict[str, str], token: str | None = None) -> Iterator[Application]:
    """The embedded control plane on a file, as an ASGI application.

    Args:
        path: its SQLite file, made if missing.
        switches: how it behaves where the real server's way is not known.
        token: what callers have to show, if anything.

    Raises:
        SettingsError: the extra `registry` is not installed, the file is none, a switch does not exist.
    """
    embedded = _registry()
    try:
        behaviour = embedded.Behaviour.from_switches(switches)
        store = embedded.Store(path)
    except ValueError as error:
        raise SettingsError(str(error), "reconciler registry serve --help lists them") from None
    except embedded.StoreError as error:
        raise SettingsError(str(error), _REGISTRY_FILE) from None
    with store:
        yield embedded.create_app(store, behaviour, token)


def create_ml_repos(path: str, names: Sequence[str]) -> None:
    """Create ML repos in the embedded control plane on a file.

    Raises:
        SettingsError: as `open_registry`; or a name is none.
    """
    import re

    embedded = _registry()
    if not all(re.fullmatch(rules.ML_REPO_NAME, name) for name in names):
        raise SettingsError("an ML repo is named by 3 to 100 letters, digits and -, a letter first")
    try:
        with embedded.Store(path) as store:
            for name in names:
                store.put_ml_repo({"type": "ml-repo", "name": name})
    except embedded.StoreError as error:
        raise SettingsError(str(error), _REGISTRY_FILE) from None


def _registry() -> ModuleType:
    try:
        from reconciler import registry
    except ModuleNotFoundError as error:
        hint = "pip install 'reconciler[registry]'"
        raise SettingsError(f"the embedded registry needs {error.name}", hint) from None
    return registry
