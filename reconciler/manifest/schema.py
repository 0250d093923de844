"""The rules of a manifest: the model, its JSON Schema, and what it says when a document breaks one.

The model is stricter than the wire: unknown fields are refused, because a typo would otherwise be
silently left undeclared, and no value is converted to another type.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from pydantic_core import ErrorDetails

from reconciler.model import Document, Json
from reconciler.wire import fields

SCHEMA_KEY = "$schema"
"""For editors: in a JSON file there is no other place to name its schema."""
_UNSEEN = (
    r"[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    r"\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb]"
)
"""Control characters, and those that are not seen or reorder text: two identifiers could look the same.

Of the Basic Multilingual Plane, as not every editor reads the patterns of a schema with the others.
"""
_NOTHING_UNSEEN: dict[str, JsonValue] = {"not": {"type": "string", "pattern": _UNSEEN}}
_SCHEMA_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_NAMES_A_VERSION: list[JsonValue] = [
    {"required": ["version"]},
    {"required": ["version_alias"], "properties": {"version_alias": {"type": "string"}}},
    {"properties": {"source": {"required": ["uri"]}}},
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class ManagedSource(_Strict):
    """Contents in the control plane's own storage."""

    type: Literal["truefoundry"]
    uri: Annotated[
        fields.Uri,
        Field(description="Storage root that the upload returned.", json_schema_extra=_NOTHING_UNSEEN),
    ] = ""


class ExternalSource(_Strict):
    """Contents in storage of your own."""

    type: Literal["external"]
    uri: Annotated[
        fields.Uri,
        Field(
            description="Where the contents are, e.g. s3://example-models/fraud/scorer/4.",
            json_schema_extra=_NOTHING_UNSEEN,
        ),
    ]


class Manifest(_Strict):
    """One version of an artifact, declared in git.

    A field that is left out is not managed: its registered value stays. `null` clears it.
    """

    model_config = ConfigDict(
        title="artifact-version",
        json_schema_extra={"anyOf": _NAMES_A_VERSION},
    )

    editor_schema: Annotated[
        fields.Text, Field(alias=SCHEMA_KEY, description="Where editors find this schema; not registered.")
    ] = ""
    type: Annotated[Literal["artifact-version"], Field(description="What this document declares.")]
    name: Annotated[fields.Name, Field(description="Name of the artifact in its ML repo.")]
    ml_repo: Annotated[fields.MlRepoName, Field(description="ML repo that holds the artifact.")]
    metadata: Annotated[
        fields.Metadata,
        Field(
            description="Any JSON object, declared as a whole; {} for none. "
            "Keys that begin with .truefoundry belong to the platform.",
            json_schema_extra={"propertyNames": {"not": {"pattern": r"^\.truefoundry"}}},
        ),
    ]
    source: Annotated[
        ManagedSource | ExternalSource,
        Field(discriminator="type", description="Where the contents are. Immutable once registered."),
    ]
    version: Annotated[
        fields.Version,
        Field(description="Version to register or update; without it, version_alias or source.uri names it."),
    ] = 1
    version_alias: Annotated[
        fields.VersionAlias | None,
        Field(description="Unique within the artifact, e.g. v-prod; taken from the version that holds it."),
    ] = None
    description: Annotated[fields.Description | None, Field(description="For people; null clears it.")] = None
    step: Annotated[
        fields.Step, Field(description="Step of the run that made the contents. Immutable once registered.")
    ] = 0
    run_id: Annotated[
        fields.Text | None,
        Field(
            description="Run that made the contents. Immutable once registered.",
            json_schema_extra=_NOTHING_UNSEEN,
        ),
    ] = None


def manifest_json_schema() -> Mapping[str, Json]:
    """The JSON Schema (2020-12) of a manifest."""
    schema = Manifest.model_json_schema()
    for definition in (schema, *schema["$defs"].values()):
        for rules in definition["properties"].values():
            # Defaults stand for "left out" in the model; an editor would offer them as values.
            rules.pop("default", None)
    return {"$schema": _SCHEMA_DIALECT, **schema}


@dataclass(frozen=True, slots=True)
class Violation:
    """A rule that a document breaks: where in the document, and whether its key or its value is at fault."""

    path: tuple[str | int, ...]
    message: str
    hint: str = ""
    at_key: bool = False


def violations(document: Document) -> Iterator[Violation]:
    """Every rule that the document breaks, in no particular order."""
    try:
        Manifest.model_validate(document)
    except ValidationError as error:
        for details in error.errors(include_url=False, include_input=False):
            yield _violation(details, document)
    metadata = document.get("metadata")
    if isinstance(metadata, Mapping):
        for key in metadata:
            if key.startswith(fields.INTERNAL_METADATA_PREFIX):
                yield Violation(
                    ("metadata", key), "keys that begin with .truefoundry belong to the platform",
                    "leave it out; its registered value is kept", at_key=True,
                )  # fmt: skip
    source = document.get("source")
    uri = source.get("uri") if isinstance(source, Mapping) else None
    for path, text in ((("source", "uri"), uri), (("run_id",), document.get("run_id"))):
        if isinstance(text, str) and (unseen := re.search(_UNSEEN, text)):
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


