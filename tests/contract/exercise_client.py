"""Uses the vendor's own client against a registry and prints, as JSON, what it saw.

Runs in a process of its own, with one version of `truefoundry_sdk` on the path:

    exercise_client.py URL TOKEN URL_OF_EXAMPLES

The first registry holds the ML repo `bulk` with 250 versions of `log`, the other what `reconciler` applied.
Every step is recorded under a name: what the client returned, or which of its errors it raised.
"""

from __future__ import annotations

import importlib.metadata
import json
import sys
from collections.abc import Callable, Iterable
from typing import Any

from truefoundry_sdk import (  # type: ignore[import-not-found]  # on the path of the child process only
    ArtifactManifest,
    ExternalBlobStorageSource,
    MlRepoManifest,
    TrueFoundry,
    TrueFoundryManagedSource,
)
from truefoundry_sdk.core.api_error import ApiError  # type: ignore[import-not-found]

ONCE: Any = {"max_retries": 0}
"""The client repeats a 409 by itself, which would only make the tests wait."""


def main() -> None:
    """Record every step and print the record."""
    url, token, url_of_examples = sys.argv[1:]
    client = TrueFoundry(base_url=url, api_key=token)
    record: dict[str, Any] = {"client": importlib.metadata.version("truefoundry-sdk")}
    for steps in (ml_repos, writes, lists, pages, tags, artifacts, refusals, deletes):
        steps(client, record)
    record["wrong token"] = outcome(TrueFoundry(base_url=url, api_key="no").ml_repos.list)
    record["examples"] = read_everything(TrueFoundry(base_url=url_of_examples, api_key=token))
    json.dump(record, sys.stdout)


def ml_repos(client: TrueFoundry, record: dict[str, Any]) -> None:
    """Create, update and read ML repos."""
    put_repo = client.ml_repos.create_or_update
    for name in ("fraud", "fraud-eu"):
        record[f"created {name}"] = outcome(put_repo, manifest=repo(name))
    record["updated fraud"] = outcome(put_repo, manifest=repo("fraud", description="cards"))
    fraud = record["updated fraud"]["data"]["id"]
    record["got fraud"] = outcome(client.ml_repos.get, fraud)
    record["repos by part of a name"] = outcome(first_page, client.ml_repos.list, name="frau")
    record["repos two a page"] = outcome(first_page, client.ml_repos.list, limit=2)


def writes(client: TrueFoundry, record: dict[str, Any]) -> None:
    """Create versions with and without a number, and update one as the client's `update()` does."""
    managed = TrueFoundryManagedSource(type="truefoundry", uri="s3://managed/scorer/1")
    first = manifest(source=managed, version_alias="v1.0", description="first", metadata={"n": 1, "x": None})
    record["created"] = put(client, first)
    record["created by number"] = put(client, manifest(version=5, run_id="run-1", step=7))
    record["created next"] = put(client, manifest(run_id="run-2", step=8))
    version = client.artifact_versions.get(record["created"]["data"]["id"]).data
    record["got"] = as_json(version)
    version.manifest.description = "better"
    version.manifest.metadata = {"n": 2}
    record["updated"] = put(client, version.manifest)
    record["repeated"] = put(client, version.manifest)


def lists(client: TrueFoundry, record: dict[str, Any]) -> None:
    """Use every filter of the list call."""
    fraud = record["updated fraud"]["data"]["id"]
    artifact = record["created"]["data"]["artifact_id"]
    fqn = record["created"]["data"]["fqn"]
    filters: dict[str, dict[str, Any]] = {
        "all of fraud": {"ml_repo_id": fraud},
        "by artifact": {"artifact_id": artifact, "include_internal_metadata": True},
        "by name": {"ml_repo_id": fraud, "name": "scorer"},
        "by number": {"name": "scorer", "version": 5},
        "by fqn": {"fqn": fqn},
        "by runs": {"run_ids": ["run-1", "run-2"]},
        "by run": {"run_ids": ["run-2"]},
        "by steps": {"run_steps": [7, 8]},
        "by step": {"run_steps": [7]},
        "by nothing that matches": {"name": "absent"},
    }
    for name, given in filters.items():
        record[name] = outcome(all_pages, client.artifact_versions.list, **given)
    record["got by fqn"] = outcome(client.artifact_versions.get_by_fqn, fqn)
    record["got by unknown fqn"] = outcome(client.artifact_versions.get_by_fqn, f"{fqn}9")


def pages(client: TrueFoundry, record: dict[str, Any]) -> None:
    """Read lists that are longer than a page."""
    default = client.artifact_versions.list(name="log")
    record["first page"] = as_json(default.response.pagination)
    record["all pages"] = numbers(default)
    record["small pages"] = numbers(client.artifact_versions.list(name="log", limit=7))
    record["from the middle"] = numbers(client.artifact_versions.list(name="log", limit=100, offset=200))


