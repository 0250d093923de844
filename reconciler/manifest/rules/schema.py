"""The rules of a manifest, as the JSON Schema that `reconciler schema` prints.

They are stricter than the wire's: unknown fields are refused, so that a typo is found, and no value is
converted to another type.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from reconciler.model import Json
from reconciler.wire import rules

SCHEMA_KEY = "$schema"
"""For editors: in a JSON file there is no other place to name its schema."""
UNSEEN_PATTERN = (
    r"[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    r"\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb]|^\s|\s$"
)
"""Control characters, those that are not seen or reorder text, and blanks at the ends: two identifiers could
look the same, and a version named by contents that a server trims would be registered anew by each run.

Of the Basic Multilingual Plane, as not every editor reads the patterns of a schema with the others.
"""
Schema: TypeAlias = dict[str, Any]

_NOTHING_UNSEEN = {"not": {"pattern": UNSEEN_PATTERN, "type": "string"}}
_URI = {"minLength": 1, **_NOTHING_UNSEEN}
_ALIAS = {"maxLength": rules.MAX_ALIAS_CHARACTERS, "pattern": rules.VERSION_ALIAS}


def _make_field(title: str, description: str = "", /, **keywords: Any) -> Schema:
    about = {"description": description} if description else {}
    return dict(sorted({**about, "title": title, **keywords}.items()))


def _make_text(title: str, description: str = "", /, **keywords: Any) -> Schema:
    return _make_field(title, description, type="string", **keywords)


def _make_text_or_null(title: str, description: str, text: Schema, **more: Any) -> Schema:
    return _make_field(title, description, anyOf=[{**text, "type": "string"}, {"type": "null"}], **more)


def _make_object(
    title: str, description: str, required: Sequence[str], properties: Mapping[str, Any]
) -> Schema:
    return {
        "additionalProperties": False,
        "description": description,
        "properties": properties,
        "required": required,
        "title": title,
        "type": "object",
    }


EXTERNAL = _make_object(
    "ExternalSource",
    "Contents in storage of your own.",
    ["type", "uri"],
    {
        "type": _make_text("Type", const="external"),
        "uri": _make_text("Uri", "Where the contents are, e.g. s3://example-models/fraud/scorer/4.", **_URI),
    },
)
MANAGED = _make_object(
    "ManagedSource",
    "Contents in the control plane's own storage.",
    ["type"],
    {
        "type": _make_text("Type", const="truefoundry"),
        "uri": _make_text("Uri", "Storage root that the upload returned.", **_URI),
    },
)
MANIFEST = _make_object(
    rules.MANIFEST_TYPE,
    "One version of an artifact, declared in git.\n\n"
    "A field that is left out is not managed: its registered value stays. `null` clears it.",
    ["type", "name", "ml_repo", "metadata", "source"],
    {
        SCHEMA_KEY: _make_text("$Schema", "Where editors find this schema; not registered."),
        "type": _make_text("Type", "What this document declares.", const=rules.MANIFEST_TYPE),
        "name": _make_text(
            "Name",
            "Name of the artifact in its ML repo.",
            maxLength=rules.MAX_NAME_CHARACTERS,
            pattern=rules.NAME,
        ),
        "ml_repo": _make_text("Ml Repo", "ML repo that holds the artifact.", pattern=rules.ML_REPO_NAME),
        "metadata": _make_field(
            "Metadata",
            "Any JSON object, declared as a whole; {} for none. "
            "Keys that begin with .truefoundry belong to the platform.",
            type="object",
            additionalProperties=True,
            propertyNames={"not": {"pattern": f"^{re.escape(rules.INTERNAL_METADATA_PREFIX)}"}},
        ),
        "source": _make_field(
            "Source",
            "Where the contents are. Immutable once registered.",
            discriminator={
                "mapping": {"external": "#/$defs/ExternalSource", "truefoundry": "#/$defs/ManagedSource"},
                "propertyName": "type",
            },
            oneOf=[{"$ref": "#/$defs/ManagedSource"}, {"$ref": "#/$defs/ExternalSource"}],
        ),
        "version": _make_field(
            "Version",
            "Version to register or update; without it, version_alias or source.uri names it.",
            type="integer",
            minimum=1,
            maximum=rules.MAX_VERSION,
        ),
        "version_alias": _make_text_or_null(
            "Version Alias",
            "Unique within the artifact, e.g. v-prod; taken from the version that holds it.",
            _ALIAS,
        ),
        "description": _make_text_or_null(
            "Description", "For people; null clears it.", {"maxLength": rules.MAX_DESCRIPTION_CHARACTERS}
        ),
        "step": _make_field(
            "Step",
            "Step of the run that made the contents. Immutable once registered.",
            type="integer",
            minimum=0,
        ),
        "run_id": _make_text_or_null(
            "Run Id", "Run that made the contents. Immutable once registered.", {}, **_NOTHING_UNSEEN
        ),
    },
)
_NAMES_A_VERSION = [
    {"required": ["version"]},
    {"properties": {"version_alias": {"type": "string"}}, "required": ["version_alias"]},
    {"properties": {"source": {"required": ["uri"]}}},
]


def make_manifest_json_schema() -> Mapping[str, Json]:
    """The JSON Schema (2020-12) of a manifest."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$defs": {"ExternalSource": EXTERNAL, "ManagedSource": MANAGED},
        "additionalProperties": False,
        "anyOf": _NAMES_A_VERSION,
        **MANIFEST,
    }