def has_unknown_scheme(document: Document) -> bool:
    """Whether `source.uri` begins with a scheme that the control plane's clients do not know."""
    source = document.get("source")
    uri = source.get("uri") if isinstance(source, Mapping) else None
    return isinstance(uri, str) and uri != "" and uri.partition("://")[0] not in fields.URI_SCHEMES


def resembles(word: str, words: list[str], cutoff: float = 0.7) -> str | None:
    """The word of `words` that `word` may be a slip of, if any."""
    if len(word) > _LONGEST_WORD:
        return None
    matches = difflib.get_close_matches(word.lower(), words, n=1, cutoff=cutoff)
    return matches[0] if matches else None


_LONGEST_WORD = 40
_PATTERN_HINTS = {
    "name": "letters, digits, - and _",
    "ml_repo": "3 to 100 letters, digits and -, a letter first, no - last",
    "version_alias": "v, then letters, digits, . and -, ending in a letter or digit, e.g. v-prod",
}
_EXPECTED = {
    "string_type": "must be text",
    "int_type": "must be an integer",
    "dict_type": "must be a mapping",
    "model_type": "must be a mapping",
    "model_attributes_type": "must be a mapping",
    "missing": "is missing",
    "union_tag_not_found": "type is missing",
}


def _violation(details: ErrorDetails, document: Document) -> Violation:
    kind, context = details["type"], details.get("ctx", {})
    path = _document_path(details["loc"], document)
    name = str(path[-1]) if path else ""
    if kind == "extra_forbidden":
        known = _known_fields(path)
        match = resembles(name, known)
        hint = f"did you mean {match}?" if match else f"known fields: {', '.join(known)}"
        return Violation(path, f"unknown field {excerpt(name)}", hint, at_key=True)
    if kind == "union_tag_invalid":
        return _source_type_violation(path, document)
    message = f"{dotted(path)} {_message(kind, context, name)}"
    value = _value(path, document)
    if kind == "string_type" and isinstance(value, bool | int | float):
        message += f", and is read as {'' if isinstance(value, bool) else 'the number '}{json.dumps(value)}"
    return Violation(path, message, _hint(kind, name, path, document))


def _message(kind: str, context: Mapping[str, Any], name: str) -> str:
    if kind in _EXPECTED:
        return _EXPECTED[kind]
    if kind == "string_pattern_mismatch":
        return (
            "may hold only " + _PATTERN_HINTS[name] if name == "name" else "must be " + _PATTERN_HINTS[name]
        )
    if kind == "string_too_long":
        return f"is longer than {context['max_length']} characters"
    if kind == "string_too_short":
        return "is empty"
    if kind == "greater_than_equal":
        return f"must be {context['ge']} or more"
    if kind == "less_than_equal":
        return f"must be {context['le']} or less"
    if kind == "literal_error":
        return f"must be {context['expected']}"
    return f"breaks the rule {kind}"


def _hint(kind: str, name: str, path: tuple[str | int, ...], document: Document) -> str:
    value = _value(path, document)
    if value is None and name in document and name in {"version", "step"}:
        return f"leave {name} out to leave it as it is registered"
    if kind == "int_type" and isinstance(value, str):
        return "write the number without quotes"
    if kind == "string_type" and isinstance(value, int | float):
        return "quote it"
    if name == "metadata" and value is None:
        return "metadata: {} for none"
    return ""


def _value(path: tuple[str | int, ...], document: Document) -> Json:
    value: Any = document
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value  # type: ignore[no-any-return]


def _source_type_violation(path: tuple[str | int, ...], document: Document) -> Violation:
    source = document["source"]
    if isinstance(source, Mapping) and source.get("type") == "local":
        return Violation(
            (*path, "type"), "source.type local is an upload from one machine, which git can not declare",
            "upload the files with TrueFoundry's client and give the source.uri that it returns",
        )  # fmt: skip
    return Violation((*path, "type"), "source.type must be truefoundry or external")


def _known_fields(path: tuple[str | int, ...]) -> list[str]:
    model = Manifest if len(path) == 1 else ExternalSource
    return [name for name, about in model.model_fields.items() if about.alias is None]


def _document_path(loc: tuple[str | int, ...], document: Document) -> tuple[str | int, ...]:
    """The path in the document: pydantic puts the tag of a union member behind the field."""
    source = document.get("source")
    tag = source.get("type") if isinstance(source, Mapping) else None
    return (loc[0], *loc[2:]) if len(loc) > 1 and loc[0] == "source" and loc[1] == tag else loc


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
