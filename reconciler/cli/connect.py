"""Which control plane the caller means, and by which token: options, environment, credentials file.

Nothing of the repository is asked. A token goes to the host that it was given for.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from urllib.parse import parse_qsl

from pydantic import BaseModel, TypeAdapter, ValidationError

from reconciler.cli import redact
from reconciler.cli.output import print_note
from reconciler.client.connection import Connection, checked_host, checked_token
from reconciler.client.http import HttpReader, HttpWriter, open_reader, open_writer
from reconciler.client.patience import Deadline, Patience
from reconciler.client.transport import Application, proxy_shown, trusted_shown
from reconciler.errors import SettingsError
from reconciler.wire.fields import MlRepoName
from reconciler.wire.routes import FLAVOURS

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
        yield f"control plane: {self.connection.host} (api {self.connection.flavour.name})"
        if self.app is None:
            yield f"token: from {self.source}"
            yield f"proxy: {proxy_shown(self.connection.host) or 'none'}"
            yield f"certificate authorities: {trusted_shown()}"

    def reader(self, deadline: Deadline, patience: Patience) -> AbstractAsyncContextManager[HttpReader]:
        """Open it for reading only."""
        return open_reader(self.connection, deadline, patience, self.app)

    def writer(
        self, deadline: Deadline, patience: Patience, connections: int
    ) -> AbstractAsyncContextManager[HttpWriter]:
        """Open it for writing."""
        return open_writer(self.connection, deadline, patience, self.app, connections=connections)


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


class _Credentials(BaseModel):
    """What `tfy login` leaves; it is read and never written."""

    host: str
    access_token: str


def _saved_credentials() -> _Credentials | None:
    file = Path(_CREDENTIALS).expanduser()
    try:
        saved = _Credentials.model_validate_json(file.read_bytes())
        redact.learn(saved.access_token)
        return saved.model_copy(update={"host": checked_host(saved.host)})
    except FileNotFoundError:
        return None
    except SettingsError as error:
        raise SettingsError(f"{_CREDENTIALS}: {error}", "run tfy login again") from None
    except OSError as error:
        raise SettingsError(f"can not read {_CREDENTIALS}: {error.strerror}", _SET_BOTH) from None
    except ValidationError:
        # The error's own text would quote the file, which holds a token.
        raise SettingsError(f"{_CREDENTIALS} has no host and access_token", "run tfy login again") from None


@contextmanager
def _embedded(address: str, api: str) -> Iterator[ControlPlane]:
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
    embedded = _registry()
    name = TypeAdapter(MlRepoName)
    try:
        with embedded.Store(path) as store:
            for ml_repo in names:
                store.put_ml_repo({"type": "ml-repo", "name": name.validate_python(ml_repo)})
    except ValidationError:
        raise SettingsError("an ML repo is named by 3 to 100 letters, digits and -, a letter first") from None
    except embedded.StoreError as error:
        raise SettingsError(str(error), _REGISTRY_FILE) from None


def _registry() -> ModuleType:
    try:
        from reconciler import registry
    except ModuleNotFoundError as error:
        hint = "pip install 'reconciler[registry]'"
        raise SettingsError(f"the embedded registry needs {error.name}", hint) from None
    return registry
