"""Ids are kept in few bytes, and are given back as they were."""

from __future__ import annotations

import pytest

from reconciler.source.ids import Ids

SOME = ["0" * 40, "f" * 40, "0123456789abcdef0123456789abcdef01234567"]


def test_they_are_a_sequence() -> None:
    ids = Ids()
    assert list(ids) == []
    for oid in SOME:
        ids.append(oid)
    assert (list(ids), len(ids)) == (SOME, 3)
    assert [ids[index] for index in (0, 2, -1)] == [SOME[0], SOME[2], SOME[2]]
    for index in (3, -4):
        with pytest.raises(IndexError):
            ids[index]


@pytest.mark.parametrize("wrong", ["", "0" * 64, "no id"])
def test_what_is_none_or_of_another_length_is_refused(wrong: str) -> None:
    ids = Ids()
    ids.append(SOME[0])
    with pytest.raises(ValueError):  # noqa: PT011  each has a message of its own
        ids.append(wrong)
    assert list(ids) == SOME[:1]
