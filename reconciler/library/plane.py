"""The control plane that a program means."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

from reconciler.client.requests.connection import Connection, normalise_host, normalise_token
from reconciler.errors import SettingsError
from reconciler.wire.routes import AUTO, FLAVOURS
from reconciler.workflow.control_plane import EMBEDDED, ControlPlane, open_embedded


@contextmanager
def connect(
    host: str, *, token: str | None = None, api: Literal["auto", "ml", "svc"] = "auto"
) -> Iterator[ControlPlane]:
    """A control plane, to plan against and to apply to within `with`. Nothing is sent yet.

    Args:
        host: its https address; or `sqlite:///FILE` for the embedded one, which takes no token.
        token: for it; no representation shows it.
        api: the flavour of the API; `auto` takes the one that is served.

    Raises:
        SettingsError: host or token are missing or malformed.
    """
    if api not in {AUTO, *FLAVOURS}:
        raise SettingsError(
            f"there is no api {ascii(api)[:20]}", f"give one of {', '.join((AUTO, *FLAVOURS))}"
        )
    if host.startswith(EMBEDDED):
        with open_embedded(host, api) as plane:
            yield plane
        return
    address = normalise_host(host)
    if token is None:
        raise SettingsError(f"no token for {address}", "give one: token=...")
    yield ControlPlane(Connection(address, api, normalise_token(token)), source="the caller")
