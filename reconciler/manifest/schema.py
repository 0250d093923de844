"""The rules of a manifest: its JSON Schema, and what is said when a document breaks one.

The schema is the rules: documents are checked by the same data that `reconciler schema` prints, and the
few rules that it can not tell are beside it. It is stricter than the wire: unknown fields are refused,
because a typo would otherwise be silently left undeclared, and no value is converted to another type.

There are a dozen rules: checking them here takes as long as a library for it would, which would take
longer to load than a hundred manifests take to read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from reconciler.model import Document, Json
from reconciler.wire import rules

SCHEMA_KEY = "$schema"
"""For editors: in a JSON file there is no other place to name its schema."""
_UNSEEN = (
    r"[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    r"\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb]"
)
"""Control characters, and those that are not seen or reorder text: two identifiers could look the same.

Of the Basic Multilingual Plane, as not every editor reads the patterns of a schema with the others.
"""
_UNSEEN_CHARACTER = re.compile(_UNSEEN)
_Schema: TypeAlias = dict[str, Any]

_NOTHING_UNSEEN = {"not": {"pattern": _UNSEEN, "type": "string"}}
_URI = {"minLength": 1, **_NOTHING_UNSEEN}
_ALIAS = {"maxLength": rules.LONGEST_ALIAS, "pattern": rules.VERSION_ALIAS}


def _field(title: str, description: str = "", /, **told: Any) -> _Schema:
    about = {"description": description} if description else {}
    return dict(sorted({**about, "title": title, **told}.items()))


def _text(title: str, description: str = "", /, **told: Any) -> _Schema:
    return _field(title, description, type="string", **told)


def _text_or_null(title: str, description: str, told: _Schema, **more: Any) -> _Schema:
    return _field(title, description, anyOf=[{**told, "type": "string"}, {"type": "null"}], **more)


def _object(title: str, description: str, required: Sequence[str], properties: Mapping[str, Any]) -> _Schema:
    return {
        "additionalProperties": False,
        "description": description,
        "properties": properties,
        "required": required,
        "title": title,
        "type": "object",
    }


_EXTERNAL = _object(
    "ExternalSource",
    "Contents in storage of your own.",
    ["type", "uri"],
    {
        "type": _text("Type", const="external"),
        "uri": _text("Uri", "Where the contents are, e.g. s3://example-models/fraud/scorer/4.", **_URI),
    },
)
_MANAGED = _object(
    "ManagedSource",
    "Contents in the control plane's own storage.",
    ["type"],
    {
        "type": _text("Type", const="truefoundry"),
        "uri": _text("Uri", "Storage root that the upload returned.", **_URI),
    },
)
_MANIFEST = _object(
    rules.MANIFEST_TYPE,
    "One version of an artifact, declared in git.\n\n"
    "A field that is left out is not managed: its registered value stays. `null` clears it.",
    ["type", "name", "ml_repo", "metadata", "source"],
    {
        SCHEMA_KEY: _text("$Schema", "Where editors find this schema; not registered."),
        "type": _text("Type", "What this document declares.", const=rules.MANIFEST_TYPE),
        "name": _text(
            "Name",
            "Name of the artifact in its ML repo.",
            maxLength=rules.LONGEST_NAME,
            pattern=rules.NAME,
        ),
        "ml_repo": _text("Ml Repo", "ML repo that holds the artifact.", pattern=rules.ML_REPO_NAME),
        "metadata": _field(
            "Metadata",
            "Any JSON object, declared as a whole; {} for none. "
            "Keys that begin with .truefoundry belong to the platform.",
            type="object",
            additionalProperties=True,
            propertyNames={"not": {"pattern": f"^{re.escape(rules.INTERNAL_METADATA_PREFIX)}"}},
        ),
        "source": _field(
            "Source",
            "Where the contents are. Immutable once registered.",
            discriminator={
                "mapping": {"external": "#/$defs/ExternalSource", "truefoundry": "#/$defs/ManagedSource"},
                "propertyName": "type",
            },
            oneOf=[{"$ref": "#/$defs/ManagedSource"}, {"$ref": "#/$defs/ExternalSource"}],
        ),
        "version": _field(
            "Version",
            "Version to register or update; without it, version_alias or source.uri names it.",
            type="integer",
            minimum=1,
            maximum=rules.LARGEST_VERSION,
        ),
        "version_alias": _text_or_null(
            "Version Alias",
            "Unique within the artifact, e.g. v-prod; taken from the version that holds it.",
            _ALIAS,
        ),
        "description": _text_or_null(
            "Description", "For people; null clears it.", {"maxLength": rules.LONGEST_DESCRIPTION}
        ),
        "step": _field(
            "Step",
            "Step of the run that made the contents. Immutable once registered.",
            type="integer",
            minimum=0,
        ),
        "run_id": _text_or_null(
            "Run Id",
            "Run that made the contents. Immutable once registered.",
            {},
            **_NOTHING_UNSEEN,
        ),
    },
)
_NAMES_A_VERSION = [
    {"required": ["version"]},
    {"properties": {"version_alias": {"type": "string"}}, "required": ["version_alias"]},
    {"properties": {"source": {"required": ["uri"]}}},
]


def manifest_json_schema() -> Mapping[str, Json]:
    """The JSON Schema (2020-12) of a manifest."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$defs": {"ExternalSource": _EXTERNAL, "ManagedSource": _MANAGED},
        "additionalProperties": False,
        "anyOf": _NAMES_A_VERSION,
        **_MANIFEST,
    }