def tags(client: TrueFoundry, record: dict[str, Any]) -> None:
    """Tag a version, and find it by a tag."""
    first, other = record["created"]["data"]["id"], record["created next"]["data"]["id"]
    apply_tags, list_versions = client.artifact_versions.apply_tags, client.artifact_versions.list
    record["tagged"] = outcome(apply_tags, artifact_version_id=first, tags=["gold", "eu"])
    record["by tag"] = outcome(all_pages, list_versions, tag="gold")
    taken = {"artifact_version_id": other, "tags": ["gold"], "request_options": ONCE}
    record["tag taken"] = outcome(apply_tags, **taken)
    record["tag forced"] = outcome(apply_tags, **taken, force=True)
    record["by tag, forced"] = outcome(all_pages, list_versions, tag="gold")


def artifacts(client: TrueFoundry, record: dict[str, Any]) -> None:
    """Read artifacts: one row for each name."""
    fraud = record["updated fraud"]["data"]["id"]
    record["artifacts"] = outcome(all_pages, client.artifacts.list, ml_repo_id=fraud)
    record["artifact"] = outcome(client.artifacts.get, record["created"]["data"]["artifact_id"])


def refusals(client: TrueFoundry, record: dict[str, Any]) -> None:
    """Ask for what the registry refuses."""
    record["unknown version"] = outcome(client.artifact_versions.get, "nothing")
    record["unknown ML repo"] = put(client, manifest(ml_repo="nowhere"))
    record["alias taken"] = put(client, manifest(version=9, version_alias="v1.0"))
    moved = ExternalBlobStorageSource(type="external", uri="s3://elsewhere")
    record["contents changed"] = put(client, manifest(version=5, run_id="run-1", step=7, source=moved))
    record["limit of nothing"] = outcome(client.artifact_versions.list, limit=0)


def deletes(client: TrueFoundry, record: dict[str, Any]) -> None:
    """Delete the newest version; its number is not given again."""
    newest = record["created next"]["data"]["id"]
    record["deleted"] = outcome(client.artifact_versions.delete, newest)
    record["deleted, got"] = outcome(client.artifact_versions.get, newest)
    record["deleted again"] = outcome(client.artifact_versions.delete, newest)
    record["created after"] = put(client, manifest())


def read_everything(client: TrueFoundry) -> list[Any]:
    """Return the manifests of all versions of all ML repos."""
    listed = (client.artifact_versions.list(ml_repo_id=row.id) for row in client.ml_repos.list())
    return [as_json(version.manifest) for versions in listed for version in versions]


def repo(name: str, description: str | None = None) -> MlRepoManifest:
    """Return an ML repo's manifest."""
    return MlRepoManifest(
        type="ml-repo",
        name=name,
        description=description,
        storage_integration_fqn="local:store",
        collaborators=[],
    )


def manifest(**given: Any) -> ArtifactManifest:
    """Return a version's manifest with the required fields filled in."""
    required: dict[str, Any] = {
        "type": "artifact-version",
        "name": "scorer",
        "ml_repo": "fraud",
        "metadata": {},
        "source": ExternalBlobStorageSource(type="external", uri="s3://models/scorer"),
    }
    return ArtifactManifest(**{**required, **given})


def put(client: TrueFoundry, wanted: ArtifactManifest) -> Any:
    """Create or update a version."""
    return outcome(client.artifacts.create_or_update, manifest=wanted, request_options=ONCE)


def first_page(call: Callable[..., Any], **given: Any) -> Any:
    """Return the first page of a list call as it came."""
    return call(**given).response


def all_pages(call: Callable[..., Any], **given: Any) -> list[Any]:
    """Return the rows of all pages of a list call."""
    return list(call(**given))


def numbers(pager: Iterable[Any]) -> list[int]:
    """Return the version numbers of all pages."""
    return [version.manifest.version for version in pager]


def outcome(call: Callable[..., Any], *args: Any, **given: Any) -> Any:
    """Return what a call of the client returns, or the client's own error that it raises, as JSON."""
    try:
        return as_json(call(*args, **given))
    except ApiError as error:
        return {"error": type(error).__name__, "status": error.status_code, "body": as_json(error.body)}


def as_json(value: Any) -> Any:
    """Return a model of the client, or a list of them, as JSON."""
    if isinstance(value, list):
        return [as_json(item) for item in value]
    return json.loads(value.json()) if hasattr(value, "json") else value


if __name__ == "__main__":
    main()
