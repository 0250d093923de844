"""The law of the matcher: dropping what is as declared while it is listed makes no difference to a plan."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from reconciler.compare import matcher as module
from reconciler.compare.declared import DeclaredArtifacts
from reconciler.compare.drift import Drift
from reconciler.errors import InvalidManifestsError
from reconciler.manifest.load import Declaration
from reconciler.model import NORMALISERS, PARKING_ALIAS, Artifact, Registered
from reconciler.planning.change import Change, Conflict
from tests.support.builders import (
    collect_drift,
    decided,
    declaration,
    external,
    find_drift,
    find_drift_of_everything,
    load_manifests,
    make_matcher,
    manifest,
    registered,
    settings_file,
)
from tests.support.normalisers import KNOWN
from tests.support.scale import law
from tests.support.states import Document, World, snapshot_of, worlds

_POINTERS = (
    "/description",
    "/version_alias",
    "/step",
    "/run_id",
    "/source",
    "/source/uri",
    "/metadata",
    "/metadata/a",
    "/metadata/a/x",
    "/metadata/b/0",
    "/metadata/.truefoundry",
    "/x_owner",
)
Told: TypeAlias = tuple[Any, ...]


# The law


@st.composite
def _situations(draw: st.DrawFn) -> tuple[Declaration, list[Registered]]:
    """What is declared, and what is registered: often the same, as a server may write it."""
    world = draw(worlds())
    ignore = draw(st.lists(st.sampled_from(_POINTERS), max_size=2))
    ways = draw(st.sets(st.sampled_from(NORMALISERS)))
    settings = settings_file(ignore, sorted(ways))
    found = load_manifests(replace(snapshot_of(world.files), settings=settings))
    assume(found.manifests and found.is_valid)
    has = {(row["ml_repo"], row["name"], row["version"]): dict(row) for row in world.registered}
    if draw(st.booleans()):
        has |= _as_declared(draw, world)
    _each_alias_once(has)
    if has and draw(st.integers(0, 4)) == 0:
        left = draw(st.sampled_from(list(has.values())))
        left["version_alias"] = f"{PARKING_ALIAS}{left['version']}"
    normalise = draw(st.sampled_from((*KNOWN, _as_it_is)))
    rows = [_row(normalise(document)) for document in has.values()]
    return found, draw(st.permutations(rows))


def _as_declared(draw: st.DrawFn, world: World) -> dict[tuple[str, str, int], Document]:
    """Some of what is declared, registered: what has no version gets one, and perhaps more than one."""
    has = {}
    for number, document in enumerate(document for file in world.files for document in file):
        versions = [document["version"]] if "version" in document else [5 + number]
        if draw(st.integers(0, 3)) == 0:
            versions.append(50 + number)
        for version in versions if draw(st.integers(0, 3)) else ():
            given = {field: value for field, value in document.items() if value is not None}
            if version >= 50:
                given.pop("version_alias", None)
                given |= {"description": "other"} if draw(st.booleans()) else {}
            row = {**given, "version": version}
            has[row["ml_repo"], row["name"], version] = row
    return has


def _each_alias_once(has: dict[tuple[str, str, int], Document]) -> None:
    """Have the last version that is given an alias hold it, as the control plane does."""
    holders: dict[tuple[str, str, str], Document] = {}
    for (ml_repo, name, _), document in has.items():
        alias = document.get("version_alias")
        if alias and (former := holders.get((ml_repo, name, alias))):
            del former["version_alias"]
        if alias:
            holders[ml_repo, name, alias] = document


def _as_it_is(document: Document) -> Document:
    return document


def _row(document: Document) -> Registered:
    artifact = Artifact(document["ml_repo"], document["name"])
    version = document["version"]
    return Registered(
        f"id-{artifact}-{version}", f"artifact:{artifact}:{version}", artifact, version, document
    )


@law(40, 300, 20_000)
@given(situation=_situations(), doubted=st.sampled_from([1, 2, 1000]))
def test_a_plan_is_the_same_as_when_everything_is_looked_at(
    situation: tuple[Declaration, list[Registered]], doubted: int
) -> None:
    found, rows = situation
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_MAX_DOUBTFUL_VERSIONS", doubted)
        expected = told(found, find_drift_of_everything(found, rows))
        assert told(found, find_drift(found, rows)) == expected
        assert told(found, find_drift_by_name(found, rows)) == expected


def told(found: Declaration, looked_at: Drift) -> Told:
    """All that a plan says, or the problems that there is none for; but for which versions were held back."""
    try:
        plan = decided(found, looked_at)
    except InvalidManifestsError as error:
        return error.problems
    for lane in plan.lanes:
        seen = {row.id for row in lane.seen.versions}
        assert all(row.id in seen for row in rows_of(lane.changes))
    lanes = [(lane.artifact, lane.seen.known) for lane in plan.lanes]
    counts = (plan.unchanged, plan.others, plan.undeclared, plan.counts)
    # As text, which keeps types apart where Python's `==` does not.
    return lanes, repr(plan.changes), plan.promotions, counts


def rows_of(changes: Iterable[Change]) -> Iterator[Registered]:
    """The registered versions that changes are about."""
    return (change.registered for change in changes if change.registered is not None)


def find_drift_by_name(found: Declaration, rows: Sequence[Registered]) -> Drift:
    """Each artifact listed for itself, by a server that adds the others too."""
    declared = DeclaredArtifacts()
    declared.add(found.manifests)
    matchers = []
    for ml_repo in declared.ml_repos:
        for name in declared.list_names(ml_repo):
            matchers.append(make_matcher(found, declared, ml_repo, name))
            for row in rows:
                if row.artifact.ml_repo == ml_repo:
                    matchers[-1].take(row)
    return collect_drift(matchers, declared, rows)


# What it comes to


def unpinned(**given: Any) -> Document:
    return {field: value for field, value in manifest(**given).items() if field != "version"}


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
@pytest.mark.parametrize("described", [(), (1,), (2,), (1, 2)])
def test_a_manifest_that_fits_two_versions_is_a_conflict_whichever_is_listed_first(
    order: Sequence[int], described: Sequence[int]
) -> None:
    source = external("s3://models/scorer/1")
    found = declaration(
        unpinned(source=source, description=None), manifest(version=9, source=external("s3://other"))
    )
    rows = [
        registered(version, source=source, **({"description": "other"} if version in described else {}))
        for version in order
    ]
    plan = decided(found, find_drift(found, rows))
    (conflict,) = (change for change in plan.changes if isinstance(change, Conflict))
    assert conflict.reason == "2 registered versions have this source.uri: 1, 2"
    assert (plan.unchanged, plan.undeclared) == (0, 0)


@pytest.mark.parametrize("ignore", [[], ["/source"]])
@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_manifests_of_one_version_are_reported_in_whichever_order_they_are_read(
    order: Sequence[int], ignore: Sequence[str]
) -> None:
    """One of them names the version by its contents, so that only the registered version shows it."""
    source = external("s3://models/scorer/1")
    given = (manifest(version=5, source=external("s3://other")), unpinned(source=source))
    found = declaration(*(given[index] for index in order), ignore=ignore)
    row = registered(5, source=source)
    (problem,) = told(found, find_drift(found, [row]))
    assert problem.message.endswith(" are one registered version, fraud/scorer:5")
    assert told(found, find_drift_of_everything(found, [row])) == (problem,)


@pytest.mark.parametrize("ours", [{}, {"version_alias": None}, {"version_alias": "v-old"}])
def test_a_version_that_is_as_declared_gives_up_the_alias_that_another_manifest_declares(
    ours: Document,
) -> None:
    ignore = ["/version_alias"] if ours else []
    found = declaration(
        manifest(version=1, **ours), manifest(version=2, version_alias="v-prod"), ignore=ignore
    )
    row = registered(1, version_alias="v-prod")
    expected = told(found, find_drift_of_everything(found, [row]))
    assert told(found, find_drift(found, [row])) == expected
    assert "Update" in expected[1]


def test_versions_that_are_counted_are_known_all_the_same() -> None:
    """A manifest in conflict is told a free number, and a lane which versions there were."""
    found = declaration(manifest(version=1, source=external("s3://other")), manifest(version=7))
    rows = [registered(1), registered(7), registered(12)]
    (lane,) = decided(found, find_drift(found, rows)).lanes
    (conflict,) = lane.changes
    assert isinstance(conflict, Conflict)
    assert conflict.hint == "declare it as a new version: 13 is free"
    assert lane.seen.known == frozenset({1, 7, 12})
    assert [row.version for row in lane.seen.versions] == [1]


# What it holds


_NAME = "held-by-a-matcher"


def alive() -> int:
    """How many registered versions of the artifact are in memory."""
    gc.collect()
    return sum(isinstance(one, Registered) and one.artifact.name == _NAME for one in gc.get_objects())


@pytest.mark.parametrize("differing", [0, 20])
def test_no_document_is_held_of_what_is_as_declared(differing: int) -> None:
    """600 manifests and twice as many versions."""

    def document(version: int, **given: Any) -> Document:
        return manifest(version=version, name=_NAME, source=external(f"s3://models/{version}"), **given)

    found = declaration(*map(document, range(1, 601)))
    declared = DeclaredArtifacts()
    declared.add(found.manifests)
    matcher = make_matcher(found, declared, "fraud")
    for version in range(1, 1_201):
        fields = {"metadata": {"a": 1}} if 600 - differing < version <= 600 else {"x_owner": "red"}
        matcher.take(registered(**document(version, **fields)))
    assert alive() == differing
    matcher.finish()
    assert alive() == differing
    assert matcher.unchanged == 600 - differing
