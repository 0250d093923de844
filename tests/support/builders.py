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
from reconciler.compare.sieve import Case, Sieve, Sifted, case_of_all
from reconciler.compare.stock import Stock
from reconciler.errors import Place
from reconciler.manifest.load import Declaration, Loading
from reconciler.manifest.outlines import read_again
from reconciler.model import Artifact, Declared, Outline, Registered, Target
from reconciler.packing import Packer
from reconciler.planning.change import Create, Plan
from reconciler.planning.describe import Describer, document_of
from reconciler.planning.document import PlanDocument
from reconciler.planning.planner import make_plan
from reconciler.source.snapshot import FilesInMemory, Snapshot, SourceFile

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


def sifted(found: Declaration, has: Sequence[Registered], others: int = 0) -> Sifted:
    """What there is to look at: these versions are registered, beside `others` in the same ML repos."""
    stock = Stock()
    stock.add(found.manifests)
    sieves = {ml_repo: sieve_of(found, stock, ml_repo) for ml_repo in stock.ml_repos}
    for row in has:
        if row.artifact.ml_repo in sieves:
            sieves[row.artifact.ml_repo].take(row)
    return sifted_by(sieves.values(), stock, has, others)


def sieve_of(found: Declaration, stock: Stock, ml_repo: str, name: str | None = None) -> Sieve:
    """A sieve for the versions of an ML repo, or of one artifact in it."""
    return Sieve(stock, ml_repo, name, found.settings.comparison, partial(_again, found))


def sifted_by(sieves: Iterable[Sieve], stock: Stock, has: Sequence[Registered], others: int = 0) -> Sifted:
    """What there is to look at, once these versions were all taken."""
    cases: list[Case] = []
    unchanged: Counter[str] = Counter()
    for sieve in sieves:
        sieve.finish()
        cases += sieve.cases(_reading(sieve))
        unchanged[sieve.ml_repo] += sieve.unchanged
        for artifact in sieve.ambiguous:
            cases.append(case_of_all(artifact, stock.lot(artifact).outlines, _seen(artifact, has)))
    return _sifted(cases, unchanged, len(has) + others)


def looked_at_whole(found: Declaration, has: Sequence[Registered], others: int = 0) -> Sifted:
    """The same, without a sieve: everything is there to be looked at."""
    cases = [
        case_of_all(artifact, outlines, _seen(artifact, has)) for artifact, outlines in _lots(found).items()
    ]
    return _sifted(cases, {}, len(has) + others)


def _lots(found: Declaration) -> dict[Artifact, tuple[Outline, ...]]:
    return {artifact: tuple(group) for artifact, group in groupby(found.manifests, _by_artifact)}


def _seen(artifact: Artifact, has: Iterable[Registered]) -> Sighting:
    return sighting(version for version in has if version.artifact == artifact)


def _sifted(cases: Iterable[Case], unchanged: Mapping[str, int], registered: int) -> Sifted:
    listed = tuple(sorted(cases, key=_by_artifact))
    extents = {"fraud": Extent(registered, registered)}
    return Sifted(Target(HOST, "ml", TENANT), listed, unchanged, extents, pages=1)


def _reading(sieve: Sieve) -> FinishedListing[Sieve]:
    return FinishedListing(sieve, "ml-repo-id", at=0.0, settled=True, rows=0, pages=1)


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
    return document_of(planned(*documents, has=has, others=others))


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
    return decided(replace(found, snapshot=read), sifted(found, has, others))


def decided(found: Declaration, looked_at: Sifted) -> Plan:
    """The plan, when it is known what there is to look at."""
    return make_plan(found, looked_at, [_again(found, case.outlines) for case in looked_at.cases])


def creation(asked: Declared) -> Create:
    """The creation of what a manifest declares."""
    return Create.of(asked, Packer())
