"""The law of ownership, over random histories: deleted is what git declared once and does no longer."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from reconciler.compare.selector import Selector, Shard
from reconciler.errors import InvalidManifestsError, SettingsError, SourceError
from reconciler.manifest.load import Loading
from reconciler.manifest.memory import Memory
from reconciler.model import Artifact, Document, Registered
from reconciler.planning.change import Plan
from reconciler.planning.orphans import Aliased, Orphans, Pruning
from reconciler.workflow import recollection
from reconciler.workflow.plan import plan
from reconciler.workflow.read import Selection, find_ownership, read_committed
from tests.support.histories import (
    ALIASES,
    ML_REPOS,
    NAMES,
    SETTINGS_FILE,
    Commit,
    Manifest,
    first_parent_line,
    history,
    reached,
    stored,
)
from tests.support.memory_reader import MemoryReader
from tests.support.scale import law

GLOBS = ((), ("fraud/*",), ("!*:2",), ("!*@v-prod",), ("search/scorer", "*:1"))


@dataclass(frozen=True, slots=True)
class Case:
    """A history, the commit that is applied, further ones that are ours, and what is registered."""

    commits: list[Commit]
    head: int
    others: list[int]
    rows: list[Registered]

    @property
    def lines(self) -> set[int]:
        """The commits that count."""
        heads = (self.head, *self.others)
        return {number for head in heads for number in first_parent_line(self.commits, head)}

    def registered(self) -> dict[str, list[Registered]]:
        """What is registered, by ML repo."""
        return {name: [row for row in self.rows if row.artifact.ml_repo == name] for name in ML_REPOS}

    def passing(self, since: int) -> set[str]:
        """The ids of what commits after another one alone declared, and nothing does now."""
        branch = reached(self.commits, self.head) - reached(self.commits, since)
        own = [number for number in branch if len(self.commits[number].parents) < 2]
        turns = [number for number in own if self._turns(number)]
        ways = [self.commits[number].are_read for number in (since, self.head, *turns)]
        put = (self._put(number, lambda path: any(way(path) for way in ways)) for number in own)
        turned = (self.commits[n].manifests() for n in turns if self.commits[n].are_read != ways[0])
        aside = [*chain.from_iterable(put), *chain.from_iterable(turned)]
        lines = {n for head in (since, *self.others) for n in first_parent_line(self.commits, head)}
        before = [each for number in lines for each in self.commits[number].manifests()]
        now = [each for head in (self.head, *self.others) for each in self.commits[head].manifests()]
        return {
            row.id
            for row in self.rows
            if any(_owns(manifest, row) for manifest in aside)
            and not any(_owns(manifest, row) for manifest in before)
            and not any(_fits(manifest, row) for manifest in now)
        }

    def _put(self, number: int, are_read: Callable[[str], bool]) -> Iterator[Manifest]:
        """What is in the files that a commit has changed, or added."""
        commit = self.commits[number]
        earlier = self.commits[commit.parents[0]].tree if commit.parents else {}
        changed = {path: content for path, content in commit.tree.items() if content != earlier.get(path)}
        return Commit(commit.parents, changed).manifests(are_read)

    def _turns(self, number: int) -> bool:
        """Whether a commit has changed the settings."""
        settings, *earlier = (
            self.commits[each].tree.get(SETTINGS_FILE) for each in (number, *self.commits[number].parents)
        )
        return settings != (earlier[0] if earlier else None)

    def owned(self, are_read: Callable[[str], bool] | None = None) -> set[str]:
        """The ids of what the history declared once and the commit does not, by settings of another time."""
        now = [each for head in (self.head, *self.others) for each in self.commits[head].manifests()]
        once = [each for number in self.lines for each in self.commits[number].manifests(are_read)]
        return {
            row.id
            for row in self.rows
            if any(_owns(manifest, row) for manifest in once)
            and not any(_fits(manifest, row) for manifest in now)
        }


def _names(manifest: Manifest, row: Registered) -> bool:
    if manifest[:2] != (row.artifact.ml_repo, row.artifact.name):
        return False
    if manifest.version is not None:
        return manifest.version == row.version
    return manifest.uri == row.uri and manifest.alias in {None, row.alias}


def _owns(manifest: Manifest, row: Registered) -> bool:
    return _names(manifest, row) and manifest.uri == row.uri


def _fits(manifest: Manifest, row: Registered) -> bool:
    if manifest[:2] != (row.artifact.ml_repo, row.artifact.name):
        return False
    if manifest.version is not None:
        return manifest.version == row.version
    return manifest.alias == row.alias if manifest.alias else manifest.uri == row.uri


def case(draw: random.Random) -> Case:
    commits = history(draw)
    rows = []
    for ml_repo in ML_REPOS:
        for name in NAMES:
            aliases = draw.sample((*ALIASES, *[None] * 4), 6)
            for version, alias in enumerate(aliases[: draw.randint(0, 6)], start=1):
                once = [
                    m.uri for each in commits for m in each.manifests() if m[:3] == (ml_repo, name, version)
                ]
                uri = draw.choice([*once * 6, f"s3://models/{draw.randint(1, 3)}"])
                document: Document = {
                    "type": "artifact-version", "ml_repo": ml_repo, "name": name, "version": version,
                    "version_alias": alias, "source": {"type": "external", "uri": uri}, "metadata": {},
                }  # fmt: skip
                label = f"{ml_repo}/{name}:{version}"
                rows.append(Registered(label, label, Artifact(ml_repo, name), version, document))
    head = len(commits) - draw.choice((1, 1, 1, 2, 4))
    return Case(commits, head, draw.sample(range(len(commits)), draw.choice((0, 0, 0, 0, 1))), rows)


@law(15, 1_000, 5_000)
@given(
    seed=st.integers(0, 2**32),
    globs=st.sampled_from(GLOBS),
    shard=st.sampled_from([None, Shard(1, 2), Shard(2, 2)]),
    most=st.integers(2, 30),
)
def test_deleted_is_what_git_declared_once_and_does_no_longer(
    seed: int, globs: tuple[str, ...], shard: Shard | None, most: int
) -> None:
    made, selector = case(random.Random(seed)), Selector(globs, shard)  # noqa: S311  no secret
    with tempfile.TemporaryDirectory() as folder:
        repository, ids = stored(Path(folder) / "team", made.commits)
        selection = Selection([repository.folder], ids[made.head])
        reader = MemoryReader(made.registered(), most)
        try:
            with read_committed(selection) as snapshot:
                ownership = partial(
                    find_ownership, selection, snapshot, [ids[other] for other in made.others]
                )
                _, planned = asyncio.run(plan(Loading(snapshot), reader, selector, ownership, Pruning.ALL))
                _, told = asyncio.run(plan(Loading(snapshot), reader, selector, ownership))
        except (InvalidManifestsError, SettingsError, SourceError):
            reject()  # there is no plan of this commit
    owned = [row for row in made.rows if row.id in made.owned()]
    expected = {row.id for row in owned if _selects(selector, row)}
    assert {change.registered.id for change in planned.deletes} == expected
    others = [row for row in owned if row.id not in expected]
    assert told.scope.orphans_not_selected <= sum(selector.is_in_shard(row.artifact) for row in others)
    if share := told.share:
        whole = {name for name, extent in share.extents.items() if extent.listed == extent.versions}
        listed = [row for row in others if row.artifact.ml_repo in whole]
        assert told.scope.orphans_not_selected >= sum(share.shard.includes(row.artifact) for row in listed)
    assert told.orphans == Orphans(tuple(change.orphan for change in planned.deletes))
    _check_removals(planned, made, ids)


@law(15, 1_000, 5_000)
@given(seed=st.integers(0, 2**32), globs=st.sampled_from(GLOBS))
def test_warned_is_of_what_the_commits_of_a_branch_alone_declared_and_it_does_not(
    seed: int, globs: tuple[str, ...]
) -> None:
    draw = random.Random(seed)  # noqa: S311  no secret
    made, selector = case(draw), Selector(globs)
    since = draw.choice(sorted(reached(made.commits, made.head)))
    with tempfile.TemporaryDirectory() as folder:
        repository, ids = stored(Path(folder) / "team", made.commits)
        selection = Selection([repository.folder], ids[made.head])
        reader = MemoryReader(made.registered())
        others = [ids[other] for other in made.others]
        try:
            with read_committed(selection) as snapshot:
                ownership = partial(find_ownership, selection, snapshot, others, ids[since])
                _, told = asyncio.run(plan(Loading(snapshot), reader, selector, ownership))
        except (InvalidManifestsError, SettingsError, SourceError):
            reject()  # there is no plan of this commit
    if told.orphans.unknown:
        reject()
    passing = made.passing(since)
    assert {row.id for row in told.passing} == {
        row.id for row in made.rows if row.id in passing and _selects(selector, row)
    }


def _selects(selector: Selector, row: Registered) -> bool:
    is_left_out = row.alias and selector.leaves_out(Aliased(row.artifact, row.alias))
    return selector(row) and not is_left_out


@law(6, 100, 2_000)
@given(seed=st.integers(0, 2**32))
def test_history_that_is_remembered_shows_what_it_showed(seed: int) -> None:
    draw = random.Random(seed)  # noqa: S311  no secret
    made = case(draw)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patched:
        patched.setattr(recollection, "LEAST", 0)
        repository, ids = stored(Path(folder) / "team", made.commits)
        for _ in range(4):
            now = replace(made, rows=[row for row in made.rows if draw.random() < 0.8])
            selection = Selection([repository.folder], ids[draw.choice((made.head, -1))])
            others = [ids[other] for other in made.others]
            memories = (None, *(Memory(Path(folder) / "cache", "team", "1.0") for _ in range(2)))
            try:
                told = [_planned(now, selection, others, memory) for memory in memories]
            except (InvalidManifestsError, SettingsError, SourceError):
                continue  # there is no plan of this commit
            assert told == told[:1] * 3


def _planned(made: Case, selection: Selection, others: list[str], memory: Memory | None) -> Orphans:
    with read_committed(selection) as snapshot:
        ownership = partial(find_ownership, selection, snapshot, others)
        reader = MemoryReader(made.registered())
        return asyncio.run(plan(Loading(snapshot, memory), reader, ownership=ownership))[1].orphans


def _check_removals(planned: Plan, made: Case, ids: list[str]) -> None:
    """What is said to have removed a manifest is a commit that did."""
    for change in planned.deletes:
        removal = change.orphan.removal
        assert removal
        commit = made.commits[ids.index(removal.commit)]
        assert ids.index(removal.commit) in made.lines
        assert not any(_names(manifest, change.registered) for manifest in commit.manifests())
        assert any(_names(m, change.registered) for m in made.commits[commit.parents[0]].manifests())
        assert removal.author == "Ada Example"
        assert str(removal.date).startswith("2027-01-15T08:")


def test_the_law_meets_what_it_is_about() -> None:
    cases = list(map(case, map(random.Random, range(200))))
    found = [made.owned() for made in cases]
    assert sum(map(bool, found)) > 80
    assert sum(map(len, found)) > 150
    now = [made.owned(made.commits[made.head].are_read) for made in cases]
    assert sum(one != other for one, other in zip(found, now, strict=True)) > 20
    alone = [replace(made, others=[]).owned() for made in cases]
    assert sum(one != other for one, other in zip(found, alone, strict=True)) > 10
    passing = [made.passing(min(reached(made.commits, made.head))) for made in cases]
    assert sum(map(bool, passing)) > 50
    octopuses = [len(c.parents) > 2 for made in cases for c in made.commits]
    assert sum(octopuses) > 100
