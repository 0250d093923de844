"""What commits did, written down and read again: the same, or no record at all."""

from __future__ import annotations

import json
from typing import Any

import pytest

from reconciler.source.history.record import Record, Step

COMMITS = ["c2", "c1"]
NAMES = ["1.yaml", "2.json"]
STEPS = [[0, 1], [1, -1], [0, 1]]


def test_what_is_written_down_is_read_again() -> None:
    record = Record.decode([COMMITS, NAMES, STEPS, [[0, 0, -1]]])
    again = Record.decode(json.loads(json.dumps(record.encode())))
    assert list(again.iterate_steps()) == [Step(0, 1, 0), Step(0, 0, -1), Step(1, -1, 1)]
    assert again.encode() == record.encode()
    assert (again.commits, again.numbers) == (COMMITS, {b"1.yaml": 0, b"2.json": 1})


@pytest.mark.parametrize(
    "told",
    [
        {},
        [],
        ["c", "n", "s", "t", "more"],
        [COMMITS, NAMES, [[0], [1]], []],
        [COMMITS, NAMES, [[0], [1], [2]], []],
        [COMMITS, NAMES, [[2], [1], [0]], []],
        [COMMITS, NAMES, [[0], [-2], [0]], []],
        [COMMITS, NAMES, [[0], [2**40], [0]], []],
        [COMMITS, NAMES, [["0"], [1], [0]], []],
        [COMMITS, NAMES, STEPS, [[0, 7, 0]]],
        [COMMITS, NAMES, STEPS, [[0]]],
        [COMMITS, [1, 2], STEPS, []],
        [COMMITS, ["1.yaml", "1.yaml"], STEPS, []],
        [[1, 2], NAMES, STEPS, []],
    ],
)
def test_what_is_no_record_is_none(told: Any) -> None:
    with pytest.raises(ValueError, match=r"^"):
        Record.decode(told)
