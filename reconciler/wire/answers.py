"""The shapes of answers, as far as the client relies on them; other fields are kept as they came.

They are checked by pydantic's core alone: the models in `models`, which say the same to the embedded
registry, take longer to load than most plans take to make.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from pydantic_core import SchemaValidator

from reconciler.wire import rules

_Schema: TypeAlias = dict[str, Any]
_TEXT: _Schema = {"type": "str", "strict": True}
_TEXT_OR_NONE: _Schema = {"type": "nullable", "schema": _TEXT}
_NAME_OR_NONE: _Schema = {"type": "nullable", "schema": {**_TEXT, "max_length": rules.MAX_ID_CHARACTERS}}
_ID: _Schema = {**_TEXT, "pattern": rules.ID, "max_length": rules.MAX_ID_CHARACTERS}
_VERSION: _Schema = {"type": "int", "strict": True, "ge": 1, "le": rules.MAX_VERSION}
_NUMBER_AS_TEXT: _Schema = {**_TEXT, "pattern": rules.VERSION_AS_TEXT}
_VERSION_OR_NONE: _Schema = {
    "type": "nullable",
    "schema": {"type": "union", "choices": [_VERSION, _NUMBER_AS_TEXT]},
}
"""A row may carry no number: then its `fqn` gives it, as the vendor's client (`truefoundry` 0.17.5) does."""
_COUNT: _Schema = {"type": "int", "ge": 0}


def _make_mapping(**fields: _Schema) -> _Schema:
    """A mapping with these fields; those that may be `None` may be missing as well."""
    return {
        "type": "typed-dict",
        "extra_behavior": "ignore",
        "fields": {
            name: {"type": "typed-dict-field", "schema": schema, "required": schema["type"] != "nullable"}
            for name, schema in fields.items()
        },
    }


def _make_page(row: _Schema) -> SchemaValidator:
    rows = {"type": "list", "items_schema": row}
    return SchemaValidator(_make_mapping(data=rows, pagination=_make_mapping(total=_COUNT)))


_MANIFEST = _make_mapping(name=_TEXT, ml_repo=_TEXT, version=_VERSION_OR_NONE)
_REGISTERED_VERSION = _make_mapping(id=_ID, fqn=_TEXT, ml_repo_id=_ID, artifact_id=_ID, manifest=_MANIFEST)

VERSION_PAGE = _make_page(_REGISTERED_VERSION)
"""What `GET artifact-versions` answers."""
ML_REPO_PAGE = _make_page(
    _make_mapping(id=_ID, manifest=_make_mapping(name=_TEXT), tenant_name=_NAME_OR_NONE)
)
"""What `GET ml-repos` answers."""
PUT_ANSWER = SchemaValidator(_make_mapping(data=_REGISTERED_VERSION))
"""What `PUT artifact-versions` answers, and `GET artifact-versions/{id}`."""
ANYTHING = SchemaValidator(_make_mapping())
"""What `DELETE artifact-versions/{id}` answers: an object; nothing in it is used."""
REFUSAL = SchemaValidator(_make_mapping(message=_TEXT_OR_NONE))
"""What the API answers when it refuses a request."""
