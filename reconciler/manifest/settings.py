"""`reconciler.toml`: what a repository says about how its manifests are to be read.

It can not choose a host, a token or a command: whoever opens a pull request writes it. It can only say
which host it expects, and have every other refused.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.errors import Place, Problem
from reconciler.manifest.schema import excerpt, resembles
from reconciler.model import Pointer
from reconciler.source.snapshot import SourceFile

_KEYS = ["expect_host", "ignore"]
_IDENTITY = frozenset({"type", "ml_repo", "name", "version"})
_WHERE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_ESCAPE = re.compile("~(?![01])")


@dataclass(frozen=True, slots=True)
class Settings:
    """What the file says.

    Args:
        ignore: parts of documents that are left to others, as JSON pointers taken apart.
        expect_host: the only control plane that the manifests are for, if it names one.
    """

    ignore: tuple[Pointer, ...] = ()
    expect_host: str | None = None


def load_settings(file: SourceFile | None) -> tuple[Settings, tuple[Problem, ...]]:
    """The settings of a repository, and everything that is wrong with them."""
    if file is None:
        return Settings(), ()
    try:
        table = tomllib.loads(file.data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return Settings(), (Problem(Place(file.path, 1, 1), "not UTF-8 text", "save the file as UTF-8"),)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return Settings(), (_invalid(file.path, str(error)),)
    problems = [_unknown(file, key) for key in table if key not in _KEYS]
    pointers: list[Pointer] = []
    for pointer in _pointers(table):
        taken_apart = _taken_apart(pointer)
        if taken_apart is None:
            place = _place_of(file, "ignore")
            message = (
                f"ignore holds {excerpt(str(pointer))}, which names no part of a manifest that can be left"
            )
            problems.append(Problem(place, message, "JSON pointers are text, e.g. /metadata/metrics"))
        else:
            pointers.append(taken_apart)
    host = table.get("expect_host")
    if "expect_host" in table and not isinstance(host, str):
        problems.append(
            Problem(_place_of(file, "expect_host"), "expect_host is no text", "e.g. https://example.com")
        )
        host = None
    return Settings(tuple(sorted(pointers)), host), tuple(problems)


def _pointers(table: Mapping[str, Any]) -> list[Any]:
    given = table.get("ignore", [])
    return given if isinstance(given, list) else [given]


def _taken_apart(pointer: Any) -> Pointer | None:
    """The keys and indices of a JSON pointer (RFC 6901), or `None` for what is none."""
    if not isinstance(pointer, str) or not pointer.startswith("/") or _ESCAPE.search(pointer):
        return None
    parts = tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/"))
    return None if parts[0] in _IDENTITY or not parts[0] else parts


def _unknown(file: SourceFile, key: str) -> Problem:
    match = resembles(key, _KEYS)
    hint = f"did you mean {match}?" if match else f"known keys: {', '.join(_KEYS)}"
    return Problem(_place_of(file, key), f"unknown key {excerpt(key)}", hint)


def _place_of(file: SourceFile, key: str) -> Place:
    """Where a key of the top level stands; the TOML parser keeps no positions."""
    pattern = rf"""^[ \t]*\[*[ \t]*["']?{re.escape(key)}\b"""
    text = file.data.decode("utf-8-sig")
    found = re.search(pattern, text, re.MULTILINE)
    return Place(file.path, text.count("\n", 0, found.start()) + 1 if found else 1, 1)


def _invalid(path: str, message: str) -> Problem:
    where = _WHERE.search(message)
    line, column = (int(group or 1) for group in where.groups()) if where else (1, 1)
    said = _WHERE.sub("", message)
    return Problem(Place(path, line, column), f"not valid TOML: {said[:1].lower()}{said[1:]}")
