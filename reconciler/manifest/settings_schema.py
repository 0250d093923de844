"""What `reconciler.toml` may say, as the JSON Schema that `reconciler schema settings` prints for editors."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model import LIMITS, NORMALISERS, Json


def settings_json_schema() -> Mapping[str, Json]:
    """The JSON Schema (2020-12) of a repository's settings."""
    places: Mapping[str, Json] = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": _PLACE}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "reconciler settings",
        "description": "What a repository says about its manifests; at its top, in reconciler.toml.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "paths": {
                "description": "Files and folders that manifests are in, where the command line names none.",
                "type": "array",
                "maxItems": 100,
                "items": {**places, "not": {"pattern": "[*?]"}},
            },
            "exclude": {
                "description": "Globs of files and folders that no manifests are read from.",
                "type": "array",
                "maxItems": 100,
                "items": {**places, "not": {"pattern": r"([*?][^*?]*){9}"}},
            },
            "ignore": {
                "description": "Parts of manifests that are left to others, as JSON pointers.",
                "type": ["array", "string"],
                "maxItems": 100,
                "maxLength": 1024,
                "pattern": _POINTER,
                "items": {"type": "string", "maxLength": 1024, "pattern": _POINTER},
            },
            "normalise": {
                "description": "Ways in which the control plane writes values other than it was sent.",
                "type": "array",
                "items": {"enum": list(NORMALISERS)},
            },
            "guard": {
                "description": "How much may be changed at once; stricter than without it.",
                "type": "object",
                "additionalProperties": False,
                "properties": {
                    "percent": {"type": "integer", "minimum": 1, "maximum": LIMITS.percent},
                    "at_least": {"type": "integer", "minimum": 1, "maximum": LIMITS.at_least},
                },
            },
            "expect_host": {
                "description": "The only control plane that the manifests are for, e.g. https://example.com.",
                "type": "string",
            },
        },
    }


_PLACE = r"^(?!\.{1,2}(/|$))[^/\u0000-\u001f\u007f]+(/(?!\.{1,2}(/|$))[^/\u0000-\u001f\u007f]+)*/?$"
_POINTER = r"^/(?!(type|ml_repo|name|version)(/|$))([^/~]|~[01])([^~]|~[01])*$"
