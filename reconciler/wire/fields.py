"""The rules for each field of an artifact version's manifest, as types that pydantic reads.

Strict types throughout: no text becomes a number, no number a flag.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, Strict, StringConstraints

from reconciler.wire import rules

Name = Annotated[str, Strict(), StringConstraints(pattern=rules.NAME, max_length=rules.MAX_NAME_CHARACTERS)]
MlRepoName = Annotated[str, Strict(), StringConstraints(pattern=rules.ML_REPO_NAME)]
Version = Annotated[int, Strict(), Field(ge=1, le=rules.MAX_VERSION)]
VersionAlias = Annotated[
    str, Strict(), StringConstraints(pattern=rules.VERSION_ALIAS, max_length=rules.MAX_ALIAS_CHARACTERS)
]
Description = Annotated[str, Strict(), StringConstraints(max_length=rules.MAX_DESCRIPTION_CHARACTERS)]
Step = Annotated[int, Strict(), Field(ge=0)]
Text = Annotated[str, Strict()]
Uri = Annotated[str, Strict(), StringConstraints(min_length=1)]
Metadata = Annotated[dict[str, Any], Strict()]