class Violation(NamedTuple):
    """A rule that a document breaks: where in the document, and whether its key or its value is at fault."""

    path: tuple[str | int, ...]
    message: str
    hint: str = ""
    at_key: bool = False


_Check: TypeAlias = Callable[[Any], str]
"""Tells what is wrong with a value, as the end of a sentence; nothing of a value within the rules."""
_PATTERNS = {
    rules.NAME: "may hold only letters, digits, - and _",
    rules.ML_REPO_NAME: "must be 3 to 100 letters, digits and -, a letter first, no - last",
    rules.VERSION_ALIAS: "must be v, then letters, digits, . and -, ending in a letter or digit, e.g. v-prod",
}
_NO_TEXT = "must be text"
_NO_INTEGER = "must be an integer"
_NO_MAPPING = "must be a mapping"


def _check(told: _Schema) -> _Check:
    """What a part of the schema asks of a value."""
    if "anyOf" in told:
        check = _check(told["anyOf"][0])
        return lambda value: "" if value is None else check(value)
    if "const" in told:
        return lambda value: "" if value == told["const"] else f"must be {told['const']!r}"
    if told["type"] == "object":
        return lambda value: "" if isinstance(value, dict) else _NO_MAPPING
    return _check_integer(told) if told["type"] == "integer" else _check_text(told)


def _check_integer(told: _Schema) -> _Check:
    least, most = told["minimum"], told.get("maximum")

    def check(value: Any) -> str:
        if type(value) is not int:  # in Python, true and false are integers as well
            return _NO_INTEGER
        if value < least:
            return f"must be {least} or more"
        return f"must be {most} or less" if most is not None and value > most else ""

    return check


def _check_text(told: _Schema) -> _Check:
    shortest, longest = told.get("minLength", 0), told.get("maxLength")
    pattern = told.get("pattern", "")
    # Here a $ would also match before a line end.
    matches = re.compile(pattern.removeprefix("^").removesuffix("$")).fullmatch if pattern else None

    def check(value: Any) -> str:
        if not isinstance(value, str):
            return _NO_TEXT
        if len(value) < shortest:
            return "is empty"
        if longest is not None and len(value) > longest:
            return f"is longer than {longest} characters"
        return "" if matches is None or matches(value) else _PATTERNS[pattern]

    return check


class _Fields:
    """The fields of an object: which there are, which there have to be, and what they may hold.

    Args:
        schema: the schema of the object.
        apart: a field that is checked apart.
    """

    def __init__(self, schema: _Schema, apart: str = "") -> None:
        properties = schema["properties"]
        self.names = [name for name in properties if name != SCHEMA_KEY]
        self._required = schema["required"]
        self._apart = apart
        self._checks = {name: _check(about) for name, about in properties.items() if name != apart}

    def broken(self, part: Mapping[str, Json], *path: str) -> Iterator[Violation]:
        """Every rule that a part of a document breaks; the path is that of the part."""
        for name in self._required:
            if name not in part:
                yield _violation((*path, name), "is missing", None)
        for name, value in part.items():
            if name in self._checks:
                message = self._checks[name](value)
                if message:
                    yield _violation((*path, name), message, value)
            elif name != self._apart:
                match = resembles(name, self.names)
                hint = f"did you mean {match}?" if match else f"known fields: {', '.join(self.names)}"
                yield Violation((*path, name), f"unknown field {excerpt(name)}", hint, at_key=True)


