"""Bodies and answers of the API.

Answers are read leniently: fields that this version does not know are kept, because a `PUT` sends
the whole document back and what it leaves out may be lost.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from reconciler.wire import fields


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


class MlRepoManifest(_Lenient):
    """An ML repo as `PUT ml-repos` takes it."""

    type: Literal["ml-repo"] = "ml-repo"
    name: str


class ErrorBody(_Lenient):
    """What the API says when it refuses."""

    statusCode: int | None = None  # noqa: N815  the wire's own spelling
    message: str | None = None
    code: str | None = None
    details: Any = None
