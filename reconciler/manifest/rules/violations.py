"""The rules of a manifest that a document breaks, each as a message.

Documents are checked by the schema itself, and by the few rules that a schema can not express. The checks are
written here because a library for JSON Schema takes longer to load than a hundred manifests take to read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

from reconciler.codes import Code
from reconciler.manifest.rules.schema import EXTERNAL, MANAGED, MANIFEST, SCHEMA_KEY, UNSEEN_PATTERN, Schema
from reconciler.manifest.rules.secrets import find_secrets
from reconciler.manifest.rules.words import find_similar_word, format_path, shorten_text
from reconciler.model import Document, Json, source_uri
from reconciler.wire import rules

_UNSEEN = re.compile(UNSEEN_PATTERN)
_PLACEHOLDER = re.compile(r"\$?\{[^{}]*\}|\$\([^()]*\)|<[^<>]*>")
"""A part of a text that was to be replaced: `${...}` or `<...>`."""


class Violation(NamedTuple):
    """A rule that a document breaks: where in the document, and whether its key or its value is at fault."""

    path: tuple[str | int, ...]
    code: Code
    message: str
    hint: str = ""
    at_key: bool = False
    severity: Literal["error", "warning"] = "error"


_BrokenRule: TypeAlias = tuple[Code, str]
"""A rule that a value breaks, and what is wrong with the value, as the end of a sentence."""
_Check: TypeAlias = Callable[[Any], _BrokenRule | None]
"""Gives the rule that a value breaks; `None` for a valid value."""
_PATTERNS: Mapping[str, _BrokenRule] = {
    rules.NAME: (Code.INVALID_NAME, "may hold only letters, digits, - and _"),
    rules.ML_REPO_NAME: (
        Code.INVALID_ML_REPO,
        "must be 3 to 100 letters, digits and -, a letter first, no - last",
    ),
    rules.VERSION_ALIAS: (
        Code.INVALID_ALIAS,
        "must be v, then letters, digits, . and -, ending in a letter or digit, e.g. v-prod",
    ),
}
_MISSING: _BrokenRule = (Code.MISSING_FIELD, "is missing")
_EMPTY: _BrokenRule = (Code.EMPTY_FIELD, "is empty")
_NO_TEXT: _BrokenRule = (Code.WRONG_TYPE, "must be text")
_NO_INTEGER: _BrokenRule = (Code.WRONG_TYPE, "must be an integer")
_NO_MAPPING: _BrokenRule = (Code.WRONG_TYPE, "must be a mapping")


def _make_check(schema: Schema) -> _Check:
    """A function that checks a value against a part of the schema."""
    if "anyOf" in schema:
        check = _make_check(schema["anyOf"][0])
        return lambda value: None if value is None else check(value)
    if "const" in schema:
        return lambda _: None  # the schema was chosen by this value
    if schema["type"] == "object":
        return lambda value: None if isinstance(value, dict) else _NO_MAPPING
    return _make_integer_check(schema) if schema["type"] == "integer" else _make_text_check(schema)


def _make_integer_check(schema: Schema) -> _Check:
    least, most = schema["minimum"], schema.get("maximum")

    def check(value: Any) -> _BrokenRule | None:
        if type(value) is not int:  # in Python, true and false are integers as well
            return _NO_INTEGER
        if value < least:
            return Code.OUT_OF_RANGE, f"must be {least} or more"
        if most is not None and value > most:
            return Code.OUT_OF_RANGE, f"must be {most} or less"
        return None

    return check


def _make_text_check(schema: Schema) -> _Check:
    shortest, longest = schema.get("minLength", 0), schema.get("maxLength")
    pattern = schema.get("pattern", "")
    # Here a $ would also match before a line end.
    matches = re.compile(pattern.removeprefix("^").removesuffix("$")).fullmatch if pattern else None

    def check(value: Any) -> _BrokenRule | None:
        if not isinstance(value, str):
            return _NO_TEXT
        if len(value) < shortest:
            return _EMPTY
        if longest is not None and len(value) > longest:
            return Code.TOO_LONG, f"is longer than {longest} characters"
        return None if matches is None or matches(value) else _PATTERNS[pattern]

    return check


class _Fields:
    """The fields of an object: which there are, which there have to be, and what they may hold.

    Args:
        schema: the schema of the object.
        unchecked: a field that is checked elsewhere.
    """

    def __init__(self, schema: Schema, unchecked: str = "") -> None:
        properties = schema["properties"]
        self.names = [name for name in properties if name != SCHEMA_KEY]
        self._required = schema["required"]
        self._unchecked = unchecked
        self._checks = {name: _make_check(about) for name, about in properties.items() if name != unchecked}

    def find_violations(self, part: Mapping[str, Json], *path: str) -> Iterator[Violation]:
        """Every rule that a part of a document breaks; the path is that of the part."""
        for name in self._required:
            if name not in part:
                yield _make_violation((*path, name), _MISSING, None)
        for name, value in part.items():
            if name in self._checks:
                broken = self._checks[name](value)
                if broken:
                    yield _make_violation((*path, name), broken, value)
            elif name != self._unchecked:
                match = find_similar_word(name, self.names)
                hint = f"did you mean {match}?" if match else f"known fields: {', '.join(self.names)}"
                message = f"unknown field {shorten_text(name)}"
                yield Violation((*path, name), Code.UNKNOWN_FIELD, message, hint, at_key=True)


_MANIFEST_FIELDS = _Fields(MANIFEST, "source")
_SOURCE_FIELDS = {"external": _Fields(EXTERNAL), "truefoundry": _Fields(MANAGED)}


def find_violations(document: Document) -> Iterator[Violation]:
    """Every rule that the document breaks, in no particular order."""
    yield from _MANIFEST_FIELDS.find_violations(document)
    if "source" in document:
        yield from _find_source_violations(document["source"])
    metadata = document.get("metadata")
    if isinstance(metadata, Mapping):
        for key in metadata:
            if key.startswith(rules.INTERNAL_METADATA_PREFIX):
                yield Violation(
                    ("metadata", key), Code.PLATFORM_KEY,
                    "keys that begin with .truefoundry belong to the platform",
                    "leave it out; its registered value is kept", at_key=True,
                )  # fmt: skip
    source = document.get("source")
    uri = source.get("uri") if isinstance(source, Mapping) else None
    for path, text in ((("source", "uri"), uri), (("run_id",), document.get("run_id"))):
        if isinstance(text, str) and (unseen := _UNSEEN.search(text)):
            character = f"U+{ord(unseen.group()):04X}"
            yield Violation(
                path, Code.UNSEEN_CHARACTER,
                f"{format_path(path)} holds {character}, a character that is not seen or reorders text",
                "leave it out: an identifier has to be what it looks like",
            )  # fmt: skip
    if document.get("version") is None and not (document.get("version_alias") or uri):
        yield Violation(
            (), Code.UNNAMED_VERSION,
            "nothing names the version: a second run could not tell which one the first registered",
            "give version, version_alias or source.uri",
        )  # fmt: skip


def _find_source_violations(source: Json) -> Iterator[Violation]:
    if not isinstance(source, dict):
        yield _make_violation(("source",), _NO_MAPPING, source)
    elif "type" not in source:
        yield Violation(("source",), Code.MISSING_FIELD, "source type is missing")
    elif (kind := source["type"]) == "local":
        yield Violation(
            ("source", "type"), Code.LOCAL_SOURCE,
            "source.type local is an upload from one machine, which git can not declare",
            "upload the files with TrueFoundry's client and give the source.uri that it returns",
        )  # fmt: skip
    elif not isinstance(kind, str) or kind not in _SOURCE_FIELDS:
        message = "source.type must be truefoundry or external"
        yield Violation(("source", "type"), Code.UNKNOWN_SOURCE, message)
    else:
        yield from _SOURCE_FIELDS[kind].find_violations(source, "source")


def _make_violation(path: tuple[str, ...], broken: _BrokenRule, value: Json) -> Violation:
    code, end = broken
    message = f"{format_path(path)} {end}"
    if broken is _NO_TEXT and isinstance(value, bool | int | float):
        message += f", and is read as {'' if isinstance(value, bool) else 'the number '}{json.dumps(value)}"
    return Violation(path, code, message, _make_hint(path[-1], broken, value))


def _make_hint(name: str, broken: _BrokenRule, value: Json) -> str:
    if broken is _NO_INTEGER and value is None:
        return f"leave {name} out to leave it as it is registered"
    if broken is _NO_INTEGER and isinstance(value, str):
        return "write the number without quotes"
    if broken is _NO_TEXT and isinstance(value, int | float):
        return "quote it"
    return "metadata: {} for none" if name == "metadata" and value is None else ""


def find_warnings(document: Document) -> Iterator[Violation]:
    """What the document had better not hold, though the control plane takes it."""
    uri = source_uri(document)
    if uri is not None and uri.partition("://")[0] not in rules.URI_SCHEMES:
        known = ", ".join(rules.URI_SCHEMES)
        message = f"source.uri has a scheme that TrueFoundry's clients do not know ({known})"
        yield Violation(("source", "uri"), Code.UNKNOWN_SCHEME, message, severity="warning")
    if uri and (placeholder := _PLACEHOLDER.search(uri)):
        message = f"source.uri holds {shorten_text(placeholder.group())}, which nobody has filled in"
        hint = "write what it stands for: the contents of a registered version do not change"
        yield Violation(("source", "uri"), Code.PLACEHOLDER, message, hint, severity="warning")
    for path in find_secrets(document):
        message = f"{format_path(path)} looks like a credential, which all readers of the registry see"
        yield Violation(path, Code.CREDENTIAL, message, "name where it is kept instead", severity="warning")
