"""Somebody who would like to have the token: a listener that takes what comes, and answers as is expected."""

from __future__ import annotations

import json

from tests.support import canary
from tests.support.fault_answers import control_plane, framed, row
from tests.support.raw_server import Exchange, RawServer


class Attacker(RawServer):
    """Plays the control plane to whoever asks, opens tunnels, and notes every byte.

    Attributes:
        address: host and port.
    """

    def __init__(self) -> None:
        super().__init__(_welcome)
        self.address = f"127.0.0.1:{self.port}"

    def assert_nothing_learned(self) -> None:
        """Whatever came, the token was not in it."""
        canary.assert_absent(*map(bytes, self.heard))

    def assert_left_alone(self) -> None:
        """Nobody came."""
        assert self.connections == 0, self.heard


def _welcome(exchange: Exchange) -> None:
    if exchange.begins_with(b"\x16"):  # a greeting in TLS
        exchange.listen()
    elif exchange.begins_with(b"CONNECT "):
        assert exchange.head.method == "CONNECT"
        exchange.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
        exchange.listen()
    else:
        _PLAYED(exchange)


def accept(exchange: Exchange) -> None:
    """Register what a `PUT` asks for, and answer so."""
    manifest = json.loads(exchange.request.body)["manifest"]
    answer = row(manifest.get("version", 1), manifest["name"]) | {"manifest": manifest}
    exchange.send(framed(json.dumps({"data": answer}).encode()))


_PLAYED = control_plane(put=accept)
