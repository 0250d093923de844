"""A git server on loopback, as hosts of repositories are: git's own smart HTTP, over TLS."""

from __future__ import annotations

import os
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self
from urllib.parse import urlsplit

import trustme

from tests.support.certificates import issue_certificate, trust_authority


class GitServer:
    """Serves every repository below a folder, from `with` to the end of it.

    Args:
        folder: where the repositories are.
        authority: where its certificate authority is written, as `SSL_CERT_FILE` takes it.
        status: what each request gets in place of git's answer.

    Attributes:
        requests: the lines of the requests that arrived.
        headers: what came with them.
    """

    def __init__(self, folder: Path, authority: Path, status: int | None = None) -> None:
        certificate_authority = trustme.CA()
        trust_authority(certificate_authority, authority)
        self.requests: list[str] = []
        self.headers: list[str] = []

        class Handler(_Handler):
            root, fixed_status, requests, all_headers = folder, status, self.requests, self.headers

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        context = issue_certificate(certificate_authority, "localhost")
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"https://localhost:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    """Hands each request to `git http-backend`, as a web server does."""

    root: ClassVar[Path]
    fixed_status: ClassVar[int | None]
    requests: ClassVar[list[str]]
    all_headers: ClassVar[list[str]]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the standard library's name
        """Say nothing."""

    def _answer(self) -> None:
        self.requests.append(self.requestline)
        self.all_headers.append(str(self.headers))
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        if self.fixed_status is not None:
            self._send(
                self.fixed_status, {"Content-Length": "0", "WWW-Authenticate": 'Basic realm="team"'}, b""
            )
            return
        head, _, content = self._backend(body).partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().splitlines())
        status = int(fields.pop("Status", "200").split()[0])
        self._send(status, {**fields, "Content-Length": str(len(content))}, content)

    def _backend(self, body: bytes) -> bytes:
        target = urlsplit(self.path)
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_COUNT": "3",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
            "GIT_CONFIG_KEY_1": "uploadpack.allowFilter",
            "GIT_CONFIG_VALUE_1": "true",
            "GIT_CONFIG_KEY_2": "uploadpack.allowAnySHA1InWant",
            "GIT_CONFIG_VALUE_2": "true",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": target.path,
            "QUERY_STRING": target.query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        return subprocess.run(
            ["git", "http-backend"], input=body, env=environment, capture_output=True, check=False
        ).stdout

    def _send(self, status: int, fields: dict[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
