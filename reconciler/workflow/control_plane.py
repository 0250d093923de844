"""A control plane that a run is about: over HTTP, or the embedded one on a file, in this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from reconciler.client.requests.connection import Connection
from reconciler.errors import SettingsError
from reconciler.wire import rules

if TYPE_CHECKING:
    from reconciler.client.http import HttpReader, HttpWriter
    from reconciler.client.requests.patience import Deadline, Patience
    from reconciler.client.requests.transport import Application

EMBEDDED = "sqlite:///"
"""The beginning of the address of an embedded control plane; the path of its file follows."""
_REGISTRY_FILE = "give a file that reconciler registry made, or a new one"


@dataclass(frozen=True)
class ControlPlane:
    """A control plane that can be opened for reading, and for writing.

    Args:
        connection: where it is, and the token for it.
        app: an application that is the control plane, in this process.
        source: where the token was found, if there is one.
    """

    connection: Connection
    app: Application | None = None
    source: str = ""

    def details(self) -> Iterator[str]:
        """The way to it, a line each; nothing of it is secret.

        Raises:
            ControlPlaneError: the environment names a proxy that can not be used.
        """
        from reconciler.client.requests.proxy import find_proxy  # noqa: PLC0415  httpx, once it is used
        from reconciler.client.requests.transport import describe_trusted  # noqa: PLC0415

        yield f"control plane: {self.connection.host} (api {self.connection.api})"
        if self.app is None:
            yield f"token: {f'from {self.source}' if self.source else 'none'}"
            yield f"proxy: {find_proxy(self.connection.host) or 'none'}"
            yield f"certificate authorities: {describe_trusted()}"

    def reader(self, deadline: Deadline, patience: Patience) -> AbstractAsyncContextManager[HttpReader]:
        """Open it for reading only."""
        from reconciler.client.http import open_reader  # noqa: PLC0415  httpx, once it is used

        return open_reader(self.connection, deadline, patience, self.app)

    def writer(
        self, deadline: Deadline, patience: Patience, connections: int
    ) -> AbstractAsyncContextManager[HttpWriter]:
        """Open it for writing."""
        from reconciler.client.http import open_writer  # noqa: PLC0415  as above

        return open_writer(self.connection, deadline, patience, self.app, connections=connections)


@contextmanager
def open_embedded(address: str, api: str) -> Iterator[ControlPlane]:
    """The embedded control plane at an address, whose query may set switches.

    Args:
        address: `sqlite:///FILE`.
        api: the flavour of its API, or `auto`.

    Raises:
        SettingsError: as `open_registry`; or the address names no file.
    """
    from urllib.parse import parse_qsl  # noqa: PLC0415  few runs need it

    path, _, query = address.removeprefix(EMBEDDED).partition("?")
    if not path:
        raise SettingsError(f"{EMBEDDED} names no file", f"give it as {EMBEDDED}registry.db")
    with open_registry(path, dict(parse_qsl(query, keep_blank_values=True))) as app:
        yield ControlPlane(Connection(f"{EMBEDDED}{path}", api, None), app)


@contextmanager
def open_registry(path: str, switches: dict[str, str], token: str | None = None) -> Iterator[Application]:
    """The embedded control plane on a file, as an ASGI application.

    Args:
        path: its SQLite file, made if missing.
        switches: how it behaves where the real server's way is not known.
        token: that callers have to send, if any.

    Raises:
        SettingsError: the extra `registry` is not installed, the file is none, a switch does not exist.
    """
    embedded = _import_registry()
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
    """Create ML repos in the embedded control plane on a file, whose folder is made if missing.

    Raises:
        SettingsError: as `open_registry`; or a name is none.
    """
    import re  # noqa: PLC0415  as above
    from pathlib import Path  # noqa: PLC0415  as above

    embedded = _import_registry()
    if not all(re.fullmatch(rules.ML_REPO_NAME, name) for name in names):
        raise SettingsError("an ML repo is named by 3 to 100 letters, digits and -, a letter first")
    with suppress(OSError):  # the store raises an error of its own
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    try:
        with embedded.Store(path) as store:
            for name in names:
                store.put_ml_repo({"type": "ml-repo", "name": name})
    except embedded.StoreError as error:
        raise SettingsError(str(error), _REGISTRY_FILE) from None


def _import_registry() -> ModuleType:
    try:
        from reconciler import registry  # noqa: PLC0415  it needs packages of an extra
    except ModuleNotFoundError as error:
        hint = "install it with that extra, in a clone of reconciler: pip install '.[registry]'"
        raise SettingsError(f"the embedded registry needs {error.name}", hint) from None
    return registry
