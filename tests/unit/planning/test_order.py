"""In which order a lane writes."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model import PARKING_ALIAS, Registered
from reconciler.planning.change import Change, Conflict, Create, Update
from reconciler.planning.order import Write, order_changes, order_writes
from tests.support.builders import LEFT_OUT, creation, declared, external, registered


def update(version: int, before: str | None = None, after: str | None = None, **fields: Any) -> Update:
    """An update that moves a version from one alias to another."""
    has = registered(version, version_alias=before)
    return Update(declared(version=version), has, {**has.document, "version_alias": after, **fields})


def create(version: int | None, alias: str | None = None) -> Create:
    given_fields: dict[str, Any] = {
        "version": LEFT_OUT if version is None else version,
        "version_alias": alias or LEFT_OUT,
    }
    asked = declared(**given_fields)
    return creation(asked)


def told(writes: tuple[Write, ...]) -> list[str]:
    """The writes as `version alias`, a parking one in brackets."""
    return [
        f"{write.document.get('version', 'new')} {write.document.get('version_alias') or 'none'}".replace(
            PARKING_ALIAS, "parked-"
        )
        + ("" if write.is_last else " ...")
        for write in writes
    ]


def test_updates_come_before_creates_and_creates_by_rising_version() -> None:
    writes = order_writes(
        [create(None, "v-z"), create(10), create(None, "v-a"), update(2), create(9), update(1)]
    )
    assert told(writes) == ["1 none", "2 none", "9 none", "10 none", "new v-a", "new v-z"]


def test_versions_of_contents_only_are_created_in_order_of_their_uri() -> None:
    asked = [declared(version=LEFT_OUT, source=external(f"s3://{letter}")) for letter in "cab"]
    writes = order_writes([creation(one) for one in asked])
    assert [write.change.label for write in writes] == [f"fraud/scorer (s3://{letter})" for letter in "abc"]


def test_an_alias_is_given_up_before_it_is_taken() -> None:
    assert told(order_writes([update(1, None, "v-a"), update(2, "v-a", None)])) == ["2 none", "1 v-a"]


def test_an_alias_is_given_up_before_a_new_version_takes_it() -> None:
    assert told(order_writes([create(2, "v-a"), update(1, "v-a", None)])) == ["1 none", "2 v-a"]


def test_a_chain_is_followed_from_its_free_end() -> None:
    chain = [update(1, "v-a", "v-b"), update(2, "v-b", "v-c"), update(3, "v-c", "v-d")]
    assert told(order_writes(chain)) == ["3 v-d", "2 v-c", "1 v-b"]


def test_a_swap_goes_over_a_temporary_alias() -> None:
    assert told(order_writes([update(1, "v-a", "v-b"), update(2, "v-b", "v-a")])) == [
        "1 parked-1 ...",
        "2 v-a",
        "1 v-b",
    ]


def test_a_ring_of_three_parks_one() -> None:
    ring = [update(1, "v-a", "v-b"), update(2, "v-b", "v-c"), update(3, "v-c", "v-a")]
    assert told(order_writes(ring)) == ["1 parked-1 ...", "3 v-a", "2 v-c", "1 v-b"]


def test_two_rings_park_one_each() -> None:
    rings = [
        update(1, "v-a", "v-b"),
        update(2, "v-b", "v-a"),
        update(3, "v-c", "v-d"),
        update(4, "v-d", "v-c"),
    ]
    assert [line for line in told(order_writes(rings)) if "..." in line] == [
        "1 parked-1 ...",
        "3 parked-3 ...",
    ]


def test_a_parking_write_brings_everything_but_the_alias() -> None:
    first, _, last = order_writes([update(1, "v-a", "v-b", description="new"), update(2, "v-b", "v-a")])
    assert {**first.document, "version_alias": "v-b"} == last.document
    assert first.change is last.change


def test_a_parking_alias_is_one_that_the_control_plane_takes() -> None:
    asked = declared(version_alias=f"{PARKING_ALIAS}{2**31 - 1}")
    assert asked.alias is not None
    assert asked.alias.startswith("v")
    assert len(asked.alias) <= 128


def test_conflicts_come_first_and_are_never_written() -> None:
    has = registered(1)
    conflicts = [
        Conflict(declared(version=version), has, has.document, "reason", "hint") for version in (1, 1)
    ]
    listed: list[Change] = [create(3), update(2), *conflicts]
    assert [change.action for change in order_changes(listed)] == ["conflict", "conflict", "update", "create"]
    assert [write.change.action for write in order_writes(listed)] == ["update", "create"]


def test_every_change_is_ordered_once_though_parked() -> None:
    swap = [update(1, "v-a", "v-b"), update(2, "v-b", "v-a")]
    assert [change.version for change in order_changes(swap)] == [2, 1]


class Server:
    """A control plane that refuses an alias which another version holds."""

    def __init__(self, versions: list[Registered]) -> None:
        self.aliases = {version.version: version.alias for version in versions}

    def put(self, version: int, alias: str | None) -> None:
        """Have a version hold an alias."""
        assert alias is None or alias not in {
            held for holder, held in self.aliases.items() if holder != version
        }, f"{alias} is taken"
        self.aliases[version] = alias


ALIASES = ["v-a", "v-b", "v-c", "v-d", "v-e"]


@st.composite
def alias_maps(draw: st.DrawFn) -> tuple[dict[int, str | None], dict[int, str | None]]:
    """Which alias each of some versions has, and which it is to have; each alias once on either side."""

    def drawn(count: int) -> dict[int, str | None]:
        slots: list[str | None] = [*ALIASES, *[None] * count]
        return dict(enumerate(draw(st.permutations(slots))[:count], start=1))

    count = draw(st.integers(1, 6))
    return drawn(count), drawn(count)


@given(alias_maps(), st.integers(0, 6), st.randoms(use_true_random=False))
def test_no_write_ever_meets_a_taken_alias(
    maps: tuple[dict[int, str | None], dict[int, str | None]], old: int, random: Any
) -> None:
    """The versions up to `old` are registered and updated, those beyond it are created."""
    before, after = maps
    has = [registered(version, version_alias=alias) for version, alias in before.items() if version <= old]
    changes: list[Update | Create] = [
        Update(declared(version=one.version), one, {**one.document, "version_alias": after[one.version]})
        for one in has
    ]
    changes += [create(version, alias) for version, alias in after.items() if version > old]
    random.shuffle(changes)
    server = Server(has)
    done = []
    for write in order_writes(changes):
        version, alias = write.document["version"], write.document.get("version_alias")
        assert isinstance(version, int)
        assert alias is None or isinstance(alias, str)
        server.put(version, alias)
        if write.is_last:
            done.append(version)
    assert server.aliases == after
    assert sorted(done) == sorted(after)


@given(alias_maps(), st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_the_order_of_the_changes(
    maps: tuple[dict[int, str | None], dict[int, str | None]], random: Any
) -> None:
    before, after = maps
    changes = [update(version, before[version], after[version]) for version in before]
    shuffled = list(changes)
    random.shuffle(shuffled)
    assert order_writes(shuffled) == order_writes(changes)


@pytest.mark.parametrize("changes", [[], [update(1)], [create(1)]])
def test_a_lane_without_aliases_writes_each_change_once(changes: list[Update | Create]) -> None:
    assert [write.change for write in order_writes(changes)] == changes
