"""Which control plane, and by which token: the rules for both."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from reconciler.errors import SettingsError
from reconciler.wire.routes import Flavour

_PORTS = {"https": 443, "http": 80}
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Connection:
    """A control plane and the token for it, which no representation shows."""

    host: str
    flavour: Flavour
    token: str | None = field(repr=False)


def checked_host(url: str) -> str:
    """The address in one spelling: lower case, no port that the scheme implies, no trailing slash.

    Raises:
        SettingsError: it is no https address of a host alone (http is for this machine only).
    """
    hint = "give it as https://HOST, e.g. https://example.com"
    if not url:
        raise SettingsError("the host is empty", hint)
    if not url.isascii() or not url.isprintable() or any(mark in url for mark in "\\ @?#"):
        raise SettingsError(f"{_shown(url)} is no address of a control plane", hint)
    try:
        parts = urlsplit(url)
        name, port = parts.hostname, parts.port
    except ValueError:
        raise SettingsError(f"{_shown(url)} is no address of a control plane", hint) from None
    if parts.scheme not in {"https", "http"} or not name:
        raise SettingsError(f"{_shown(url)} is no address of a control plane", hint)
    if parts.scheme == "http" and name not in LOOPBACK:
        raise SettingsError(
            f"{_shown(url)} would send the token in the clear",
            f"use https://{parts.netloc} (http is for this machine only)",
        )
    if parts.path.rstrip("/"):
        raise SettingsError(f"{_shown(url)} has a path behind the host", hint)
    host = f"[{name}]" if ":" in name else name
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in {None, _PORTS[parts.scheme]} else "")


def checked_token(token: str) -> str:
    """The token without the white space that a file or a secret store left around it.

    Raises:
        SettingsError: it is empty, or holds what no HTTP header can.
    """
    stripped = token.strip()
    if not stripped:
        raise SettingsError("the token is empty", "set TFY_API_KEY to a personal or virtual account token")
    if not stripped.isascii() or not stripped.isprintable() or " " in stripped:
        raise SettingsError("the token holds characters that no token has", "copy it again into TFY_API_KEY")
    return stripped


def _shown(url: str) -> str:
    """The address as it can be printed: without what stands before an @, which may be a password."""
    return ascii(url.rpartition("@")[2][:100])[1:-1]
