"""The document that a `PUT` leaves registered, given the one before; no I/O.

A document is the manifest as it is kept and answered: what is null was left out, `version` and `step`
are always there, and the platform's own metadata lies among the user's under `.truefoundry`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from reconciler.registry.behaviour import Behaviour
from reconciler.registry.errors import Invalid
from reconciler.registry.storage.rows import Json
from reconciler.wire.models import VersionManifest
from reconciler.wire.rules import INTERNAL_METADATA_PREFIX

IMMUTABLE = ("source", "step", "run_id")

MAX_STEP = 2**63 - 1
"""What SQLite holds as an integer."""

_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def make_document(manifest: VersionManifest, version: int) -> Json:
    """Return the document that a body asks for, under the number that it gets.

    Raises:
        Invalid: The step is larger than can be kept.
    """
    if (manifest.step or 0) > MAX_STEP:
        detail = {"field": "manifest.step", "message": f"at most {MAX_STEP}"}
        raise Invalid(f"manifest.step: at most {MAX_STEP}", [detail])
    given = {
        "type": manifest.type,
        "name": manifest.name,
        "ml_repo": manifest.ml_repo,
        "version": version,
        "version_alias": manifest.version_alias,
        "description": manifest.description,
        "metadata": manifest.metadata,
        "source": manifest.source.model_dump(exclude_none=True),
        "step": manifest.step or 0,
        "run_id": manifest.run_id,
        **(manifest.model_extra or {}),
    }
    return {key: value for key, value in given.items() if value is not None}


def complete_new_document(document: Json) -> Json:
    """Return the document of a new version: as asked for, plus what the platform notes of its own."""
    internal = {INTERNAL_METADATA_PREFIX: {"artifact_size": 0}}
    return {**document, "metadata": {**internal, **document["metadata"]}}


def update_document(registered: Json, document: Json, behaviour: Behaviour) -> Json:
    """Return what a version's document becomes.

    Raises:
        Invalid: The document differs in what a registered version cannot change.
    """
    changed = [field for field in IMMUTABLE if not are_same(registered.get(field), document.get(field))]
    if changed and behaviour.changed_source == "refuse":
        what = f"version {registered['version']} of artifact {registered['name']} is registered"
        raise Invalid(
            f"{what}; its {' and '.join(changed)} cannot be changed",
            [{"field": f"manifest.{field}", "message": "cannot be changed"} for field in changed],
        )
    kept = {field: registered[field] for field in IMMUTABLE if field in registered}
    rest = {key: value for key, value in document.items() if key not in IMMUTABLE}
    metadata = _merge_metadata(registered["metadata"], document["metadata"], behaviour)
    return {**rest, **kept, "metadata": metadata}


def _merge_metadata(registered: Json, given: Json, behaviour: Behaviour) -> Json:
    kept: Json = {}
    if behaviour.metadata == "merge":
        kept |= {key: value for key, value in registered.items() if not is_internal(key)}
    if behaviour.internal_metadata == "keep":
        kept |= {key: value for key, value in registered.items() if is_internal(key)}
    return {**kept, **given}


def drop_alias(document: Json) -> Json:
    """Return a document whose alias was taken by another version."""
    return {key: value for key, value in document.items() if key != "version_alias"}


def drop_internal_metadata(document: Json) -> Json:
    """Return a document as lists give it: without the platform's own metadata."""
    visible = {key: value for key, value in document["metadata"].items() if not is_internal(key)}
    return {**document, "metadata": visible}


def is_internal(metadata_key: str) -> bool:
    """Tell whether a key of `metadata` is the platform's own."""
    return metadata_key.startswith(INTERNAL_METADATA_PREFIX)


def list_differing_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
    """Name the fields in which two documents differ, in alphabetical order."""
    if are_same(before, after):
        return []
    return sorted(
        field for field in before.keys() | after.keys() if not are_same(before.get(field), after.get(field))
    )


def are_same(left: object, right: object) -> bool:
    """Compare JSON values with types kept apart: `1`, `1.0`, `true` and `"1"` all differ."""
    return _CANONICAL.encode(left) == _CANONICAL.encode(right)
