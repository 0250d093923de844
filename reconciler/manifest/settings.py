"""`reconciler.toml`: what a repository says about how its manifests are to be read.

It can not choose a host, a token or a command: whoever opens a pull request writes it. It can only say
which host it expects, and have every other refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from reconciler.codes import Code
from reconciler.errors import Place, Problem
from reconciler.manifest.document import UnreadableError
from reconciler.manifest.paths import checked, fitting
from reconciler.manifest.problems import MAX_IN_FILE
from reconciler.manifest.words import excerpt, resembles
from reconciler.model import EXACT, LIMITS, NORMALISERS, Comparison, Limits, Pointer
from reconciler.source.snapshot import SourceFile

_KEYS = ["exclude", "expect_host", "guard", "ignore", "normalise", "paths"]
_IDENTITY = frozenset({"type", "ml_repo", "name", "version"})
_MAX_BYTES = 16 * 1024
_MAX_POINTERS = 100
_MAX_POINTER = 1024
_MAX_NESTING = 16
"""Brackets open at a time, and dots of a line: the TOML parser takes the square of long dotted keys' time."""
_WHERE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")
_LONGEST_SAID = 100
_ESCAPE = re.compile("~(?![01])")
_QUOTED = re.compile(
    r'''"""(?:[^"\\]|\\.|"(?!""))*+(?:"{3,5}|\\?\Z)|"(?:[^"\\\n]|\\[^\n])*+"?|#[^\n]*+'''
    r"""|'''(?:[^']|'(?!''))*+(?:'{3,5}|\Z)|'[^'\n]*+'?""",
    re.DOTALL,
)
_LONG_NUMBER = re.compile(r"[0-9_]{100}")
_KEY_OF_LINE = re.compile(
    r"""^[ \t]*+\[*+[ \t]*+(?:"([^"\n]*+)"|'([^'\n]*+)'|([A-Za-z0-9_-]++))""", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the file says.

    Args:
        comparison: how manifests are compared with what is registered.
        expect_host: the only control plane that the manifests are for, if it names one.
        paths: files and folders that manifests are in, below the top; none for all of the repository.
        exclude: globs of files and folders that none are read from.
        guard: how much may be changed at once, at most as much as where nothing is said.
    """

    comparison: Comparison = EXACT
    expect_host: str | None = None
    paths: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    guard: Limits = LIMITS


def load_settings(file: SourceFile | None) -> tuple[Settings, tuple[Problem, ...]]:
    """The settings of a repository, and everything that is wrong with them."""
    if file is None:
        return Settings(), ()
    try:
        text = _text(file.data)
        table = _table(text)
    except UnreadableError as error:
        return Settings(), (Problem(Place(file.path, *error.position), error.code, str(error), error.hint),)
    return _Reading(file, table, _lines_of_keys(text)).settings()


class _Reading:
    """Reads the keys of the file one by one, and collects what is wrong with them.

    Args:
        file: the file.
        table: what it says.
        lines: where each key is first given.
    """

    def __init__(self, file: SourceFile, table: Mapping[str, Any], lines: Mapping[str, int]) -> None:
        self._file = file
        self._table = table
        self._lines = lines
        self._problems: list[Problem] = []

    def settings(self) -> tuple[Settings, tuple[Problem, ...]]:
        """All of it."""
        for key in islice((key for key in self._table if key not in _KEYS), MAX_IN_FILE + 1):
            match = resembles(key, _KEYS)
            hint = f"did you mean {match}?" if match else f"known keys: {', '.join(_KEYS)}"
            self._add(key, Code.UNKNOWN_SETTING, f"unknown key {excerpt(key)}", hint)
        comparison = Comparison(self._ignore(), self._normalise())
        paths, exclude = self._paths("paths"), self._paths("exclude")
        found = Settings(
            comparison, guard=self._guard(), expect_host=self._host(), paths=paths, exclude=exclude
        )
        return found, tuple(self._problems)

    def _ignore(self) -> tuple[Pointer, ...]:
        given = self._table.get("ignore", [])
        given = given if isinstance(given, list) else [given]
        if len(given) > _MAX_POINTERS:
            self._add("ignore", Code.INVALID_IGNORE, f"ignore holds more than {_MAX_POINTERS} pointers")
        pointers = []
        for pointer in given[:_MAX_POINTERS]:
            taken_apart = _taken_apart(pointer)
            if taken_apart is None:
                shown = excerpt(pointer) if isinstance(pointer, str) else "what is no text"
                message = f"ignore holds {shown}, which names no part of a manifest that can be left"
                hint = "JSON pointers are text, e.g. /metadata/metrics"
                self._add("ignore", Code.INVALID_IGNORE, message, hint)
            else:
                pointers.append(taken_apart)
        return tuple(sorted(pointers))

    def _normalise(self) -> frozenset[str]:
        given = self._table.get("normalise", [])
        if isinstance(given, list) and all(each in NORMALISERS for each in given):
            return frozenset(given)
        message = "normalise is no list of ways in which a control plane writes values"
        self._add("normalise", Code.INVALID_NORMALISE, message, f"there are: {', '.join(NORMALISERS)}")
        return frozenset()

    def _paths(self, key: str) -> tuple[str, ...]:
        found = checked(self._table.get(key, []), are_globs=key == "exclude")
        if found is None:
            message = f"{key} is no list of {'globs' if key == 'exclude' else 'paths'} in the repository"
            hint = 'e.g. ["examples/**"]' if key == "exclude" else 'e.g. ["models"]'
            self._add(key, Code.INVALID_PATHS, message, hint)
        return found or ()

    def _guard(self) -> Limits:
        limits = _limits(self._table.get("guard", {}))
        if limits is None:
            most = f"percent, 1 to {LIMITS.percent}, and at_least, 1 to {LIMITS.at_least}"
            hint = "it can only be stricter; to allow more once: --allow-mass-change"
            self._add("guard", Code.INVALID_GUARD, f"guard is no table of {most}", hint)
        return limits or LIMITS

    def _host(self) -> str | None:
        host = self._table.get("expect_host")
        if "expect_host" in self._table and not isinstance(host, str):
            self._add("expect_host", Code.INVALID_HOST, "expect_host is no text", "e.g. https://example.com")
        return host if isinstance(host, str) else None

    def _add(self, key: str, code: Code, message: str, hint: str = "") -> None:
        place = Place(self._file.path, self._lines.get(key, 1), 1)
        self._problems.append(Problem(place, code, message, hint))


def _limits(given: Any) -> Limits | None:
    """The limits that a table gives; `None` where it is none, or would allow more than it may."""
    if not isinstance(given, dict) or not given.keys() <= set(Limits._fields):
        return None
    found = {**LIMITS._asdict(), **given}
    if all(type(n) is int and 1 <= n <= most for n, most in zip(found.values(), LIMITS, strict=True)):
        return Limits(**found)
    return None


def reads(file: SourceFile | None, *, has_paths: bool) -> Callable[[str], bool]:
    """What says of a file, by its path below the top, whether a repository's settings have it read.

    Args:
        file: the settings.
        has_paths: whether the caller says where manifests are, which counts in place of theirs.
    """
    settings, _ = load_settings(file)
    return fitting(() if has_paths else settings.paths, settings.exclude)


def _text(data: bytes) -> str:
    """What the file says, if the TOML parser can be trusted to read it in little time."""
    if len(data) > _MAX_BYTES:
        message = f"larger than {_MAX_BYTES // 1024} KiB, which no settings are"
        raise UnreadableError(Code.SETTINGS_TOO_LARGE, message, (1, 1))
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableError(Code.NOT_UTF_8, "not UTF-8 text", (1, 1), "save the file as UTF-8") from None
    bare = _QUOTED.sub(lambda quoted: "\n" * quoted.group().count("\n"), text)
    depth = 0
    for number, line in enumerate(bare.split("\n"), 1):
        depth += line.count("[") + line.count("{")
        if max(depth, line.count(".")) > _MAX_NESTING or _LONG_NUMBER.search(line):
            message = "more brackets, dots or digits than settings have"
            raise UnreadableError(Code.SETTINGS_TOO_LARGE, message, (number, 1))
        depth = max(0, depth - line.count("]") - line.count("}"))
    return text


def _table(text: str) -> Mapping[str, Any]:
    import tomllib  # noqa: PLC0415  few repositories have settings

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
    where = _WHERE.search(message)
    if where and where[1]:
        position = int(where[1]), int(where[2])
    else:
        position = text.count("\n") + 1, len(text) - text.rfind("\n")
    said = _WHERE.sub("", message)
    if len(said) > _LONGEST_SAID:
        said = said[:_LONGEST_SAID] + "..."  # it may quote keys
    raise UnreadableError(Code.INVALID_TOML, f"not valid TOML: {said[:1].lower()}{said[1:]}", position)


def _taken_apart(pointer: Any) -> Pointer | None:
    """The keys and indices of a JSON pointer (RFC 6901), or `None` for what is none."""
    if not isinstance(pointer, str) or not pointer.startswith("/") or len(pointer) > _MAX_POINTER:
        return None
    if _ESCAPE.search(pointer):
        return None
    parts = tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/"))
    return None if parts[0] in _IDENTITY or not parts[0] else parts


def _lines_of_keys(text: str) -> dict[str, int]:
    """Where each key first begins a line; the TOML parser keeps no positions."""
    lines: dict[str, int] = {}
    line, at = 1, 0
    for match in _KEY_OF_LINE.finditer(text):
        line += text.count("\n", at, match.start())
        at = match.start()
        lines.setdefault(str(match[match.lastindex or 0]), line)
    return lines
