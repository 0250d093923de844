"""Where each call of the API lives, as data: one `Flavour` for each prefix that clients use.

The documented prefix is `ml`; clients since `truefoundry-sdk` 0.4.0 call the same routes under `svc`.
Control planes serve both from 0.157 on, and only `svc` from 0.188 on (the vendor's deprecation page).
Creating an ML repo is under `svc` in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Flavour:
    """One prefix of the API: paths without host, collections without a trailing slash."""

    name: str
    root: str
    artifact_versions: str
    artifact_version_tags: str
    artifacts: str
    ml_repos: str

    def make_version_path(self, version_id: str) -> str:
        """Where one version is read and deleted, by its id, which is of `rules.ID`."""
        return f"{self.artifact_versions}/{version_id}"


ML_REPOS_WRITE = "/api/svc/v1/ml-repos"


def _make_flavour(name: str) -> Flavour:
    root = f"/api/{name}/v1"
    return Flavour(
        name=name,
        root=root,
        artifact_versions=f"{root}/artifact-versions",
        artifact_version_tags=f"{root}/artifact-versions/tags",
        artifacts=f"{root}/artifacts",
        ml_repos=f"{root}/ml-repos",
    )


FLAVOURS: Mapping[str, Flavour] = MappingProxyType({name: _make_flavour(name) for name in ("ml", "svc")})
"""By name, in the order in which they are preferred."""
AUTO = "auto"
"""In place of a flavour's name: whichever is served."""
DEFAULT_PAGE_ROWS = 100
"""Rows on a page when the caller names no `limit` (API reference)."""
