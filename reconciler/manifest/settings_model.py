"""What `reconciler.toml` may say: the model that its JSON Schema, its known keys and its checks come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue

from reconciler.model import LIMITS, Ignore, Json, Pointer

_PLACE = r"^(?!\.{1,2}(/|$))[^/\u0000-\u001f\u007f]+(/(?!\.{1,2}(/|$))[^/\u0000-\u001f\u007f]+)*/?$"
_PATH = rf"^(?!.*[*?]){_PLACE[1:]}"
_GLOB = rf"^(?!([^*?]*[*?]){{9}}){_PLACE[1:]}"
"""With many stars it may take long to see that a path does not fit."""
_POINTER = r"^/(metadata(/([^/~]|~[01])*)*|source(/(type|uri))?|description|version_alias|step|run_id)$"
"""What may be left to others: no part of a version's name, and nothing that no manifest has."""
_HOST = r"^[Hh][Tt][Tt][Pp][Ss]?://([A-Za-z0-9.\-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{0,5})?/*$"
"""How an address looks; whether it can be that of a control plane is known where one is asked."""

_Places: TypeAlias = Annotated[
    list[Annotated[str, Field(max_length=200, pattern=_PATH)]], Field(max_length=100)
]
_Globs: TypeAlias = Annotated[
    list[Annotated[str, Field(max_length=200, pattern=_GLOB)]], Field(max_length=100)
]
_Pointer: TypeAlias = Annotated[str, Field(max_length=1024, pattern=_POINTER)]
_Pointers: TypeAlias = Annotated[list[_Pointer], Field(max_length=100)]
_Identity: TypeAlias = Annotated[str, Field(max_length=200, pattern=r"^[^/]+/[^/]+$")]
_EVERYWHERE = "*/*"


def _spread_pointers(given: object) -> object:
    """A list of pointers, or one of them, as a table that has them for every identity."""
    given = [given] if isinstance(given, str) else given
    return {_EVERYWHERE: given} if isinstance(given, list) else given


_Table: TypeAlias = Annotated[
    dict[_Identity, _Pointers], Field(max_length=100, json_schema_extra={"additionalProperties": False})
]
_Ignore: TypeAlias = Annotated[
    dict[_Identity, _Pointers],
    Field(max_length=100),
    BeforeValidator(_spread_pointers, json_schema_input_type=_Table | _Pointers | _Pointer),
]


class _Model(BaseModel):
    model_config = ConfigDict(
        extra="forbid", strict=True, frozen=True, regex_engine="python-re", hide_input_in_errors=True
    )


class Guard(_Model):
    """How much may be changed at once; stricter than without it."""

    percent: int = Field(
        LIMITS.percent, ge=1, le=LIMITS.percent, description="Of the registered versions, updated or deleted."
    )
    at_least: int = Field(
        LIMITS.at_least,
        ge=1,
        le=LIMITS.at_least,
        description="Registered versions from which on updates are counted.",
    )


class Defaults(_Model):
    """What every manifest declares that does not say otherwise."""

    description: str = Field("", description="Of the version.")
    metadata: dict[str, JsonValue] = Field({}, description="Keys of metadata, each whole.")


class SettingsFile(_Model):
    """What a repository says about its manifests; at its top, in reconciler.toml."""

    paths: _Places = Field(
        [], description="Files and folders that manifests are in, where the command line names none."
    )
    exclude: _Globs = Field([], description="Globs of files and folders that no manifests are read from.")
    ignore: _Ignore = Field(
        {},
        description="Parts of manifests that are left to others, as JSON pointers; in a table, by identity.",
    )
    defaults: Defaults = Field(Defaults(), description=Defaults.__doc__)
    normalise: list[Literal["drop-null", "trim"]] = Field(
        [], description="Ways in which the control plane writes values other than it was sent."
    )
    guard: Guard = Field(Guard(), description=Guard.__doc__)
    prune: Literal["report", "never"] = Field(
        "report", description="Whether versions that are no longer declared are looked for."
    )
    keep: Annotated[
        list[Annotated[str, Field(max_length=200, pattern=r"^!?[^!]")]], Field(max_length=100)
    ] = Field([], description="Globs of identities, as --select has them, that are never to be deleted.")
    expect_host: Annotated[str, Field(pattern=_HOST)] = Field(
        "", description="The only control plane that the manifests are for, e.g. https://example.com."
    )

    def make_ignore(self) -> Ignore:
        """What `ignore` leaves to others, sorted."""
        by_identity = {
            glob: tuple(sorted(map(_split_pointer, pointers)))
            for glob, pointers in sorted(self.ignore.items())
        }
        return Ignore(by_identity.pop(_EVERYWHERE, ()), tuple(by_identity.items()))


def make_settings_json_schema() -> Mapping[str, Json]:
    """The JSON Schema (2020-12) of a repository's settings."""
    schema = SettingsFile.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "reconciler settings",
    }


def _split_pointer(pointer: str) -> Pointer:
    """The keys and indices of a JSON pointer (RFC 6901)."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in pointer[1:].split("/"))
