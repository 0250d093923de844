"""Which control plane, and by which token: the rules for both."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING

from reconciler.client.requests.tracing import Trace
from reconciler.errors import SettingsError

if TYPE_CHECKING:
    from reconciler.client.requests.flavour import FlavourChoice
    from reconciler.client.requests.rate import Rate

_PORTS = {"https": "443", "http": "80"}
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
LARGEST_PORT = 65535

# Libraries differ in what they make of anything else: who a name before an @ or a \ belongs to, what
# stands for a dot, which number a port is.
_ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?P<name>[a-z0-9.-]+|\[[0-9a-f:.]+\])(:(?P<port>[1-9][0-9]{0,4})?)?"
    r"(?P<path>/[^\\@?#\s]*)?",
    re.ASCII | re.IGNORECASE,
)
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_MAX_NAME_CHARACTERS = 253
_HINT = "give it as https://HOST, e.g. https://example.com"


def _make_rate() -> Rate:
    from reconciler.client.requests.rate import Rate  # noqa: PLC0415  asyncio, once it is used

    return Rate()


@dataclass(frozen=True, slots=True)
class Connection:
    """A control plane and the token for it, which no representation shows.

    Args:
        host: where it is, as a URL without a path.
        api: the flavour of its API, by name; `auto` to find it out.
        token: that each request carries, if any.
        trace: that its caller is in.
        rate: that all requests to it keep to.
        flavour: that all of them use.
    """

    host: str
    api: str
    token: str | None = field(repr=False)
    trace: Trace | None = None
    rate: Rate = field(default_factory=_make_rate, repr=False, compare=False)
    flavour: FlavourChoice = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        from reconciler.client.requests.flavour import FlavourChoice  # noqa: PLC0415  asyncio, once it is used

        object.__setattr__(self, "flavour", FlavourChoice(self.api))


def normalise_host(url: str) -> str:
    """The address in one spelling: lower case, no port that the scheme implies, no trailing slash or dot.

    Raises:
        SettingsError: it is no https address of a host alone (http is for this machine only).
    """
    if not url:
        raise SettingsError("the host is empty", _HINT)
    parts = _ADDRESS.fullmatch(url)
    name = _normalise_name(parts["name"].lower()) if parts else None
    if parts is None or name is None or int(parts["port"] or 0) > LARGEST_PORT:
        raise SettingsError(
            f"{_quote_without_password(url)} is no address of a control plane", _suggest_address(url)
        )
    scheme = parts["scheme"].lower()
    port = f":{parts['port']}" if parts["port"] and parts["port"] != _PORTS[scheme] else ""
    if scheme == "http" and name.strip("[]") not in LOOPBACK:
        raise SettingsError(
            f"{_quote_without_password(url)} would send the token in the clear",
            f"use https://{name}{port} (http is for this machine only)",
        )
    if (parts["path"] or "").strip("/"):
        raise SettingsError(f"{_quote_without_password(url)} has a path behind the host", _HINT)
    return f"{scheme}://{name}{port}"


def is_on_this_machine(address: str) -> bool:
    """Whether an address, as `normalise_host` gives it, is one of this machine itself."""
    parts = _ADDRESS.fullmatch(address)
    return parts is not None and parts["name"].strip("[]") in LOOPBACK


def normalise_token(token: str) -> str:
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


def _normalise_name(name: str) -> str | None:
    """A host's name or IP address in its one spelling; `None` if it is neither."""
    try:
        if name.startswith("["):
            return f"[{IPv6Address(name[1:-1]).compressed}]"
        name = name.removesuffix(".")
        labels = name.split(".")
        # Where a name ends with a number, resolvers take it for an IPv4 address, in octal and what not.
        if _NUMBER.fullmatch(labels[-1]):
            return str(IPv4Address(name))
    except ValueError:
        return None
    return name if len(name) <= _MAX_NAME_CHARACTERS and all(map(_LABEL.fullmatch, labels)) else None


def _suggest_address(url: str) -> str:
    """What to give instead of what is no address; of a name in other letters, its form in ASCII.

    Letters of different scripts look alike, e.g. Latin and Cyrillic: in ASCII they do not.
    """
    name = re.split(r"[/:?#\\@]", url.partition("://")[2], maxsplit=1)[0]
    if name.isascii() or len(name) > _MAX_NAME_CHARACTERS:
        return _HINT
    # By the rules of IDNA 2008, but without refusing what those forbid.
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).lower()).replace("。", ".")
    if not all(
        each.isalnum() or each in "-." or unicodedata.category(each).startswith("M") for each in plain
    ):
        return _HINT
    labels = [
        label if label.isascii() else f"xn--{label.encode('punycode').decode()}" for label in plain.split(".")
    ]
    in_ascii = _normalise_name(".".join(labels))
    return f"in ASCII that host is {in_ascii}: give it so, if it is the one you mean" if in_ascii else _HINT


def _quote_without_password(url: str) -> str:
    """The address as it can be printed: without what stands before an @, which may be a password."""
    return ascii(url.rpartition("@")[2][:100])[1:-1]
