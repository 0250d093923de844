"""The rules for each field of an artifact version's manifest.

The rules are those of the control plane's own clients (`truefoundry-sdk` 0.6.0), so what passes here
is what they would send. Strict types throughout: no text becomes a number, no number a flag.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, Strict, StringConstraints

MANIFEST_TYPE = "artifact-version"
INTERNAL_METADATA_PREFIX = ".truefoundry"
URI_SCHEMES = ("s3", "gs", "wasbs")

Name = Annotated[str, Strict(), StringConstraints(pattern=r"^[A-Za-z0-9_\-]+$", max_length=256)]
MlRepoName = Annotated[str, Strict(), StringConstraints(pattern=r"^[a-zA-Z][a-zA-Z0-9\-]{1,98}[a-zA-Z0-9]$")]
Version = Annotated[int, Strict(), Field(ge=1, le=2**31 - 1)]
VersionAlias = Annotated[
    str, Strict(), StringConstraints(pattern=r"^v[a-zA-Z0-9.-]*([a-zA-Z0-9]+)$", max_length=128)
]
Description = Annotated[str, Strict(), StringConstraints(max_length=512)]
Step = Annotated[int, Strict(), Field(ge=0)]
Text = Annotated[str, Strict()]
Uri = Annotated[str, Strict(), StringConstraints(min_length=1)]
Metadata = Annotated[dict[str, Any], Strict()]
Id = Annotated[str, Strict(), StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.:\-]*$", max_length=256)]
"""What the control plane calls a thing: one segment of a path, so that no id leads a request elsewhere."""
