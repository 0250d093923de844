"""Short ways to say what is declared and what is registered; a test names only what it is about."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from reconciler.applying.document import OutcomeDocument, describe_outcome
from reconciler.applying.outcome import Outcome
from reconciler.client.port import Extent, FinishedListing, Sighting
from reconciler.compare.declared import DeclaredArtifacts
from reconciler.compare.drift import ArtifactDrift, Drift, take_whole_artifact
from reconciler.compare.matcher import Matcher
from reconciler.errors import Place
from reconciler.manifest.load import Declaration, Loading
from reconciler.manifest.outlines import read_again
from reconciler.model import Artifact, Declared, Outline, Registered, Target
from reconciler.packing import Packer
from reconciler.planning.change import Create, Plan
from reconciler.planning.describe import Describer, describe_plan
from reconciler.planning.document import PlanDocument
from reconciler.planning.planner import make_plan
from reconciler.source.snapshot import Snapshot, SourceFile
from tests.support.files_in_memory import FilesInMemory

LEFT_OUT: Final = object()
"""As the value of a field: the manifest does not give it."""
_by_artifact = attrgetter("artifact")
COMMIT = "0123456789abcdef0123456789abcdef01234567"
HOST = "https://example.com"
TENANT = "example"


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
    files: Mapping[str, str | bytes],
    *,
    commit: str | None = COMMIT,
    in_work_tree: bool = False,
    named: Collection[str] = (),
) -> Snapshot:
    """The files of a commit, by path; `named` are those asked for by name."""
    encoded = (
        SourceFile(path, content.encode() if isinstance(content, str) else content)
        for path, content in files.items()
    )
    return Snapshot(commit, FilesInMemory(encoded, named), in_work_tree=in_work_tree)


def settings_file(ignore: Sequence[str], normalise: Sequence[str] = ()) -> SourceFile:
    """The settings of how manifests are compared with what is registered."""
    text = f"ignore = {json.dumps(ignore)}\nnormalise = {json.dumps(normalise)}"
    return SourceFile("reconciler.toml", text.encode())


def declaration(
    *documents: Mapping[str, Any], ignore: Sequence[str] = (), normalise: Sequence[str] = ()
) -> Declaration:
    """What documents declare, each in a JSON file of its own: `0.json`, `1.json` and so on.

    `ignore` and `normalise` are those of the settings.
    """
    read = snapshot({f"{number}.json": json.dumps(document) for number, document in enumerate(documents)})
    loaded = load_manifests(replace(read, settings=settings_file(ignore, normalise)))
    if not loaded.is_valid:
        raise AssertionError("; ".join(map(str, loaded.problems)))
    return loaded


def load_manifests(read: Snapshot) -> Declaration:
    """What a snapshot declares."""
    return Loading(read).load_declaration()


def _again(found: Declaration, outlines: Iterable[Outline]) -> list[Declared]:
    return read_again(found.snapshot.files, outlines, found.settings.comparison)


def documents(found: Declaration) -> list[Declared]:
    """The manifests of a declaration, as a whole and in its order."""
    return _again(found, found.manifests)


def sighting(versions: Iterable[Registered]) -> Sighting:
    """What was seen of one artifact."""
    rows = tuple(sorted(versions, key=lambda version: version.version))
    return Sighting("ml-repo-id", rows, frozenset(row.version for row in rows), at=0.0)


def find_drift(found: Declaration, has: Sequence[Registered], others: int = 0) -> Drift:
    """What there is to look at: these versions are registered, beside `others` in the same ML repos."""
    declared = DeclaredArtifacts()
    declared.add(found.manifests)
    matchers = {ml_repo: make_matcher(found, declared, ml_repo) for ml_repo in declared.ml_repos}
    for row in has:
        if row.artifact.ml_repo in matchers:
            matchers[row.artifact.ml_repo].take(row)
    return collect_drift(matchers.values(), declared, has, others)


def make_matcher(
    found: Declaration, declared: DeclaredArtifacts, ml_repo: str, name: str | None = None
) -> Matcher:
    """A matcher for the versions of an ML repo, or of one artifact in it."""
    return Matcher(declared, ml_repo, name, found.settings.comparison, partial(_again, found))


def collect_drift(
    matchers: Iterable[Matcher], declared: DeclaredArtifacts, has: Sequence[Registered], others: int = 0
) -> Drift:
    """What there is to look at, once these versions were all taken."""
    artifacts: list[ArtifactDrift] = []
    unchanged: Counter[str] = Counter()
    for matcher in matchers:
        matcher.finish()
        artifacts += matcher.iterate_drift(_finish_listing(matcher))
        unchanged[matcher.ml_repo] += matcher.unchanged
        for artifact in matcher.ambiguous_artifacts:
            artifacts.append(
                take_whole_artifact(artifact, declared.get(artifact).outlines, _seen(artifact, has))
            )
    return _make_drift(artifacts, unchanged, len(has) + others)


def find_drift_of_everything(found: Declaration, has: Sequence[Registered], others: int = 0) -> Drift:
    """The same, without a matcher: everything is there to be looked at."""
    artifacts = [
        take_whole_artifact(artifact, outlines, _seen(artifact, has))
        for artifact, outlines in _group_by_artifact(found).items()
    ]
    return _make_drift(artifacts, {}, len(has) + others)


def _group_by_artifact(found: Declaration) -> dict[Artifact, tuple[Outline, ...]]:
    return {artifact: tuple(group) for artifact, group in groupby(found.manifests, _by_artifact)}


def _seen(artifact: Artifact, has: Iterable[Registered]) -> Sighting:
    return sighting(version for version in has if version.artifact == artifact)


def _make_drift(artifacts: Iterable[ArtifactDrift], unchanged: Mapping[str, int], registered: int) -> Drift:
    listed = tuple(sorted(artifacts, key=_by_artifact))
    extents = {"fraud": Extent(registered, registered)}
    return Drift(Target(HOST, "ml", TENANT), listed, unchanged, extents, pages=1)


def _finish_listing(matcher: Matcher) -> FinishedListing[Matcher]:
    return FinishedListing(matcher, "ml-repo-id", at=0.0, settled=True, rows=0, pages=1)


def planned(
    *documents: Mapping[str, Any],
    has: tuple[Registered, ...] = (),
    others: int = 0,
    normalise: Sequence[str] = (),
) -> Plan:
    """The plan for documents declared, against versions registered; `normalise` is that of the settings."""
    return plan_of(declaration(*documents, normalise=normalise), has, others)


def describe_alone(outcome: Outcome) -> OutcomeDocument:
    """An outcome as a document, of a change that waits for no other of its plan."""
    return describe_outcome(outcome, Describer(planned()))


def described(
    *documents: Mapping[str, Any], has: tuple[Registered, ...] = (), others: int = 0
) -> PlanDocument:
    """The same, as a document."""
    return describe_plan(planned(*documents, has=has, others=others))


def plan_of(
    found: Declaration,
    has: Sequence[Registered] = (),
    others: int = 0,
    *,
    commit: str | None = COMMIT,
    in_work_tree: bool = False,
) -> Plan:
    """The plan for what is declared, against versions registered."""
    read = replace(found.snapshot, commit=commit, in_work_tree=in_work_tree)
    return decided(replace(found, snapshot=read), find_drift(found, has, others))


def decided(found: Declaration, compared: Drift) -> Plan:
    """The plan, when it is known what there is to look at."""
    return make_plan(found, compared, [_again(found, drifted.outlines) for drifted in compared.artifacts])


def creation(asked: Declared) -> Create:
    """The creation of what a manifest declares."""
    return Create.of(asked, Packer())
