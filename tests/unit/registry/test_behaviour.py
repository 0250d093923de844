"""The switches, as a command line or a URL writes them."""

from __future__ import annotations

import pytest

from reconciler.registry import Behaviour


def test_the_default_is_the_harshest_reading() -> None:
    assert Behaviour() == Behaviour(
        unknown_version="honour",
        taken_alias="refuse",
        metadata="replace",
        internal_metadata="erase",
        changed_source="refuse",
    )


def test_no_switches_are_the_default() -> None:
    assert Behaviour.from_switches({}) == Behaviour()


@pytest.mark.parametrize("name", ["taken-alias", "taken_alias"])
def test_hyphen_and_underscore_are_the_same(name: str) -> None:
    assert Behaviour.from_switches({name: "move"}) == Behaviour(taken_alias="move")


def test_every_choice_can_be_made() -> None:
    for name, values in Behaviour.list_choices().items():
        for value in values:
            assert getattr(Behaviour.from_switches({name: value}), name) == value


@pytest.mark.parametrize(
    ("switches", "message"),
    [
        (
            {"alias": "move"},
            (
                "no switch 'alias'; there are: unknown-version, taken-alias, metadata, internal-metadata,"
                " changed-source, serves, elsewhere"
            ),
        ),
        ({"taken_alias": "Move"}, "taken-alias cannot be 'Move'; it is one of: refuse, move"),
        ({"taken_alias": "move", "taken-alias": "move"}, "the switch taken-alias is given twice"),
    ],
)
def test_a_mistake_is_reported_with_what_is_allowed(switches: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=r"^") as raised:
        Behaviour.from_switches(switches)
    assert str(raised.value) == message
