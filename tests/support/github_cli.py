"""A stand-in for GitHub's command line tool `gh`: one repository's comments and issues, kept in a file.

It knows the calls that the action and the example pipelines make, and refuses every other. What they filter
by is read from the filter itself, since jq is not everywhere.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

_STATE = "STAND_IN_FOR_GITHUB"
_MARKER = re.compile(
    r'select\(\.viewerDidAuthor and \(\.body \| startswith\("([^"\\]+)"\)\)\) \| \.databaseId$'
)


class GitHub:
    """What the stand-in knows, in a folder of the test's.

    Args:
        folder: for the stand-in and its state.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        program = folder / "gh"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -IS "{__file__}" "$@"\n')
        program.chmod(0o755)
        self.path = folder
        self._file = folder / "state.json"
        self.set(calls=0, may_write=True, comments=[], issues=[])

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to find the state."""
        return {_STATE: str(self._file)}

    def __getitem__(self, name: str) -> Any:
        """A part of the state: `calls`, `may_write`, `comments` or `issues`."""
        return json.loads(self._file.read_text())[name]

    def set(self, **parts: Any) -> None:
        """Set parts of the state."""
        before = json.loads(self._file.read_text()) if self._file.exists() else {}
        self._file.write_text(json.dumps({**before, **parts}))


def _called(state: dict[str, Any], arguments: list[str]) -> str:
    """Do what is asked; what is printed.

    Raises:
        PermissionError: the token can only read.
        ValueError: it is none of the known calls.
    """
    comments, issues = state["comments"], state["issues"]
    match arguments:
        case ["api", "graphql", *_, jq] if found := _MARKER.search(jq):
            return _lines(
                comment["databaseId"]
                for comment in comments
                if comment["viewerDidAuthor"] and comment["body"].startswith(found[1])
            )
        case ["issue", "list", *_, "map(select(.title == env.TITLE))[0].number // empty"]:
            open_ones = [issue for issue in issues if issue["title"] == os.environ["TITLE"] and issue["open"]]
            return _lines(issue["number"] for issue in open_ones[:1])
        case _ if not state["may_write"]:
            raise PermissionError
        case ["api", "--silent", "--method", "PATCH", path, "-F", body]:
            number = int(path.removeprefix("repos/example/models/issues/comments/"))
            (comment,) = (comment for comment in comments if comment["databaseId"] == number)
            comment["body"] = _content(body)
        case ["api", "--silent", "--method", "POST", "repos/example/models/issues/7/comments", "-F", body]:
            new = {"databaseId": 100 + len(comments), "viewerDidAuthor": True, "body": _content(body)}
            comments.append(new)
        case ["issue", "create", "--title", title, "--body-file", file]:
            issue = {"number": len(issues) + 1, "title": title, "body": Path(file).read_text(), "open": True}
            issues.append(issue)
        case ["issue", "edit", number, "--body-file", file]:
            issues[int(number) - 1]["body"] = Path(file).read_text()
        case ["issue", "close", number, "--comment", _]:
            issues[int(number) - 1]["open"] = False
        case _:
            raise ValueError(arguments)
    return ""


def _lines(numbers: Any) -> str:
    return "".join(f"{number}\n" for number in numbers)


def _content(body: str) -> str:
    """What the argument `body=@FILE` stands for."""
    return Path(body.removeprefix("body=@")).read_text()


def _main() -> int:
    file = Path(os.environ[_STATE])
    state = json.loads(file.read_text())
    state["calls"] += 1
    try:
        sys.stdout.write(_called(state, sys.argv[1:]))
    except PermissionError:
        sys.stderr.write("gh: Resource not accessible by integration (HTTP 403)\n")
        return 1
    finally:
        file.write_text(json.dumps(state))
    return 0


if __name__ == "__main__":
    sys.exit(_main())
