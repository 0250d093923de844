"""What editors use, without an editor: the language server for YAML, by LSP, and programs for Node.js."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import pytest

from tests.support.cli import SECONDS

_ROOT = Path(__file__).parents[2]
NODE_MODULES = _ROOT / ".venv/editor/node_modules"
_SERVER = NODE_MODULES / "yaml-language-server/bin/yaml-language-server"
_NODE = Path(sys.executable).parent / "node"
_SETTINGS = {
    "yaml": {"validate": True, "hover": True, "completion": True, "schemaStore": {"enable": False, "url": ""}}
}
"""Nothing is looked up elsewhere; the rest is as editors have it from the start."""
_ENDS_WITHIN = 10


def run_node(*arguments: str, folder: Path) -> str:
    """Run a program for Node.js to its end, and give all that it printed."""
    ended = subprocess.run(
        [_NODE, *arguments],
        cwd=folder,
        env={},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return ended.stdout


class Diagnostic(NamedTuple):
    """What is underlined: a line, counted from 1, and what is said of it."""

    line: int
    message: str


class LanguageServer:
    """A server and one open folder, from `with` to the end of it.

    Args:
        folder: what an editor has open.
    """

    def __init__(self, folder: Path) -> None:
        if not _SERVER.exists():
            pytest.fail("the language server is not installed; run .ci/test, which sets it up")
        self._folder = folder
        self._ids = count(1)
        self._process = subprocess.Popen(
            [_NODE, _SERVER, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder, env={}
        )

    def __enter__(self) -> Self:
        root = self._folder.as_uri()
        self._ask(
            "initialize",
            {
                "processId": None,
                "rootUri": root,
                "workspaceFolders": [{"uri": root, "name": "team"}],
                "capabilities": {
                    "workspace": {"configuration": True, "workspaceFolders": True},
                    "textDocument": {"hover": {"contentFormat": ["plaintext"]}},
                },
            },
        )
        self._tell("initialized", {})
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._ask("shutdown", None)
            self._tell("exit", None)
        finally:
            self._process.communicate(timeout=_ENDS_WITHIN)

    def diagnostics(self, files: Mapping[Path, str]) -> dict[Path, list[Diagnostic]]:
        """What is underlined in files that say this, in order of lines, once the server has looked at all."""
        left = {file.as_uri(): file for file in files}
        for uri, file in left.items():
            document = {"uri": uri, "languageId": "yaml", "version": 1, "text": files[file]}
            self._tell("textDocument/didOpen", {"textDocument": document})
        found: dict[Path, list[Diagnostic]] = {}
        while left:
            message = self._next()
            if message.get("method") == "textDocument/publishDiagnostics":
                params = message["params"]
                found[left.pop(params["uri"])] = sorted(
                    Diagnostic(each["range"]["start"]["line"] + 1, each["message"])
                    for each in params["diagnostics"]
                )
        return found

    def hover(self, file: Path, line: int, column: int) -> str:
        """What is shown at a place of an open file, counted from 1."""
        found = self._ask("textDocument/hover", _at(file, line, column))
        return str(found["contents"]["value"]) if found else ""

    def completions(self, file: Path, line: int, column: int) -> dict[str, str]:
        """What is offered at a place of an open file, counted from 1, each with its description."""
        found = self._ask("textDocument/completion", _at(file, line, column))
        return {each["label"]: str(each.get("documentation", "")) for each in found["items"]}

    def _ask(self, method: str, params: Any) -> Any:
        number = next(self._ids)
        self._send({"id": number, "method": method, "params": params})
        while True:
            message = self._next()
            if message.get("id") == number and "method" not in message:
                assert "error" not in message, message
                return message.get("result")

    def _tell(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def _send(self, message: dict[str, Any]) -> None:
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(data), data))
        self._process.stdin.flush()

    def _next(self) -> dict[str, Any]:
        """The next message; what the server itself asks is answered."""
        stdout = self._process.stdout
        assert stdout
        length = 0
        while line := stdout.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        message: dict[str, Any] = json.loads(stdout.read(length))
        if "id" in message and "method" in message:
            self._send({"id": message["id"], "result": self._answer(message)})
        return message

    def _answer(self, message: dict[str, Any]) -> Any:
        if message["method"] == "workspace/configuration":
            return [_SETTINGS.get(item["section"]) for item in message["params"]["items"]]
        return None


def _at(file: Path, line: int, column: int) -> dict[str, Any]:
    return {
        "textDocument": {"uri": file.as_uri()},
        "position": {"line": line - 1, "character": column - 1},
    }
