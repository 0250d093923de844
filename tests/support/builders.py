"""Short ways to say what is declared and what is registered; a test names only what it is about."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from reconciler.client.port import Observation, Sighting
from reconciler.errors import Place
from reconciler.manifest.load import Declaration, load_manifests
from reconciler.model import Artifact, Declared, Registered
from reconciler.plan.change import Plan
from reconciler.plan.planner import make_plan
from reconciler.source.snapshot import Snapshot, SourceFile

LEFT_OUT: Final = object()
"""As the value of a field: the manifest does not give it."""
COMMIT = "0123456789abcdef0123456789abcdef01234567"
HOST = "https://example.com"


def manifest(**given: Any) -> dict[str, Any]:
    """A manifest of `fraud/scorer:1`, with the fields given in place of the usual ones."""
    usual = {
        "type": "artifact-version",
        "ml_repo": "fraud",
        "name": "scorer",
        "version": 1,
        "source": {"type": "external", "uri": "s3://models/scorer/1"},
        "metadata": {},
    }
    return {field: value for field, value in {**usual, **given}.items() if value is not LEFT_OUT}


def external(uri: str) -> dict[str, Any]:
    """A source outside the control plane."""
    return {"type": "external", "uri": uri}


def declared(*, file: str = "scorer.yaml", line: int = 1, **given: Any) -> Declared:
    """A manifest in git; the fields are those of `manifest`."""
    document = manifest(**given)
    return Declared(Artifact(document["ml_repo"], document["name"]), document, Place(file, line, 1))


def registered(version: int = 1, **given: Any) -> Registered:
    """A version that the control plane has; the fields are those of `manifest`."""
    document = {"step": 0, **manifest(version=version, **given)}
    artifact = Artifact(document["ml_repo"], document["name"])
    return Registered(
        f"id-{artifact}-{version}", f"artifact:tenant/{artifact}:{version}", artifact, version, document
    )


def snapshot(
    files: Mapping[str, str | bytes], *, commit: str | None = COMMIT, in_work_tree: bool = False
) -> Snapshot:
    """The files of a commit, by path."""
    encoded = (
        SourceFile(path, content.encode() if isinstance(content, str) else content)
        for path, content in files.items()
    )
    return Snapshot(commit, tuple(encoded), in_work_tree=in_work_tree)


def declaration(*documents: Mapping[str, Any]) -> Declaration:
    """What documents declare, each in a JSON file of its own: `0.json`, `1.json` and so on."""
    loaded = load_manifests(
        snapshot({f"{number}.json": json.dumps(document) for number, document in enumerate(documents)})
    )
    if not loaded.is_valid:
        raise AssertionError("; ".join(map(str, loaded.problems)))
    return loaded


def sighting(versions: Iterable[Registered]) -> Sighting:
    """What was seen of one artifact."""
    return Sighting("ml-repo-id", tuple(sorted(versions, key=lambda version: version.version)), at=0.0)


def observation(
    artifacts: Iterable[Artifact], versions: Iterable[Registered], others: int = 0
) -> Observation:
    """What was seen of artifacts: these versions, beside `others` in the same ML repos."""
    listed = list(versions)
    seen = {
        artifact: sighting(version for version in listed if version.artifact == artifact)
        for artifact in artifacts
    }
    return Observation(HOST, "ml", seen, len(listed) + others)


def planned(*documents: Mapping[str, Any], has: tuple[Registered, ...] = (), others: int = 0) -> Plan:
    """The plan for documents declared, against versions registered."""
    return plan_of(declaration(*documents), has, others)


def plan_of(
    found: Declaration,
    has: tuple[Registered, ...] = (),
    others: int = 0,
    *,
    commit: str | None = COMMIT,
    in_work_tree: bool = False,
) -> Plan:
    """The plan for what is declared, against versions registered."""
    artifacts = {declared.artifact for declared in found.manifests}
    return make_plan(found, observation(artifacts, has, others), commit=commit, in_work_tree=in_work_tree)
