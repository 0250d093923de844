"""A server on loopback that breaks off, stalls and lies: HTTP over raw sockets, at a script's word.

A script is called for each request before a byte of it is read, so that it can end the connection at
any point: before reading, after the head, after the body, after some bytes of the answer. Nothing
outlives the `with` block: whatever a script waits for, it waits no longer than `LONGEST` seconds.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeAlias
from urllib.parse import parse_qsl, urlsplit

LONGEST = 30.0
_SILENCE = 0.5
_MOST_HEAD = 1024 * 1024
_CHUNK = 64 * 1024


@dataclass(slots=True)
class Received:
    """One request as it arrived.

    Args:
        method: its method.
        path: its target, without the query.
        query: the query, decoded.
        headers: by lower-case name.
        body: as much of its body as was read.
        is_whole: whether all of the body was read.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""
    is_whole: bool = False


class _Over(Exception):  # noqa: N818  ends a script, not a mistake
    """The connection is done with."""


class Exchange:
    """One request, and the connection that it comes over, as a script sees them.

    Args:
        connection: the connection.
        server: what the request is noted at.
        heard: where every byte is noted that is read.
    """

    def __init__(self, connection: socket.socket, server: RawServer, heard: bytearray) -> None:
        self._connection = connection
        self._server = server
        self._heard = heard
        self._rest = b""
        self._request: Received | None = None

    def begins_with(self, word: bytes) -> bool:
        """Whether the request begins so; nothing is read."""
        return self._connection.recv(len(word), socket.MSG_PEEK) == word

    @property
    def head(self) -> Received:
        """The request without its body, which stays unread."""
        if self._request is None:
            while b"\r\n\r\n" not in self._rest and len(self._rest) < _MOST_HEAD:
                self._rest += self._more()
            head, _, self._rest = self._rest.partition(b"\r\n\r\n")
            self._request = _parsed(head)
            self._server.requests.append(self._request)
        return self._request

    @property
    def request(self) -> Received:
        """The whole request."""
        request = self.head
        length = int(request.headers.get("content-length", "0"))
        while not request.is_whole:
            request.body, request.is_whole = self._rest[:length], len(self._rest) >= length
            if not request.is_whole:
                self._rest += self._more()
        return request

    @property
    def number(self) -> int:
        """Which of its connection's requests this is, from 1."""
        assert self.head.method
        return self._heard.count(b" HTTP/1.1\r\n")

    def listen(self) -> None:
        """Read on, until the other side ends the connection or has nothing more to say."""
        self._connection.settimeout(_SILENCE)
        while True:
            self._more()

    def overhear(self, tls: ssl.SSLContext) -> None:
        """Go on in TLS, and listen: there is something to hear only if the certificate is trusted."""
        with tls.wrap_socket(self._connection, server_side=True) as self._connection:
            self.listen()

    def send(self, data: bytes) -> None:
        """Send."""
        self._connection.sendall(data)

    def send_all(self, parts: Iterable[bytes], every: float = 0.0) -> None:
        """Send one part after another, with a pause after each, for as long as anybody listens."""
        for part in parts:
            self.send(part)
            if every:
                self.wait(every)

    def wait(self, seconds: float = LONGEST) -> None:
        """Do nothing for a while; the end of the server ends it, and the connection."""
        if self._server.ending.wait(min(seconds, LONGEST)):
            raise _Over

    def stall(self) -> None:
        """Say nothing more, and keep the connection open."""
        self.wait()
        raise _Over

    def close(self) -> None:
        """End the connection in the orderly way."""
        self._connection.shutdown(socket.SHUT_WR)
        raise _Over

    def reset(self) -> None:
        """Break the connection off: the other side gets a reset, not an end."""
        self.abort()
        raise _Over

    def abort(self) -> None:
        """Break the connection off, and go on without it."""
        self._connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._server.forget(self._connection)
        self._connection.close()

    def _more(self) -> bytes:
        data = self._connection.recv(_CHUNK)
        if not data:
            raise _Over
        self._heard += data
        return data


Script: TypeAlias = Callable[[Exchange], None]
"""What to do with a request."""


class RawServer:
    """A server that does what a script says, from `with` to the end of it.

    Args:
        script: what it does with each request; a connection that the script leaves open is kept.
        tls: the certificate it shows, if it speaks TLS.

    Attributes:
        url: where it listens.
        port: the same, as a number.
        requests: what arrived, in order; of a request that no script looked at, nothing.
        connections: how many were made to it, whether or not anything came over them.
        heard: what was read of each connection, of TLS what was in it.
        ending: set when it is to end.
    """

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Received] = []
        self.connections = 0
        self.heard: list[bytearray] = []
        self.ending = threading.Event()
        self._script = script
        self._tls = tls
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ending.set()
        with self._lock:
            listening = [self._listener, *self._open]
        for each in listening:
            with contextlib.suppress(OSError):
                # Of the socket below: that of TLS would first have a word with the other side.
                socket.socket.shutdown(each, socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=LONGEST)
            assert not thread.is_alive(), "a script goes on and on"
        self._listener.close()

    def of_method(self, method: str) -> list[Received]:
        """The requests of one method."""
        return [request for request in self.requests if request.method == method]

    def forget(self, connection: socket.socket) -> None:
        """Keep an eye on a connection no longer."""
        with self._lock:
            self._open.discard(connection)

    def _start(self, target: Callable[..., None], *given: object) -> None:
        thread = threading.Thread(target=target, args=given, name="raw server", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
                self._open.add(connection)
            self._start(self._talk, connection)

    def _talk(self, connection: socket.socket) -> None:
        connection.settimeout(LONGEST)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        spoken = connection
        heard = bytearray()
        self.heard.append(heard)
        # The other side may leave at any point: that is what many tests are about.
        try:
            with contextlib.suppress(_Over, OSError):
                if self._tls is not None:
                    spoken = self._tls.wrap_socket(
                        connection, server_side=True, do_handshake_on_connect=False
                    )
                    with self._lock:
                        self._open = (self._open - {connection}) | {spoken}
                    spoken.do_handshake()
                while not self.ending.is_set() and _has_more(spoken):
                    self._script(Exchange(spoken, self, heard))
        finally:
            self.forget(spoken)
            spoken.close()


def closed_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def _has_more(connection: socket.socket) -> bool:
    """Wait for a first byte; TLS can not peek, so there the script finds out."""
    return isinstance(connection, ssl.SSLSocket) or bool(connection.recv(1, socket.MSG_PEEK))


def _parsed(head: bytes) -> Received:
    first, *lines = head.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ")
    parts = urlsplit(target)
    pairs = (line.partition(":") for line in lines)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return Received(method, parts.path, dict(parse_qsl(parts.query)), headers)
