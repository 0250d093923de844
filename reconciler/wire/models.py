"""Bodies and answers of the API.

Answers are read leniently: fields that this version does not know are kept, because a `PUT` sends
the whole document back and what it leaves out may be lost.
"""

from __future__ import annotations

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from reconciler.wire import fields

Row = TypeVar("Row", bound=BaseModel)


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True)


class ManagedSource(_Lenient):
    """Contents in the control plane's own storage."""

    type: Literal["truefoundry"]
    uri: fields.Uri | None = None


class ExternalSource(_Lenient):
    """Contents in somebody else's storage."""

    type: Literal["external"]
    uri: fields.Uri


class VersionManifest(_Lenient):
    """An artifact version as `PUT` takes it and answers give it back."""

    type: Literal["artifact-version"]
    name: fields.Name
    ml_repo: fields.MlRepoName
    metadata: fields.Metadata
    source: Annotated[ManagedSource | ExternalSource, Field(discriminator="type")]
    description: fields.Description | None = None
    version_alias: fields.VersionAlias | None = None
    version: fields.Version | None = None
    step: fields.Step | None = None
    run_id: fields.Text | None = None


class PutVersion(_Lenient):
    """The body of `PUT artifact-versions`."""

    manifest: VersionManifest


class RegisteredManifest(_Lenient):
    """The part of a registered version's manifest that identifies it; the rest is kept as it came."""

    name: str
    ml_repo: str
    version: fields.Version


class RegisteredVersion(_Lenient):
    """A row of `GET artifact-versions`, and what `PUT` answers under `data`."""

    id: fields.Id
    fqn: str
    ml_repo_id: fields.Id
    artifact_id: fields.Id
    manifest: RegisteredManifest


class MlRepoManifest(_Lenient):
    """An ML repo as `PUT ml-repos` takes it."""

    type: Literal["ml-repo"] = "ml-repo"
    name: str


class RegisteredMlRepo(_Lenient):
    """A row of `GET ml-repos`."""

    id: fields.Id
    manifest: MlRepoManifest


class Pagination(_Lenient):
    """Which rows a page holds: `offset` rows come before it, `total` rows exist."""

    total: Annotated[int, Field(ge=0)]
    offset: Annotated[int, Field(ge=0)] | None = None
    limit: Annotated[int, Field(ge=0)] | None = None


class Page(_Lenient, Generic[Row]):
    """The answer of every list call."""

    data: list[Row]
    pagination: Pagination


class PutVersionAnswer(_Lenient):
    """What `PUT artifact-versions` and `GET artifact-versions/{id}` answer."""

    data: RegisteredVersion


class ErrorBody(_Lenient):
    """What the API says when it refuses."""

    statusCode: int | None = None  # noqa: N815  the wire's own spelling
    message: str | None = None
    code: str | None = None
    details: Any = None