_OF_MANIFEST = _Fields(_MANIFEST, "source")
_OF_SOURCE = {"external": _Fields(_EXTERNAL), "truefoundry": _Fields(_MANAGED)}


def violations(document: Document) -> Iterator[Violation]:
    """Every rule that the document breaks, in no particular order."""
    yield from _OF_MANIFEST.broken(document)
    if "source" in document:
        yield from _source_violations(document["source"])
    metadata = document.get("metadata")
    if isinstance(metadata, Mapping):
        for key in metadata:
            if key.startswith(rules.INTERNAL_METADATA_PREFIX):
                yield Violation(
                    ("metadata", key), "keys that begin with .truefoundry belong to the platform",
                    "leave it out; its registered value is kept", at_key=True,
                )  # fmt: skip
    source = document.get("source")
    uri = source.get("uri") if isinstance(source, Mapping) else None
    for path, text in ((("source", "uri"), uri), (("run_id",), document.get("run_id"))):
        if isinstance(text, str) and (unseen := _UNSEEN_CHARACTER.search(text)):
            character = f"U+{ord(unseen.group()):04X}"
            yield Violation(
                path, f"{dotted(path)} holds {character}, a character that is not seen or reorders text",
                "leave it out: an identifier has to be what it looks like",
            )  # fmt: skip
    if document.get("version") is None and not (document.get("version_alias") or uri):
        yield Violation(
            (), "nothing names the version: a second run could not tell which one the first registered",
            "give version, version_alias or source.uri",
        )  # fmt: skip


def _source_violations(source: Json) -> Iterator[Violation]:
    if not isinstance(source, dict):
        yield _violation(("source",), _NO_MAPPING, source)
    elif "type" not in source:
        yield _violation(("source",), "type is missing", source)
    elif (kind := source["type"]) == "local":
        yield Violation(
            ("source", "type"), "source.type local is an upload from one machine, which git can not declare",
            "upload the files with TrueFoundry's client and give the source.uri that it returns",
        )  # fmt: skip
    elif not isinstance(kind, str) or kind not in _OF_SOURCE:
        yield Violation(("source", "type"), "source.type must be truefoundry or external")
    else:
        yield from _OF_SOURCE[kind].broken(source, "source")


def _violation(path: tuple[str, ...], message: str, value: Json) -> Violation:
    said = f"{dotted(path)} {message}"
    if message == _NO_TEXT and isinstance(value, bool | int | float):
        said += f", and is read as {'' if isinstance(value, bool) else 'the number '}{json.dumps(value)}"
    return Violation(path, said, _hint(path[-1], message, value))


def _hint(name: str, message: str, value: Json) -> str:
    if message == _NO_INTEGER and value is None:
        return f"leave {name} out to leave it as it is registered"
    if message == _NO_INTEGER and isinstance(value, str):
        return "write the number without quotes"
    if message == _NO_TEXT and isinstance(value, int | float):
        return "quote it"
    return "metadata: {} for none" if name == "metadata" and value is None else ""


def has_unknown_scheme(document: Document) -> bool:
    """Whether `source.uri` begins with a scheme that the control plane's clients do not know."""
    source = document.get("source")
    uri = source.get("uri") if isinstance(source, Mapping) else None
    return isinstance(uri, str) and uri != "" and uri.partition("://")[0] not in rules.URI_SCHEMES


def resembles(word: str, words: list[str], cutoff: float = 0.7) -> str | None:
    """The word of `words` that `word` may be a slip of, if any."""
    if len(word) > _LONGEST_WORD:
        return None
    import difflib  # noqa: PLC0415  for the few documents in which something is wrong

    matches = difflib.get_close_matches(word.lower(), words, n=1, cutoff=cutoff)
    return matches[0] if matches else None


_LONGEST_WORD = 40
_WIDEST = 40
_FIRST_STEPS, _LAST_STEPS = 3, 2


def dotted(path: Sequence[str | int]) -> str:
    """A path as people write it, shortened in the middle, each step as an excerpt."""
    if len(path) > _FIRST_STEPS + _LAST_STEPS + 1:
        return f"{dotted(path[:_FIRST_STEPS])}...{dotted(path[-_LAST_STEPS:])}"
    return ".".join(excerpt(str(step)) for step in path)


def excerpt(text: str) -> str:
    """The beginning of `text`, escaped and at most 40 characters wide, to be named in a message."""
    shown = ""
    for character in text:
        escaped = ascii(character)[1:-1]
        if len(shown) + len(escaped) > _WIDEST:
            return shown + "..."
        shown += escaped
    return shown
