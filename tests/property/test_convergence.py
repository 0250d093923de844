"""The laws of the main job, over random repositories and registries."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler import workflow
from reconciler.errors import InvalidManifestsError
from reconciler.plan.change import Conflict
from reconciler.registry import Behaviour, Store
from reconciler.report.json import plan_document
from tests.support.states import ML_REPOS, Document, Plane, repositories, snapshot_of, states

# A server that merges metadata never drops a key, so that what is declared can not be reached there.
behaviours = st.builds(
    Behaviour,
    taken_alias=st.sampled_from(["refuse", "move"]),
    internal_metadata=st.sampled_from(["keep", "erase"]),
    changed_source=st.sampled_from(["refuse", "ignore"]),
)


@settings(max_examples=300, deadline=None)
@given(files=repositories(), registered=states(), behaviour=behaviours, concurrency=st.integers(1, 4))
def test_after_an_apply_nothing_is_left_to_do_and_nothing_is_sent(
    files: Sequence[Sequence[Document]],
    registered: Sequence[Document],
    behaviour: Behaviour,
    concurrency: int,
) -> None:
    with Store() as store:
        plane = Plane(store, behaviour, registered)
        snapshot = snapshot_of(files)
        declaration = workflow.validate(snapshot)
        if not declaration.manifests or not declaration.is_valid:
            return
        try:
            first = asyncio.run(plane.plan(declaration, snapshot))
        except InvalidManifestsError:
            return  # two manifests turned out to be one registered version
        outcomes = asyncio.run(plane.apply(first, concurrency))
        second = asyncio.run(plane.plan(declaration, snapshot))
        blocked = {change.artifact for change in first.changes if isinstance(change, Conflict)}
        assert [outcome for outcome in outcomes if outcome.result in {"failed", "unknown"}] == []
        assert {change.artifact for change in second.changes} <= blocked
        writes = plane.writes
        asyncio.run(plane.apply(second, concurrency))
        assert plane.writes == writes


@settings(max_examples=100, deadline=None)
@given(files=repositories(), registered=states(), data=st.data())
def test_the_order_of_files_and_documents_makes_no_difference(
    files: Sequence[Sequence[Document]], registered: Sequence[Document], data: st.DataObject
) -> None:
    with Store() as store:
        plane = Plane(store, Behaviour(), registered)
        snapshot = snapshot_of(files)
        shuffled = snapshot_of(files, order=data.draw(st.permutations(range(len(files)))))
        declarations = workflow.validate(snapshot), workflow.validate(shuffled)
        assert declarations[0] == declarations[1]
        if not declarations[0].is_valid:
            return
        try:
            plans = [
                asyncio.run(plane.plan(d, s)) for d, s in zip(declarations, (snapshot, shuffled), strict=True)
            ]
        except InvalidManifestsError:
            return
        assert plan_document(plans[0]) == plan_document(plans[1])


@settings(max_examples=100, deadline=None)
@given(files=repositories(), registered=states(), behaviour=behaviours)
def test_what_is_not_declared_stays_as_it_is(
    files: Sequence[Sequence[Document]], registered: Sequence[Document], behaviour: Behaviour
) -> None:
    with Store() as store:
        plane = Plane(store, behaviour, registered)
        snapshot = snapshot_of(files)
        declaration = workflow.validate(snapshot)
        if not declaration.manifests or not declaration.is_valid:
            return
        try:
            plan = asyncio.run(plane.plan(declaration, snapshot))
        except InvalidManifestsError:
            return
        before = plane.registered(*ML_REPOS)
        asyncio.run(plane.apply(plan, 4))
        after = plane.registered(*ML_REPOS)
        declared = {(c.artifact.ml_repo, c.artifact.name, c.version) for c in plan.changes}
        for identity, manifest in before.items():
            if identity not in declared:
                assert after[identity] == manifest
            else:
                internal = manifest["metadata"].get(".truefoundry")
                assert after[identity]["metadata"].get(".truefoundry") == internal
