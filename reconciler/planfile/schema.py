"""What a plan document holds, as the JSON Schema that `reconciler schema plan` prints.

Files are read by it as well (`saved`), so it says nothing that is not kept. It does not forbid further
fields: a newer minor version may bring some.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from reconciler.applying.outcome import Result
from reconciler.model import Json

Schema: TypeAlias = dict[str, Any]

_SHA256 = "^[0-9a-f]{64}$"
_TIME = "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$"


def _field(kind: str | list[str], description: str, /, **more: Any) -> Schema:
    return {"type": kind, "description": description, **more}


def _text(description: str, /, **more: Any) -> Schema:
    return _field("string", description, **more)


def _text_or_null(description: str, **more: Json) -> Schema:
    return _field(["string", "null"], description, **more)


def _count(description: str) -> Schema:
    return _field("integer", description, minimum=0)


def _version(description: str) -> Schema:
    return _field(["integer", "null"], description)


def _list(description: str, items: Schema) -> Schema:
    return _field("array", description, items=items)


def _object(
    description: str, properties: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None
) -> Schema:
    """An object that always has all of its fields, but for those that are optional."""
    every = {**properties, **(optional or {})}
    return _field("object", description, required=list(properties), properties=every)


_IDENTITY = {
    "ml_repo": _text("ML repo that holds the artifact."),
    "name": _text("Name of the artifact."),
}
_SOURCE = _object(
    "What was read.",
    {
        "repository": _text_or_null(
            "Where it came from, without credentials; null where no remote is known."
        ),
        "commit": _text_or_null("Whole id of the commit read, or of the one below the work tree."),
        "paths": _list("Those given, within the repository; none for all of it.", {"type": "string"}),
        "work_tree": _field("boolean", "Whether the work tree was read, and not the commit."),
        "dirty": _field("boolean", "Whether manifests in the work tree differ from the commit."),
        "base": _text_or_null("Whole id of the commit that the changes are told apart by."),
        "defaults": _list("What the settings give where a manifest does not.", _text("A JSON pointer.")),
    },
)
_CONTROL_PLANE = _object(
    "What was asked.",
    {
        "host": _text("Its address, e.g. https://example.com."),
        "api": _text("Flavour of its API."),
        "tenant": _text_or_null("Its tenant, where it tells."),
    },
)
_SCOPE = _object(
    "How much was looked at.",
    {
        "ml_repos": _list("Whose versions were listed, by name.", {"type": "string"}),
        "pages": _count("Pages of the listings."),
        "rows": _count("Registered versions listed."),
        "manifests": _count("Declared versions compared."),
        "not_selected": _count("Declared versions left out by the caller."),
        "orphans_not_selected": _count(
            "Of what was listed, versions that would be orphans, left out by the caller."
        ),
    },
)
_SHARD = _object(
    "Which part of a larger plan this is; absent of a whole one.",
    {
        "number": _field("integer", "Which of the parts, counted from 1.", minimum=1),
        "of": _field("integer", "How many parts there are.", minimum=1),
        "select": _list("The globs that name what is selected of the whole.", {"type": "string"}),
        "guard": _object(
            "How much of the whole may be changed at once.",
            {
                "percent": _field("integer", "Of the registered versions in scope.", minimum=1),
                "at_least": _field("integer", "Registered versions from which on it counts.", minimum=1),
            },
        ),
        "ml_repos": _list(
            "Those that were asked, by name.",
            _object(
                "How much of an ML repo was looked at.",
                {
                    "name": _text("Its name."),
                    "versions": _count("Registered versions that it has, of whatever artifacts."),
                    "listed": _count("How many of them were listed."),
                    "declared": _count("How many of them manifests are about."),
                },
            ),
        ),
        "orphans_not_selected": _count("Of those, how many are of this part, and left out by select."),
    },
)
_COUNTS = _object(
    "How many there are of each.",
    {
        "create": _count("Changes that register a version."),
        "update": _count("Changes of a registered version."),
        "delete": _count("Changes that delete a version that is no longer declared."),
        "conflict": _count("Changes that no write can bring about; they are never sent."),
        "unchanged": _count("Declared versions that are registered as declared."),
        "orphan": _count("Registered versions that were declared once, are no longer, and are left alone."),
        "other_documents": _count("Documents of other types, left to other tools."),
        "other_files": _count("YAML and JSON files that can hold no manifest, and links; they are not read."),
        "undeclared": _count(
            "Registered versions in the ML repos read that no manifest compared declares, orphans, selected "
            "or not, and deletions left out."
        ),
    },
)
_PROMOTION = _object(
    "An alias that moves from one version of an artifact to another.",
    {
        **_IDENTITY,
        "alias": _text("The alias."),
        "from": _field("integer", "Version that gives it up."),
        "to": _version("Version that takes it; null for one that is yet to be numbered."),
    },
)
_PLACE = {
    "file": _text("File, from the top of the repository."),
    "line": _field("integer", "Line, counted from 1.", minimum=1),
    "column": _field("integer", "Column, counted from 1.", minimum=1),
}
_DIAGNOSTIC = _object(
    "Something about a manifest that looks wrong.",
    {
        **_PLACE,
        "severity": _text("Whether it stops plan and apply.", enum=["error", "warning"]),
        "code": _text("Name of the rule; reconciler explain CODE tells about it."),
        "message": _text("What is wrong."),
        "hint": _text("What to do about it."),
    },
)
_GUARD = _object(
    "Whether it is too much at once.",
    {
        "violations": _list("Each limit that the plan is beyond, with its numbers.", {"type": "string"}),
        "waived": _field("boolean", "Whether the caller allowed that."),
        "blocks": _field("boolean", "Whether nothing is to be applied."),
    },
)
_OPERATION = {
    "oneOf": [
        _object(
            "RFC 6902: test, add, replace.",
            {
                "op": _text("Which one.", enum=["test", "add", "replace"]),
                "path": _text("JSON pointer to what it is about."),
                "value": {"description": "What is there, or is to be."},
            },
        ),
        _object(
            "RFC 6902: remove.",
            {"op": _text("Which one.", const="remove"), "path": _text("JSON pointer to what it is about.")},
        ),
    ]
}
_LEFT_ALONE = _object(
    "A difference that is no change.",
    {
        "path": _text("JSON pointer into the document."),
        "reason": _text(
            "Why: the manifest does not declare it, the settings leave it to others, it belongs to the "
            "platform, or it is another way to write the same value.",
            enum=["undeclared", "ignored", "internal", "normalised"],
        ),
    },
)
_IN_USE = _list("What still refers to the version: its alias, its tags.", {"type": "string"})
_CHANGE = _object(
    "One change.",
    {
        "action": _text("The verdict.", enum=["create", "update", "delete", "conflict"]),
        **_IDENTITY,
        "version": _version("Its number; null where the control plane is to number it."),
        "id": _text_or_null("Id of the registered version; null where there is none."),
        "fqn": _text_or_null("Full name of the registered version; null where there is none."),
        "file": _text_or_null("Where the manifest stands; null where a version only gives up its alias."),
        "line": _field(["integer", "null"], "Line of the manifest, counted from 1.", minimum=1),
        "before": _field(["object", "null"], "What is registered; credentials by their fingerprints."),
        "after": _field(
            "object",
            "What is to be registered, empty where that is nothing; credentials by their fingerprints.",
        ),
        "patch": _list(
            "RFC 6902 patch from before to after; what is replaced or removed is tested first.",
            _OPERATION,
        ),
        "left_alone": _list("Differences that are no changes, by their paths.", _LEFT_ALONE),
        "reason": _text("Of a conflict: why it can not be; else empty."),
        "hint": _text("Of a conflict: what to do; else empty."),
        "waits_for": _text("Conflict that has to be resolved before this is applied; else empty."),
        "origin": _field(
            ["string", "null"],
            "Whether this branch brings it, an earlier commit did that was not applied yet, or what is "
            "registered was changed elsewhere; unknown where this clone lacks the history that tells; "
            "null without a base.",
            enum=["branch", "pending", "drift", "unknown", None],
        ),
        "commit": _text_or_null(
            "Whole id of the last commit that touched the manifest's file; of a deletion, that removed the "
            "manifest."
        ),
        "author": _text_or_null("Author of that commit."),
        "date": _text_or_null("Of a deletion: date of that commit, ISO 8601."),
        "in_use": _IN_USE,
        "renamed_from": _text(
            "Of a creation: version that was declared once with the same contents; else empty."
        ),
    },
    {"at": _object("Of a conflict: where the field stands that is in the way.", _PLACE)},
)
_ORPHANS = _object(
    "Registered versions that were declared once, are no longer, and are left alone.",
    {
        "unknown": _text("Why they are not known; empty where they are."),
        "hint": _text("What to do about that."),
        "found": _list(
            "By artifact and version.",
            _object(
                "One of them.",
                {
                    **_IDENTITY,
                    "version": _field("integer", "Its number."),
                    "id": _text("Its id."),
                    "fqn": _text("Its full name."),
                    "uri": _text_or_null("Of its contents; null where they have none."),
                    "origin": _field(
                        ["string", "null"],
                        "Whether this branch removed its manifest, or the base has none either; unknown "
                        "where this clone lacks the history that tells; null without a base.",
                        enum=["branch", "pending", "unknown", None],
                    ),
                    "commit": _text_or_null(
                        "Whole id of the commit that removed its manifest; null where only the work tree "
                        "lacks it, or a merge left it out."
                    ),
                    "author": _text_or_null("Author of that commit."),
                    "date": _text_or_null("Date of that commit, ISO 8601."),
                    "in_use": _IN_USE,
                },
            ),
        ),
    },
)
_OUTCOME = _object(
    "What became of one change.",
    {
        "result": _text("What became of it.", enum=[str(result) for result in Result]),
        **_IDENTITY,
        "version": _version("Version registered, where one was; else the one asked for."),
        "action": _text("The verdict.", enum=["create", "update", "delete", "conflict"]),
        "message": _text("Why it failed or was skipped, or what the control plane did differently."),
        "hint": _text("What to do about that."),
        "began": _field(
            ["number", "null"], "When its turn came, in seconds since the apply began; null if it never did."
        ),
        "seconds": _field(["number", "null"], "How long it took from then on."),
    },
)
_HEADING = {
    "format_version": _text(
        "Version of this format. Ignore fields of a newer minor version; refuse another major one.",
        pattern=r"^1\.(0|[1-9][0-9]{0,8})$",
    ),
    "tool_version": _text("Version of the program that made the plan."),
    "made": _text_or_null("When the plan was made, in UTC; null where that is not known.", pattern=_TIME),
    "source": _SOURCE,
    "control_plane": _CONTROL_PLANE,
    "scope": _SCOPE,
    "counts": _COUNTS,
    "promotions": _list("By artifact and alias.", _PROMOTION),
    "diagnostics": _list("Warnings about the manifests, in order of place.", _DIAGNOSTIC),
    "orphans": _ORPHANS,
    "guard": _GUARD,
    "digest": _text(
        "SHA-256 of what the plan would do and of the registered state that it rests on.", pattern=_SHA256
    ),
}
_OPTIONAL = {"shard": _SHARD}
_CHANGES = _list("In order, each on a line of its own.", {"$ref": "#/$defs/change"})
_CHECKSUM = _text("SHA-256 of every byte before the line that it stands on.", pattern=_SHA256)

CHANGE, OUTCOME = _CHANGE, _OUTCOME
PLAN = _object("A plan.", {**_HEADING, "changes": _CHANGES, "checksum": _CHECKSUM}, _OPTIONAL)
APPLY = _object(
    "An apply: its plan, and what became of each change.",
    {
        **_HEADING,
        "planned": _count("Changes that there were; of a run that was killed, not all have an outcome."),
        "exit_code": _field(["integer", "null"], "Of the run; null where it was killed."),
        "changes": _CHANGES,
        "outcomes": _list("In the order of the changes.", _OUTCOME),
        "checksum": _CHECKSUM,
    },
    _OPTIONAL,
)
BEGIN = _object(
    "The first line of a report.",
    {
        "event": _text("Which line.", const="begin"),
        **_HEADING,
        "changes": _count("How many there are."),
        "run": _object(
            "The run of a CI system that this was.",
            {
                "actor": _text_or_null("Who started it; null where nobody tells."),
                "url": _text_or_null("Where it can be looked at; null where nobody tells."),
            },
        ),
    },
    _OPTIONAL,
)
OUTCOME_EVENT = _object(
    "A line of a report.",
    {
        "event": _text("Which line.", const="outcome"),
        **_OUTCOME["properties"],
        "change": _CHANGE,
    },
)
END = _object(
    "The last line of a report; without it, the run was killed.",
    {
        "event": _text("Which line.", const="end"),
        "counts": _field("object", "How many outcomes there are, by result."),
        "exit_code": _field("integer", "Of the run."),
    },
)


def plan_json_schema() -> Mapping[str, Json]:
    """The JSON Schema (2020-12) of a plan document."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "reconciler plan",
        **PLAN,
        "$defs": {"change": CHANGE},
    }
