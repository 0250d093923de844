"""Rows of the store as the API answers them."""

from __future__ import annotations

from collections.abc import Sequence

from reconciler.registry.storage.documents import drop_internal_metadata
from reconciler.registry.storage.queries import Paging
from reconciler.registry.storage.rows import TENANT, Artifact, ArtifactVersion, Json, MlRepo

CREATED_BY = {
    "subjectId": "embedded-registry",
    "subjectType": "user",
    "subjectSlug": "registry@localhost",
    "subjectDisplayName": "Embedded registry",
}
"""The one user of an embedded registry: a token here says whether, not who."""


def answer_ml_repo(row: MlRepo) -> Json:
    """Answer an ML repo; clients of before 0.2 refuse one without `collaborators`."""
    defaults: Json = {
        "description": None,
        "storage_integration_fqn": f"{TENANT}:local:storage",
        "collaborators": [],
    }
    return {
        "id": row.id,
        "tenant_name": TENANT,
        "account_id": TENANT,
        "manifest": {**defaults, **row.manifest},
        "created_by_subject": CREATED_BY,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def answer_version(row: ArtifactVersion, *, internal_metadata: bool = False) -> Json:
    """Answer an artifact version."""
    return {
        "id": row.id,
        "fqn": row.fqn,
        "created_by_subject": CREATED_BY,
        "manifest": row.manifest if internal_metadata else drop_internal_metadata(row.manifest),
        "ml_repo_id": row.ml_repo_id,
        "artifact_id": row.artifact_id,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "usage_code_snippet": _write_usage(row.fqn),
        "tags": list(row.tags),
    }


def answer_artifact(row: Artifact) -> Json:
    """Answer an artifact with its newest version; one whose versions are all deleted has none."""
    return {
        "id": row.id,
        "fqn": row.fqn,
        "type": "artifact",
        "name": row.name,
        "ml_repo_id": row.ml_repo_id,
        "created_by_subject": CREATED_BY,
        "latest_version": None if row.latest is None else answer_version(row.latest),
        "run_steps": list(row.run_steps),
        "created_at": row.created_at,
        "updated_at": row.updated_at,
    }


def answer_page(rows: Sequence[Json], total: int, asked: Paging) -> Json:
    """Answer a list call."""
    return {"data": rows, "pagination": {"total": total, "offset": asked.offset, "limit": asked.limit}}


def _write_usage(fqn: str) -> str:
    return (
        "from truefoundry.ml import get_client\n\n"
        f'version = get_client().get_artifact_version_by_fqn("{fqn}")\n'
        'version.download(path=".")\n'
    )
