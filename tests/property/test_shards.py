"""The law of shards: their plans, put together, are the plan of the whole, byte for byte."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from hypothesis import given, reject
from hypothesis import strategies as st

from reconciler.compare.selector import Selector, Shard
from reconciler.errors import InvalidManifestsError, SettingsError
from reconciler.manifest.load import Loading
from reconciler.model import Artifact, Registered
from reconciler.planning.describe import describe_plan
from reconciler.planning.document import PlanDocument
from reconciler.planning.merge import merge_plans
from reconciler.workflow.plan import plan
from tests.support.memory_reader import MemoryReader
from tests.support.saved_plans import as_file, saved_plan
from tests.support.scale import law
from tests.support.states import ML_REPOS, World, snapshot_of, worlds


def _reader(world: World, most: int) -> MemoryReader:
    """What is registered, at most so many versions a page; of each ML repo some that nobody declares."""
    rows: dict[str, list[Registered]] = {ml_repo: [] for ml_repo in ML_REPOS}
    others = [
        {"ml_repo": ml_repo, "name": "other", "version": version}
        for ml_repo in ML_REPOS
        for version in (1, 2)
    ]
    for row in [*others, *world.registered]:
        artifact, version = Artifact(row["ml_repo"], row["name"]), row["version"]
        rows[artifact.ml_repo].append(Registered(f"{artifact}:{version}", "fqn", artifact, version, row))
    return MemoryReader(rows, most)


@law(15, 120, 5_000)
@given(worlds(), st.data())
def test_the_shards_of_a_plan_are_together_the_whole_plan(world: World, data: st.DataObject) -> None:
    globs = data.draw(st.sampled_from([(), ("!fraud/ranker",), ("*:1", "search/*")]))
    is_waived, most = data.draw(st.tuples(st.booleans(), st.integers(2, 20)))
    numbers = data.draw(st.integers(2, 5).flatmap(lambda of: st.permutations(range(1, of + 1))))

    def planned(shard: Shard | None) -> PlanDocument:
        loading = Loading(snapshot_of(world.files))
        _, made = asyncio.run(plan(loading, _reader(world, most), Selector(globs, shard)))
        return describe_plan(made, allows_mass_change=is_waived)

    try:
        whole = planned(None)
    except (InvalidManifestsError, SettingsError):
        reject()  # there is no plan to compare with
    files = [(f"{number}", as_file(planned(Shard(number, len(numbers))))) for number in numbers]
    merged = merge_plans([(name, saved_plan(file)) for name, file in files])
    # When they were made, and what it took to look, is of the runs, not of the plan.
    took = replace(merged.scope, pages=whole.scope.pages, rows=whole.scope.rows)
    assert as_file(replace(merged, scope=took, made=whole.made)) == as_file(whole)
